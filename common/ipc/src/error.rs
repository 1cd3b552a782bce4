//! What can go wrong with a conversation.

use std::fmt;
use std::io;

/// Four kinds: the peer left, was late, spoke nonsense, or the system refused.
#[derive(Debug)]
pub enum Error {
    /// The peer closed the connection, or is not there.
    Closed,
    /// The peer did not answer in time.
    Timeout,
    /// What arrived is not of this conversation; the text says what was wrong.
    Malformed(&'static str),
    /// The system refused an operation.
    Io(io::Error),
}

impl Error {
    /// Whether a new connection may help.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

impl From<io::Error> for Error {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the list of kinds is open; the rest is the system's refusal"
    )]
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Timeout,
            io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::NotFound
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("connection closed by the server"),
            Self::Timeout => f.write_str("timed out"),
            Self::Malformed(what) => write!(f, "malformed message: {what}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
