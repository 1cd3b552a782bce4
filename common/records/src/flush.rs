//! flush(8): which messages wait for which site, so that ETRN and `postqueue -s` are quick.

use std::path::PathBuf;
use std::time::Duration;

use ipc::{Error, Pool, Protocol};
use mail::QueueId;
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Names the conversation.
pub enum Flush {}

impl Protocol for Flush {
    const NAME: &'static str = "flush";
    const MAX_FRAME: usize = 4096;
    type Request = Request;
    type Reply = Reply;
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Request {
    /// Remember that a message waits for a site.
    Add {
        /// The site's domain.
        site: String,
        /// The message.
        id: QueueId,
    },
    /// Try everything for a site now.
    SendSite(String),
    /// Try one message now.
    SendMessage(QueueId),
    /// Forget messages that are gone, on every site's list.
    Purge,
}

/// How it went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Reply {
    /// Done.
    Done,
    /// The site has no list: fast_flush_domains does not name it.
    Unknown,
    /// The request makes no sense (a malformed site).
    Bad,
    /// Not possible now.
    Failed,
}

/// Kept connections to the service.
pub struct Flusher(Pool<Flush>);

impl Flusher {
    /// For the service's socket, such as `public/flush`.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>, timeout: Duration) -> Self {
        Self(Pool::new(socket, timeout))
    }

    /// Ask once.
    pub async fn ask(&self, request: &Request) -> Result<Reply, Error> {
        self.0.call(request).await
    }
}
