//! cleanup(8): hand over a letter, and learn whether it is safely in the queue.
//!
//! Two round trips for a letter: [`Request::Open`] is answered with its queue id, [`Request::End`] with its fate. In
//! between go queue-file records in large blocks, each block of whole records: envelope records and a start-of-message
//! record first, then content, then the end-of-content record, extracted records and the end record, in the order that
//! queue files have. A connection serves one letter after another; closing it before `End` drops the letter.

use std::path::PathBuf;
use std::time::Duration;

use ipc::{Client, Error, Pool, Protocol};
use mail::{DsnStatus, QueueId};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// How many bytes of records are collected before they are sent.
pub const BLOCK: usize = 64 * 1024;

/// Names the conversation.
pub enum Cleanup {}

impl Protocol for Cleanup {
    const NAME: &'static str = "cleanup";
    const MAX_FRAME: usize = 2 * BLOCK;
    type Request = Request;
    type Reply = Reply;

    /// Mail itself is nobody's business.
    fn shown_request(request: &Request) -> String {
        match request {
            Request::Open(flags) => format!("Open({})", flags.bits()),
            Request::Records(records) => format!("Records({} bytes)", records.len()),
            Request::End => "End".to_owned(),
        }
    }
}

/// What a source of mail says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum Request {
    /// Start a letter.
    Open(Flags),
    /// Whole queue-file records, at most [`BLOCK`] bytes and one record more.
    Records(#[serde(with = "serde_bytes")] Vec<u8>),
    /// The letter is complete: commit it.
    End,
}

/// What cleanup answers.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum Reply {
    /// To `Open`: the id under which the letter is known. To nothing else.
    Opened(QueueId),
    /// To `Open`: no queue file can be made now.
    Refused(Outcome),
    /// To `End`: what became of the letter.
    Ended(Outcome),
}

/// What cleanup is to do with a letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, Schema)]
pub struct Flags(u32);

impl Flags {
    /// Bounce bad mail to its sender instead of refusing it (mail that has no client to refuse it to).
    pub const BOUNCE: Self = Self(1);
    /// Apply header and body checks.
    pub const FILTER: Self = Self(2);
    /// Put the letter on hold.
    pub const HOLD: Self = Self(4);
    /// Drop the letter, and say it was accepted.
    pub const DISCARD: Self = Self(8);
    /// Add automatic blind copies.
    pub const BCC: Self = Self(16);
    /// Map addresses: canonical and virtual aliases, masquerading.
    pub const MAP: Self = Self(32);
    /// Send the letter through milters.
    pub const MILTER: Self = Self(64);
    /// The client asked for SMTPUTF8.
    pub const SMTPUTF8: Self = Self(128);
    /// Find out by itself whether the letter needs SMTPUTF8.
    pub const AUTO_UTF8: Self = Self(256);
    /// A notice or probe of our own.
    pub const INTERNAL: Self = Self(512);
    /// What mail from a network or local client gets.
    pub const EXTERNAL: Self = Self(2 | 16 | 32 | 64);

    /// From the number in a queue file's flags record; `None` when a bit has no meaning.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Option<Self> {
        if bits < 1024 { Some(Self(bits)) } else { None }
    }

    /// The number for a queue file's flags record.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This without the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of the other is in this.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What became of a letter. A reason of its own, where there is one, replaces the status's standard text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Outcome {
    /// The verdict.
    pub status: Status,
    /// A text such as `5.7.1 message content rejected`; empty for the standard one.
    #[serde(with = "serde_bytes")]
    pub reason: Vec<u8>,
}

/// cleanup's verdict on a letter. Only after [`Status::Ok`] is it in the queue, on stable storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum Status {
    /// Committed (or dropped, where that was asked for).
    Ok,
    /// The records made no sense.
    Bad,
    /// The queue file could not be written.
    Write,
    /// Larger than message_size_limit.
    Size,
    /// Refused for its content.
    Content,
    /// Too many Received: headers.
    Hops,
    /// A table or service did not answer.
    Defer,
    /// No recipient.
    NoRecipient,
    /// The letter needs a right that the client does not have.
    NotPermitted,
}

impl Status {
    /// SMTP reply code, enhanced status and text for a client.
    #[must_use]
    pub const fn reply(self) -> (u16, DsnStatus, &'static str) {
        match self {
            Self::Ok => (250, DsnStatus::new(2, 0, 0), "Success"),
            Self::Bad => (451, DsnStatus::new(4, 3, 0), "Error: internal error 1"),
            Self::Write => (
                451,
                DsnStatus::new(4, 3, 0),
                "Error: queue file write error",
            ),
            Self::Size => (552, DsnStatus::new(5, 3, 4), "Error: message file too big"),
            Self::Content => (
                550,
                DsnStatus::new(5, 7, 1),
                "Error: message content rejected",
            ),
            Self::Hops => (554, DsnStatus::new(5, 4, 0), "Error: too many hops"),
            Self::Defer => (451, DsnStatus::new(4, 7, 1), "Error: service unavailable"),
            Self::NoRecipient => (
                550,
                DsnStatus::new(5, 1, 0),
                "Error: no recipients specified",
            ),
            Self::NotPermitted => (550, DsnStatus::new(5, 7, 1), "Error: not permitted"),
        }
    }

    /// Whether the same letter may be accepted later.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::Bad | Self::Write | Self::Defer)
    }
}

/// Kept connections to cleanup.
pub struct Cleaner(Pool<Cleanup>);

/// A letter on its way into the queue. Dropping it before [`Letter::end`] takes it back.
pub struct Letter {
    id: QueueId,
    client: Client<Cleanup>,
    block: Vec<u8>,
}

impl Cleaner {
    /// For the service's socket, such as `public/cleanup`.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>, timeout: Duration) -> Self {
        Self(Pool::new(socket, timeout))
    }

    /// Start a letter; the inner error is cleanup's own refusal.
    pub async fn open(&self, flags: Flags) -> Result<Result<Letter, Outcome>, Error> {
        let request = Request::Open(flags);
        while let Some(client) = self.0.take_idle() {
            match start(client, &request).await {
                Err(error) if error.is_closed() => {}
                result => return result,
            }
        }
        start(self.0.take().await?, &request).await
    }

    /// Commit the letter and give its connection back for the next one.
    pub async fn end(&self, letter: Letter) -> Result<Outcome, Error> {
        let (client, outcome) = letter.finish().await?;
        self.0.keep(client);
        Ok(outcome)
    }
}

async fn start(
    mut client: Client<Cleanup>,
    request: &Request,
) -> Result<Result<Letter, Outcome>, Error> {
    match client.call(request).await? {
        Reply::Opened(id) => Ok(Ok(Letter {
            id,
            client,
            block: Vec::new(),
        })),
        Reply::Refused(outcome) => Ok(Err(outcome)),
        Reply::Ended(_) => Err(Error::Malformed("an end that was not asked for")),
    }
}

impl Letter {
    /// Its queue id.
    #[must_use]
    pub const fn id(&self) -> &QueueId {
        &self.id
    }

    /// Add one whole encoded record.
    pub async fn record(&mut self, encoded: &[u8]) -> Result<(), Error> {
        self.block.extend_from_slice(encoded);
        if self.block.len() >= BLOCK {
            self.send_block().await
        } else {
            Ok(())
        }
    }

    /// Where to append encoded records directly; call [`Self::flow`] now and then.
    pub const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.block
    }

    /// Send what was appended if it is enough for a block. No single append may exceed [`BLOCK`].
    pub async fn flow(&mut self) -> Result<(), Error> {
        if self.block.len() >= BLOCK {
            self.send_block().await
        } else {
            Ok(())
        }
    }

    async fn send_block(&mut self) -> Result<(), Error> {
        let block = std::mem::take(&mut self.block);
        self.client.send(&Request::Records(block)).await
    }

    async fn finish(mut self) -> Result<(Client<Cleanup>, Outcome), Error> {
        let block = std::mem::take(&mut self.block);
        self.client.queue(&Request::Records(block))?;
        match self.client.call(&Request::End).await? {
            Reply::Ended(outcome) => Ok((self.client, outcome)),
            Reply::Opened(_) | Reply::Refused(_) => {
                Err(Error::Malformed("an opening that was not asked for"))
            }
        }
    }
}
