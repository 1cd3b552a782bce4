//! master(8): starts, watches and restarts every daemon; owns the listening sockets.

use std::process::ExitCode;

fn main() -> ExitCode {
    master::run()
}
