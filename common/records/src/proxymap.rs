//! proxymap(8): tables that a program cannot or should not open itself, to be read, and by the name proxywrite to be written.

use std::path::PathBuf;
use std::time::Duration;

use ipc::{Error, Pool, Protocol};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

use crate::bounded::Bounded;

/// The most entries in one reply.
pub const MAX_ENTRIES: usize = 1000;

/// Names the conversation.
pub enum Proxymap {}

impl Protocol for Proxymap {
    const NAME: &'static str = "proxymap";
    const MAX_FRAME: usize = 256 * 1024;
    type Request = Request;
    type Reply = Reply;

    /// Tables that stand in main.cf itself may hold passwords, and values may be some.
    fn shown_request(request: &Request) -> String {
        let kind = request.table.split(':').next().unwrap_or_default();
        let table = match kind {
            "inline" | "static" => kind,
            _ => &request.table,
        };
        let text = String::from_utf8_lossy;
        match &request.act {
            Act::Find { key } => format!("{table} {:?}", text(key)),
            Act::Update { key, value } => {
                format!("Update {table} {:?}, {} bytes", text(key), value.len())
            }
            Act::Remove { key } => format!("Remove {table} {:?}", text(key)),
            Act::List { after } => format!("List {table} {:?}", after.as_deref().map(text)),
        }
    }

    /// What a table says may be a password.
    fn shown_reply(reply: &Reply) -> String {
        match reply {
            Ok(Answer::Found(value)) => format!("Found({} bytes)", value.len()),
            Ok(Answer::Entries(entries)) => format!("Entries({})", entries.len()),
            Ok(Answer::Done | Answer::NotFound) | Err(_) => format!("{reply:?}"),
        }
    }
}

/// One thing to be done with a table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub struct Request {
    /// The table, `type:name`, as main.cf has it after `proxy:`.
    pub table: String,
    /// Whether upper and lower case are the same.
    pub fold: bool,
    /// Whether results of patterns may hold parts of the key.
    pub substitution: bool,
    /// What is wanted.
    pub act: Act,
}

/// What can be wanted of a table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Act {
    /// Look a key up.
    Find {
        /// The key.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
    /// Set the value of a key; at the writing service only.
    Update {
        /// The key.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
        /// Its value.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
    },
    /// Remove a key; at the writing service only.
    Remove {
        /// The key.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
    /// List some of the entries.
    List {
        /// Behind this key, in the table's own order; from the start without one.
        #[serde(with = "serde_bytes")]
        after: Option<Vec<u8>>,
    },
}

/// A key and its value.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub struct Entry {
    /// The key.
    #[serde(with = "serde_bytes")]
    pub key: Vec<u8>,
    /// Its value.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
}

/// What comes back.
pub type Reply = Result<Answer, Refusal>;

/// What the table says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Answer {
    /// The value.
    Found(#[serde(with = "serde_bytes")] Vec<u8>),
    /// No such key.
    NotFound,
    /// The entry is changed or removed.
    Done,
    /// Some entries; none when there are no more.
    Entries(Bounded<Entry, MAX_ENTRIES>),
}

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Refusal {
    /// Tables of this type cannot do that.
    Unable,
    /// The table did not answer; try again later.
    Retry,
    /// The table is not one that proxy_read_maps or proxy_write_maps allows.
    Denied,
    /// The request makes no sense to this service.
    Bad,
}

/// Kept connections to the service.
pub struct Proxy(Pool<Proxymap>);

impl Proxy {
    /// For the service's socket, such as `private/proxymap`.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>, timeout: Duration) -> Self {
        Self(Pool::new(socket, timeout))
    }

    /// Ask for something.
    pub async fn ask(&self, request: &Request) -> Result<Reply, Error> {
        self.0.call(request).await
    }
}
