//! The log of this program, which a person sees on a terminal.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use config::Settings;
use maillog::{Destination, Options};

const SYSLOG: &str = "/dev/log";

/// Before the settings are known.
pub(crate) fn open_early() {
    maillog::open(Options {
        tag: "postfix/postmulti".to_owned(),
        shown: "postmulti".to_owned(),
        destination: Destination::Syslog {
            socket: PathBuf::from(SYSLOG),
            facility: "mail".to_owned(),
        },
        to_stderr: on_screen(),
    });
}

/// Where main.cf says, under the name of this program or of the reference's script.
pub(crate) fn open(settings: &Settings, name: &str) -> Result<(), config::Error> {
    config::open_log(settings, name, on_screen())
}

/// Somebody watches, or nobody else would hear.
fn on_screen() -> bool {
    std::io::stderr().is_terminal() || !Path::new(SYSLOG).exists()
}
