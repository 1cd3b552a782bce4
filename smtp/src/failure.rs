//! Why mail did not get through, with the status and the text that log lines and bounce messages carry.
//!
//! A failure of class 4 is worth another server or another time; class 5 is final.

use std::fmt;

use mail::DsnStatus;
use mail::outcome::Dsn;
use net::StreamError;

use crate::phase::Phase;
use crate::reply::Reply;

/// Why a recipient, or all of them, did not get the mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The status code.
    pub status: DsnStatus,
    /// The whole reason.
    pub text: String,
    /// The server's host name and its own words, when it spoke.
    pub said: Option<Said>,
    /// Whether the queue file is to blame.
    pub damaged: bool,
}

/// A server and what it said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// The server's host name.
    pub host: String,
    /// Its reply in one line.
    pub reply: String,
}

impl Failure {
    /// A failure that no server's reply caused.
    #[must_use]
    pub const fn new(status: DsnStatus, text: String) -> Self {
        Self {
            status,
            text,
            said: None,
            damaged: false,
        }
    }

    /// A reply that refuses a command; `peer` is `host[address]`.
    #[must_use]
    pub fn refused(peer: &str, host: &str, reply: &Reply, phase: Phase) -> Self {
        let words = reply.text();
        let unexpected = !matches!(reply.class(), 4 | 5);
        let prefix = if unexpected && phase != Phase::EndOfData {
            "Protocol error: "
        } else {
            ""
        };
        let status = if unexpected {
            DsnStatus::new(5, 5, 0)
        } else {
            reply.status()
        };
        Self {
            status,
            text: format!(
                "{prefix}host {peer} said: {words} (in reply to {})",
                phase.command()
            ),
            said: Some(Said {
                host: host.to_owned(),
                reply: words,
            }),
            damaged: false,
        }
    }

    /// A greeting or hello that sends us away.
    #[must_use]
    pub fn turned_away(peer: &str, host: &str, reply: &Reply, skip: bool) -> Self {
        let words = reply.text();
        let status = reply.status();
        Self {
            status: if skip { status.with_class(4) } else { status },
            text: format!("host {peer} refused to talk to me: {words}"),
            said: Some(Said {
                host: host.to_owned(),
                reply: words,
            }),
            damaged: false,
        }
    }

    /// A connection that ended, or was too slow.
    #[must_use]
    pub fn ended(peer: &str, error: &StreamError, phase: Phase) -> Self {
        let text = match error {
            StreamError::TimedOut => format!("conversation with {peer} timed out while {phase}"),
            StreamError::Closed | StreamError::Io(_) => {
                format!("lost connection with {peer} while {phase}")
            }
        };
        Self::new(DsnStatus::new(4, 4, 2), text)
    }

    /// Whether another server or another time may help.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        self.status.class == 4
    }
}

impl From<Failure> for Dsn {
    fn from(failure: Failure) -> Self {
        let mut dsn = Self::new(failure.status, failure.text);
        if let Some(said) = failure.said {
            dsn.mta_type = b"dns".to_vec();
            dsn.mta_name = said.host.into_bytes();
            dsn.diagnostic_type = b"smtp".to_vec();
            dsn.diagnostic_text = said.reply.into_bytes();
        }
        dsn
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}
