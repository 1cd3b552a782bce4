//! How serious a log line is.

use syslog::Severity;

/// The levels of the reference, each with its prefix in the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Normal events; no prefix.
    Info,
    /// `warning: `
    Warning,
    /// `error: `
    Error,
    /// `fatal: `
    Fatal,
    /// `panic: `
    Panic,
}

impl Level {
    /// What stands before the text.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Info => "",
            Self::Warning => "warning: ",
            Self::Error => "error: ",
            Self::Fatal => "fatal: ",
            Self::Panic => "panic: ",
        }
    }

    /// The severity in the number that starts a syslog packet.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::LOG_INFO,
            Self::Warning => Severity::LOG_WARNING,
            Self::Error => Severity::LOG_ERR,
            Self::Fatal | Self::Panic => Severity::LOG_CRIT,
        }
    }
}
