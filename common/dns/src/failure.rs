//! Why a lookup gave no records. `Display` is the text that log lines and bounce messages carry.

use std::fmt;

use crate::message::Kind;

/// A lookup without result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The name that was asked for.
    pub name: String,
    /// The type that was asked for.
    pub kind: Kind,
    /// What happened.
    pub why: Why,
}

/// What happened, and with it what to do: only [`Why::Temporary`] is worth another try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// The name does not exist.
    NotFound,
    /// The name exists, without records of the type.
    NoData,
    /// The domain says that it takes no mail (RFC 7505).
    NullMx,
    /// No server gave an answer.
    Temporary,
    /// The server refuses for good, or its answer is none.
    NoRecovery,
    /// The name is no host name, or the answer has only invalid names.
    Invalid,
}

impl Failure {
    pub(crate) fn new(name: &str, kind: Kind, why: Why) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            why,
        }
    }

    /// Whether another try may succeed.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self.why, Why::Temporary)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, kind, .. } = self;
        let reason = match self.why {
            Why::NullMx => return write!(f, "Domain {name} does not accept mail (nullMX)"),
            Why::Invalid => {
                return write!(
                    f,
                    "Name service error for {name}: invalid host or domain name"
                );
            }
            Why::NotFound => "Host not found",
            Why::NoData => "Host found but no data record of requested type",
            Why::Temporary => "Host not found, try again",
            Why::NoRecovery => "Malformed or unexpected name server reply",
        };
        write!(
            f,
            "Host or domain name not found. Name service error for name={name} type={kind}: {reason}"
        )
    }
}

impl std::error::Error for Failure {}
