//! Why a command ends without having done its work.

use std::fmt;
use std::process::ExitCode;

use config::Explained;
use config::help::Help;

/// Text for the log and the person before it, and the exit status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fatal {
    what: Explained,
    status: u8,
}

impl Fatal {
    /// With exit status 1.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self::with_status(1, text)
    }

    /// With one of the exit statuses of sysexits.h.
    #[must_use]
    pub fn with_status(status: u8, text: impl Into<String>) -> Self {
        Self {
            what: Explained::from(text.into()),
            status,
        }
    }

    /// With lines of help, which follow on a terminal.
    #[must_use]
    pub fn with_help(mut self, help: Help) -> Self {
        self.what.help = Some(Box::new(help));
        self
    }

    /// An operation of the system that failed: `what: reason`.
    #[must_use]
    pub fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::new(format!("{what}: {}", sys::reason(error)))
    }

    /// Log it, and give the exit status.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        maillog::fatal!("{self}");
        self.what.tell();
        ExitCode::from(self.status)
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt(f)
    }
}

impl std::error::Error for Fatal {}

impl From<config::Error> for Fatal {
    fn from(error: config::Error) -> Self {
        Self {
            what: error.into(),
            status: 1,
        }
    }
}
