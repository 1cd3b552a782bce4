//! bounce(8), behind three sockets: `bounce`, `defer` and `trace` each keep one kind of log about a message.
//!
//! Agents and qmgr append what became of recipients; qmgr asks, when a message is done, for the notice that is owed.
//! A notice is in the queue before the answer says so, and only then is the log removed.

use std::path::PathBuf;
use std::time::Duration;

use ipc::{Error, Pool, Protocol};
use mail::outcome::Dsn;
use mail::{Address, QueueId, Recipient, Ret};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Names the conversation.
pub enum Bounce {}

impl Protocol for Bounce {
    const NAME: &'static str = "bounce";
    const MAX_FRAME: usize = 256 * 1024;
    type Request = Request;
    type Reply = Reply;
}

/// What is asked of the service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Request {
    /// Add a recipient to the message's log.
    Append(Append),
    /// Send the notice for this log to the sender, and remove the log. (bounce: non-delivery; trace: delivery report.)
    Flush(Notice),
    /// Send the notice for this log and keep the log (defer: a delay warning).
    Warn(Notice),
    /// Send a non-delivery notice for one recipient, without a log.
    One(Notice, Append),
    /// Remove the message's log.
    Purge(QueueId),
}

/// One recipient's fate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub struct Append {
    /// The message.
    pub id: QueueId,
    /// The recipient.
    pub recipient: Recipient,
    /// Its status.
    pub dsn: Dsn,
}

/// What a notice needs to know about the message; the recipients are in its log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub struct Notice {
    /// The message.
    pub id: QueueId,
    /// The folder its queue file is in.
    pub queue: String,
    /// Who is told.
    pub sender: Address,
    /// `7bit`, `8bit` or empty.
    pub encoding: String,
    /// Whether the message needs SMTPUTF8.
    pub smtputf8: bool,
    /// ENVID; empty without one.
    #[serde(with = "serde_bytes")]
    pub envelope_id: Vec<u8>,
    /// RET.
    pub ret: Ret,
}

/// How it went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Reply {
    /// Logged, or told, or nobody is to be told.
    Done,
    /// Not possible now; the caller keeps the mail.
    Failed,
}

/// Kept connections to one of the three services.
pub struct Bouncer(Pool<Bounce>);

impl Bouncer {
    /// For a service's socket, such as `private/defer`.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>, timeout: Duration) -> Self {
        Self(Pool::new(socket, timeout))
    }

    /// Ask once. `Ok(false)`: the service could not do it.
    pub async fn ask(&self, request: &Request) -> Result<bool, Error> {
        Ok(self.0.call(request).await? == Reply::Done)
    }

    /// Add a recipient to a message's log. `Ok(false)`: the service could not do it.
    pub async fn append(&self, append: Append) -> Result<bool, Error> {
        self.ask(&Request::Append(append)).await
    }
}
