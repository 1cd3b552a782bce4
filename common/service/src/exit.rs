//! Why a daemon cannot start, or cannot go on.

use std::fmt;
use std::process::ExitCode;

use config::Explained;

/// Ends the process with a `fatal:` line; master starts another, later if this one served nobody. No mail is lost by
/// it: what was not finished is done again.
#[derive(Debug)]
pub struct Fatal(Box<Explained>);

impl Fatal {
    /// With the text of the log line.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Box::new(text.into().into()))
    }

    /// An operation of the system that failed: `what: reason`.
    #[must_use]
    pub fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::new(format!("{what}: {}", sys::reason(error)))
    }

    /// Log it, and give the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        maillog::fatal!("{self}");
        self.0.tell();
        ExitCode::FAILURE
    }

    /// Log it and end the process from the middle of a loop.
    #[allow(
        clippy::exit,
        reason = "a daemon that cannot go on leaves at once; master starts another"
    )]
    pub fn leave(&self) -> ! {
        maillog::fatal!("{self}");
        self.0.tell();
        std::process::exit(1)
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fatal {}

impl From<Explained> for Fatal {
    fn from(what: Explained) -> Self {
        Self(Box::new(what))
    }
}

impl From<config::Error> for Fatal {
    fn from(error: config::Error) -> Self {
        Self(Box::new(error.into()))
    }
}
