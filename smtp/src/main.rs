//! smtp(8), lmtp(8): send mail over the network.

use std::process::ExitCode;

fn main() -> ExitCode {
    delivery::run::<smtp::agent::Smtp>()
}
