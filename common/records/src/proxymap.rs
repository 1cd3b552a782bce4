//! proxymap(8): lookups in tables that a program cannot or should not open itself.

use std::path::PathBuf;
use std::time::Duration;

use ipc::{Error, Pool, Protocol};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Names the conversation.
pub enum Proxymap {}

impl Protocol for Proxymap {
    const NAME: &'static str = "proxymap";
    const MAX_FRAME: usize = 256 * 1024;
    type Request = Request;
    type Reply = Reply;

    /// Tables that stand in main.cf itself may hold passwords.
    fn shown_request(request: &Request) -> String {
        let kind = request.table.split(':').next().unwrap_or_default();
        let table = match kind {
            "inline" | "static" => kind,
            _ => &request.table,
        };
        let key = String::from_utf8_lossy(&request.key);
        format!("{table} {key:?}")
    }

    /// What a table says may be a password.
    fn shown_reply(reply: &Reply) -> String {
        match reply {
            Reply::Found(value) => format!("Found({} bytes)", value.len()),
            Reply::NotFound | Reply::Retry | Reply::Denied | Reply::Bad => format!("{reply:?}"),
        }
    }
}

/// One lookup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub struct Request {
    /// The table, `type:name`, as main.cf has it after `proxy:`.
    pub table: String,
    /// The key.
    #[serde(with = "serde_bytes")]
    pub key: Vec<u8>,
    /// Whether upper and lower case are the same.
    pub fold: bool,
}

/// What the table says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Reply {
    /// The value.
    Found(#[serde(with = "serde_bytes")] Vec<u8>),
    /// No such key.
    NotFound,
    /// The table did not answer; try again later.
    Retry,
    /// The table is not one that proxy_read_maps allows.
    Denied,
    /// The table has no valid configuration.
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

    /// Look a key up.
    pub async fn lookup(&self, request: &Request) -> Result<Reply, Error> {
        self.0.call(request).await
    }
}
