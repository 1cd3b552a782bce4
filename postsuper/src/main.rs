//! postsuper(1)

use std::process::ExitCode;

fn main() -> ExitCode {
    postsuper::run()
}
