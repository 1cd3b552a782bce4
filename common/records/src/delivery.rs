//! Delivery agents: qmgr(8) hands over an open queue file and recipients, and hears what is left to do.
//!
//! The request brings the queue file's descriptor, open for reading and writing, so that an agent needs neither path
//! nor file system rights. The agent marks each finished recipient in the file itself, and logs each unfinished one
//! with the defer service, before it reports. A connection serves one request after another.

use std::fmt;

use ipc::{CarriesDescriptor, Protocol};
use mail::outcome::Dsn;
use mail::stats::Moment;
use mail::{Address, QueueId, Recipient, Ret};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

use crate::bounded::Bounded;

/// The most recipients of one request.
pub const MAX_RECIPIENTS: usize = 5_000;

/// Names the conversation.
pub enum Delivery {}

impl Protocol for Delivery {
    const NAME: &'static str = "delivery";
    const MAX_FRAME: usize = 8 * 1024 * 1024;
    type Request = Request;
    type Reply = Report;
}

impl CarriesDescriptor for Delivery {}

/// What is to be delivered, where to, for whom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub struct Request {
    /// The letter.
    pub message: Message,
    /// The next hop, as resolved.
    #[serde(with = "serde_bytes")]
    pub nexthop: Vec<u8>,
    /// How the letter is to be treated.
    pub flags: Flags,
    /// When it became active.
    pub active: Moment,
    /// Who is to get it.
    pub recipients: Bounded<Recipient, MAX_RECIPIENTS>,
}

/// What is the same for every recipient of a letter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub struct Message {
    /// Its queue id.
    pub id: QueueId,
    /// The folder it is in, such as `active`.
    pub queue: String,
    /// Where its content starts in the file, in bytes.
    pub data_offset: u64,
    /// The size of its content, in bytes.
    pub data_size: u64,
    /// The envelope sender.
    pub sender: Address,
    /// When it arrived.
    pub arrival: Moment,
    /// `7bit` or `8bit`, or empty when the client did not say.
    pub encoding: String,
    /// Whether it needs SMTPUTF8.
    pub smtputf8: bool,
    /// ENVID of the sender, as xtext; empty without one.
    #[serde(with = "serde_bytes")]
    pub envelope_id: Vec<u8>,
    /// RET of the sender.
    pub ret: Ret,
    /// Who brought it, for XFORWARD and commands.
    pub client: Client,
    /// SASL login, for commands.
    pub sasl: Sasl,
    /// In which context addresses without a domain are completed: `local` or `remote`.
    pub rewrite_context: String,
}

/// Who brought a letter, as the queue file says; empty where that is not known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, Schema)]
pub struct Client {
    /// Host name.
    #[serde(with = "serde_bytes")]
    pub name: Vec<u8>,
    /// Address.
    #[serde(with = "serde_bytes")]
    pub address: Vec<u8>,
    /// TCP port.
    #[serde(with = "serde_bytes")]
    pub port: Vec<u8>,
    /// `SMTP` or `ESMTP`.
    #[serde(with = "serde_bytes")]
    pub protocol: Vec<u8>,
    /// What it called itself.
    #[serde(with = "serde_bytes")]
    pub helo: Vec<u8>,
    /// The id under which the first of our systems knew the letter.
    #[serde(with = "serde_bytes")]
    pub log_ident: Vec<u8>,
}

/// A SASL login; empty without one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, Schema)]
pub struct Sasl {
    /// The mechanism.
    #[serde(with = "serde_bytes")]
    pub method: Vec<u8>,
    /// The login name.
    #[serde(with = "serde_bytes")]
    pub username: Vec<u8>,
    /// The AUTH= sender.
    #[serde(with = "serde_bytes")]
    pub sender: Vec<u8>,
}

/// How a letter is to be treated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, Schema)]
pub struct Flags {
    /// Record each delivery in the trace log (sendmail -v).
    pub record: bool,
    /// Do not deliver; report what would happen (sendmail -bv).
    pub user_verify: bool,
    /// Do not deliver; tell verify(8) what would happen (address probes).
    pub mta_verify: bool,
    /// Whether other letters for the same destination wait, so that a session is worth keeping.
    pub more_mail: bool,
    /// Whether a session for this destination may have been kept.
    pub reuse: bool,
}

/// What the agent says when it is done.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, Schema)]
pub struct Report {
    /// Whether a recipient is left to be tried again.
    pub deferred: bool,
    /// Whether a recipient was added to the bounce log, so that a notice is owed.
    pub bounced: bool,
    /// Whether a recipient was added to the trace log.
    pub traced: bool,
    /// Set when the whole destination could not be reached, so that no other letter should be tried there now.
    pub destination: Option<Dsn>,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = String::from_utf8_lossy(&self.nexthop);
        write!(
            f,
            "{}: {} recipients via {next}",
            self.message.id,
            self.recipients.len()
        )
    }
}
