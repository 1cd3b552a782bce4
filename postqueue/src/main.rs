//! postqueue(1): lists the mail queue, and asks for delivery now.

use std::process::ExitCode;

fn main() -> ExitCode {
    postqueue::run()
}
