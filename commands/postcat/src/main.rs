//! postcat(1)

use std::process::ExitCode;

fn main() -> ExitCode {
    postcat::run()
}
