//! What became of one recipient, in the terms of RFC 3464: what agents report, logs keep and notices say.

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

use crate::DsnStatus;

/// A delivery status with its reason and, where another system spoke, what that system said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub struct Dsn {
    /// The enhanced status code.
    pub status: DsnStatus,
    /// What was done: see [`Action`]; the agent's log entry decides it when `None`.
    pub action: Option<Action>,
    /// The human-readable reason, as in the log line's parentheses.
    #[serde(with = "serde_bytes")]
    pub reason: Vec<u8>,
    /// Who said it: the remote MTA (`dns; host`), empty when it was ourselves.
    #[serde(with = "serde_bytes")]
    pub mta_name: Vec<u8>,
    /// The type of the remote MTA's name, such as `dns`; empty without one.
    #[serde(with = "serde_bytes")]
    pub mta_type: Vec<u8>,
    /// The type of the diagnostic, such as `smtp` or `x-unix`; empty without one.
    #[serde(with = "serde_bytes")]
    pub diagnostic_type: Vec<u8>,
    /// The diagnostic itself, such as the reply of the remote MTA; empty without one.
    #[serde(with = "serde_bytes")]
    pub diagnostic_text: Vec<u8>,
}

impl Dsn {
    /// A status and reason of our own making.
    #[must_use]
    pub fn new(status: DsnStatus, reason: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            action: None,
            reason: reason.into(),
            mta_name: Vec::new(),
            mta_type: Vec::new(),
            diagnostic_type: Vec::new(),
            diagnostic_text: Vec::new(),
        }
    }
}

/// RFC 3464 section 2.3.3.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Action {
    /// Given up.
    Failed,
    /// To be tried again.
    Delayed,
    /// Delivered here.
    Delivered,
    /// Passed on to a system that promises no notices.
    Relayed,
    /// Expanded into several recipients.
    Expanded,
    /// Would be delivered; only in reports about a probe (`sendmail -bv`), not of RFC 3464.
    Deliverable,
    /// Would not be delivered; only in reports about a probe.
    Undeliverable,
}

impl Action {
    /// The word in a delivery report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
            Self::Deliverable => "deliverable",
            Self::Undeliverable => "undeliverable",
        }
    }

    /// Read the word of a delivery report or log file.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        [
            Self::Failed,
            Self::Delayed,
            Self::Delivered,
            Self::Relayed,
            Self::Expanded,
            Self::Deliverable,
            Self::Undeliverable,
        ]
        .into_iter()
        .find(|action| action.as_str().as_bytes() == word)
    }
}
