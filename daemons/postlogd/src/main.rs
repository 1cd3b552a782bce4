//! postlogd(8): writes the log lines of all programs to `maillog_file`, or to standard output.
//!
//! Takes one line in each datagram on its socket. The file is opened once, with rights and outside the jail; after
//! `postfix logrotate` or a reload a fresh process opens it anew. Never opens a file outside of `maillog_file_prefixes`.
//! Logs nothing itself but why it cannot start.

mod log_file;

use std::process::ExitCode;
use std::time::Duration;

use config::params::core::Logging;
use log_file::LogFile;
use service::{Datagrams, Fatal, Start};

fn main() -> ExitCode {
    service::datagrams::<Postlogd>()
}

struct Postlogd(LogFile);

impl Datagrams for Postlogd {
    const NAME: &'static str = "postlogd";

    fn open(start: &Start) -> Result<Self, Fatal> {
        let Some((path, mode)) = config::maillog_file(&start.settings)? else {
            return Err(Fatal::new(
                "maillog_file is empty, but the postlog service is asked to write it",
            ));
        };
        let file = LogFile::open(&path, mode)
            .map_err(|error| Fatal::io(format_args!("open logfile {}", path.display()), &error))?;
        Ok(Self(file))
    }

    fn watchdog(start: &Start) -> Result<Duration, Fatal> {
        let logging: Logging = start.settings.get()?;
        Ok(logging.postlogd_watchdog_timeout)
    }

    async fn packet(&mut self, bytes: &[u8]) {
        if let Err(error) = self.0.append(bytes) {
            // The lines are lost otherwise; a fresh process may be luckier.
            Fatal::io("write to maillog_file", &error).leave();
        }
    }
}
