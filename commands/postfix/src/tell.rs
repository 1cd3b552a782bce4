//! Where the lines of postfix(1) go: to the log, to the person at a terminal, and to standard error where nothing else listens.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::path::Path;

use command::Fatal;
use config::Settings;
use config::params::core::Logging;
use maillog::{Destination, Options};

const SYSLOG: &str = "/dev/log";

/// Before main.cf is read: what is wrong with it must be found somewhere.
pub(crate) fn open_early() {
    maillog::open(Options {
        tag: "postfix/postfix".to_owned(),
        shown: "postfix".to_owned(),
        destination: Destination::Syslog {
            socket: SYSLOG.into(),
            facility: "mail".to_owned(),
        },
        to_stderr: is_watched() || !Path::new(SYSLOG).exists(),
    });
}

/// As main.cf says, under the name of one of the reference's scripts.
pub(crate) fn open(settings: &Settings, process: &str) -> Result<(), config::Error> {
    let logging: Logging = settings.get()?;
    if config::is_for_stderr(settings) {
        let tag = format!("{}/{process}", logging.syslog_name);
        return config::open_log_as(settings, process, Some(tag));
    }
    config::open_log(settings, process, false)
}

/// A line of what the command is asked to print.
pub(crate) fn print(line: fmt::Arguments<'_>) -> Result<(), Fatal> {
    writeln!(std::io::stdout(), "{line}").map_err(|error| Fatal::io("standard output", &error))
}

/// Whether a person sees what is written to standard error.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Help beneath the line before; for people only.
pub(crate) fn help(line: &str) {
    if is_watched() {
        eprintln!("    {line}");
    }
}
