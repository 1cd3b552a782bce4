//! flush(8): remembers which mail waits for which site, and has it delivered when asked.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::conversations::<flush::Flush>()
}
