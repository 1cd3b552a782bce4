//! One recipient of a message, with what its sender asked about it.

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

use crate::{Address, Notify};

/// A recipient as queue files and delivery requests have it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, Schema)]
pub struct Recipient {
    /// Where the mail goes.
    pub address: Address,
    /// What the sender wrote, before rewriting and expansion; null when not known.
    pub original: Address,
    /// ORCPT as given, `type;xtext`; empty without one.
    #[serde(with = "serde_bytes")]
    pub dsn_orcpt: Vec<u8>,
    /// NOTIFY as given.
    pub dsn_notify: Notify,
    /// Where in the queue file the recipient record stands, in bytes; 0 when it has none.
    pub offset: u64,
}
