//! Letters of our own making: notices, and mail that is forwarded. They go to cleanup(8) and are in the queue when
//! [`Post::finish`] says so.

use std::fmt;

use config::{Settings, params};
use ipc::Error;
use mail::stats::Moment;
use mail::{Address, Notify, QueueId, Recipient, Ret, date};
use queue::{ReadError, RecordType, record};
use records::cleanup::{Cleaner, Flags, Letter, Outcome, Status};

/// The longest record of content; longer lines go in pieces.
const MAX_RECORD: usize = 2048;

/// The way to cleanup.
pub struct Post {
    cleaner: Cleaner,
    hostname: String,
    mail_name: String,
}

/// The envelope of a new letter.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// The sender.
    pub sender: Address,
    /// The sender's name, for a missing From:.
    pub full_name: String,
    /// The recipients.
    pub recipients: Vec<Recipient>,
    /// `7bit`, `8bit`, or empty.
    pub encoding: String,
    /// ENVID; empty without one.
    pub envelope_id: Vec<u8>,
    /// RET.
    pub ret: Ret,
    /// Other attributes of the queue file.
    pub attributes: Vec<(&'static str, Vec<u8>)>,
    /// When it arrived; now, unless it is a letter that had arrived before.
    pub arrival: Option<Moment>,
}

/// A letter that is being written. Dropping it takes it back.
pub struct Posting(Letter);

/// Why a letter is not in the queue.
#[derive(Debug)]
pub enum PostError {
    /// The talk with cleanup failed.
    Ipc(Error),
    /// Cleanup refused the letter.
    Refused(Outcome),
    /// The letter that it is made from cannot be read.
    Content(ReadError),
}

impl Post {
    /// As main.cf has it.
    pub fn new(settings: &Settings) -> Result<Self, config::Error> {
        let services: params::services::Sockets = settings.get()?;
        let names: params::core::Names = settings.get()?;
        let ipc: params::core::Ipc = settings.get()?;
        let socket = format!("public/{}", services.cleanup_service_name);
        Ok(Self {
            cleaner: Cleaner::new(socket, ipc.ipc_timeout),
            hostname: names.myhostname,
            mail_name: names.mail_name,
        })
    }

    /// Start a letter: envelope, and a Received: header of this machine.
    pub async fn open(&self, flags: Flags, envelope: &Envelope) -> Result<Posting, PostError> {
        let mut letter = self
            .cleaner
            .open(flags)
            .await?
            .map_err(PostError::Refused)?;
        let now = envelope.arrival.unwrap_or_else(Moment::now);
        envelope.put(letter.buffer(), now);
        for recipient in &envelope.recipients {
            put_recipient(letter.buffer(), recipient);
            letter.flow().await?;
        }
        record::put(letter.buffer(), RecordType::MESSAGE, b"");
        let mut posting = Posting(letter);
        let received = format!("Received: by {} ({})", self.hostname, self.mail_name);
        let date = date::header(Moment::now().seconds);
        let second = format!("\tid {}; {date}", posting.id().as_str());
        posting.line(received).await?;
        posting.line(second).await?;
        Ok(posting)
    }

    /// Commit the letter.
    pub async fn finish(&self, posting: Posting) -> Result<QueueId, PostError> {
        let mut letter = posting.0;
        let id = letter.id().clone();
        record::put(letter.buffer(), RecordType::EXTRACTED, b"");
        record::put(letter.buffer(), RecordType::END, b"");
        let outcome = self.cleaner.end(letter).await?;
        if outcome.status == Status::Ok {
            Ok(id)
        } else {
            Err(PostError::Refused(outcome))
        }
    }
}

impl Posting {
    /// The queue id of the new letter.
    #[must_use]
    pub const fn id(&self) -> &QueueId {
        self.0.id()
    }

    /// Add a line.
    pub async fn line(&mut self, text: impl AsRef<[u8]>) -> Result<(), PostError> {
        self.piece(text.as_ref(), true).await
    }

    /// Add a part of a line, and say whether the line ends with it.
    pub async fn piece(&mut self, text: &[u8], complete: bool) -> Result<(), PostError> {
        let mut pieces = text.chunks(MAX_RECORD).peekable();
        if pieces.peek().is_none() && complete {
            record::put(self.0.buffer(), RecordType::LINE, b"");
        }
        while let Some(piece) = pieces.next() {
            let last = pieces.peek().is_none() && complete;
            let kind = if last {
                RecordType::LINE
            } else {
                RecordType::PARTIAL
            };
            record::put(self.0.buffer(), kind, piece);
            self.0.flow().await?;
        }
        Ok(())
    }
}

impl Envelope {
    fn put(&self, buffer: &mut Vec<u8>, now: Moment) {
        let time = format!("{} {}", now.seconds, now.micros);
        record::put(buffer, RecordType::TIME, time.as_bytes());
        if !self.full_name.is_empty() {
            record::put(buffer, RecordType::FULL_NAME, self.full_name.as_bytes());
        }
        if !self
            .attributes
            .iter()
            .any(|(name, _)| *name == "rewrite_context")
        {
            record::put_attribute(buffer, "rewrite_context", b"local");
        }
        if !self.encoding.is_empty() {
            record::put_attribute(buffer, "encoding", self.encoding.as_bytes());
        }
        for (name, value) in &self.attributes {
            record::put_attribute(buffer, name, value);
        }
        if !self.envelope_id.is_empty() {
            record::put_attribute(buffer, "envelope_id", &self.envelope_id);
        }
        match self.ret {
            Ret::Unset => {}
            Ret::Full => record::put_attribute(buffer, "ret_flags", b"1"),
            Ret::Headers => record::put_attribute(buffer, "ret_flags", b"2"),
        }
        record::put(buffer, RecordType::SENDER, self.sender.as_bytes());
    }
}

fn put_recipient(buffer: &mut Vec<u8>, recipient: &Recipient) {
    if !recipient.dsn_orcpt.is_empty() {
        record::put_attribute(buffer, "dsn_orig_rcpt", &recipient.dsn_orcpt);
    }
    if recipient.dsn_notify != Notify::UNSET {
        let bits = recipient.dsn_notify.bits().to_string();
        record::put_attribute(buffer, "notify_flags", bits.as_bytes());
    }
    if !recipient.original.is_null() {
        record::put(buffer, RecordType::ORIGINAL, recipient.original.as_bytes());
    }
    record::put(buffer, RecordType::RECIPIENT, recipient.address.as_bytes());
}

impl From<Error> for PostError {
    fn from(error: Error) -> Self {
        Self::Ipc(error)
    }
}

impl fmt::Display for PostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipc(error) => write!(f, "{error}"),
            Self::Content(error) => write!(f, "error reading message: {error}"),
            Self::Refused(outcome) if outcome.reason.is_empty() => {
                f.write_str(outcome.status.reply().2)
            }
            Self::Refused(outcome) => f.write_str(&String::from_utf8_lossy(&outcome.reason)),
        }
    }
}

impl std::error::Error for PostError {}
