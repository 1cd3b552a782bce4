//! smtpd(8): receives mail over SMTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::conversations::<smtpd::server::Smtpd>()
}
