//! Why a command ends without having done its work.

use std::fmt;
use std::process::ExitCode;

/// Text for the log and the person before it, and the exit status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fatal {
    text: String,
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
            text: text.into(),
            status,
        }
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
        ExitCode::from(self.status)
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Fatal {}

impl From<config::Error> for Fatal {
    fn from(error: config::Error) -> Self {
        Self::new(error.to_string())
    }
}
