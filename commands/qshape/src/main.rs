//! qshape(1)

use std::process::ExitCode;

fn main() -> ExitCode {
    qshape::run()
}
