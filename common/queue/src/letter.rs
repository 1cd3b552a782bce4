//! A queue file's envelope: who sent it, to whom, when, and everything that was noted about it.
//!
//! [`Letter::read`] goes once over all records except the content, which it jumps over. Recipients are taken up to a
//! maximum; [`Letter::more_recipients`] goes on where that stopped. A file that does not make sense is an error value with
//! the reason; the caller decides that the file is damaged.

use std::fmt;

use mail::address::AddressError;
use mail::stats::Moment;
use mail::{Address, Notify, Recipient, Ret};

use crate::reader::{ReadError, Reader, Record, Source};
use crate::record::RecordType;
use crate::size_record::SizeRecord;

/// What a queue file says about its message, without content.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// The size record; all 0 in files that have none.
    pub size: SizeRecord,
    /// When the message arrived.
    pub arrival: Moment,
    /// The sender.
    pub sender: Address,
    /// The sender's full name.
    pub full_name: Vec<u8>,
    /// `transport:nexthop` of a content filter; empty without one.
    pub filter: Vec<u8>,
    /// Content inspector; empty without one.
    pub inspector: Vec<u8>,
    /// Where the message goes instead of to its recipients.
    pub redirect: Option<Address>,
    /// VERP delimiters; empty without VERP.
    pub verp: Vec<u8>,
    /// When the sender is to be warned of the delay, in seconds, and where that record stands; 0 seconds for never.
    pub warning: Option<(u64, u64)>,
    /// The trace flags, and where their record stands.
    pub trace: Option<(u32, u64)>,
    /// RFC 3461 ENVID, as it is in the file.
    pub dsn_envid: Vec<u8>,
    /// RFC 3461 RET.
    pub dsn_ret: Ret,
    /// All other `name=value` attributes, in the file's order.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
    /// Recipients that wait for the mail.
    pub recipients: Vec<Recipient>,
    /// How many recipients are done or cancelled, as far as was read.
    pub finished: usize,
    /// Where to go on for more recipients; `None` when all were taken.
    pub more: Option<u64>,
}

/// Why a file is no letter.
#[derive(Debug)]
pub enum LetterError {
    /// A record could not be read.
    Read(ReadError),
    /// A record does not belong where it is.
    Unexpected {
        /// Its type.
        kind: RecordType,
        /// Where it stands.
        offset: u64,
    },
    /// A record's data makes no sense.
    Malformed {
        /// Its type.
        kind: RecordType,
        /// Where it stands.
        offset: u64,
    },
    /// A record that every letter has is not there.
    Missing(&'static str),
}

impl fmt::Display for LetterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Unexpected { kind, offset } => {
                write!(f, "unexpected record type {} at offset {offset}", kind.0)
            }
            Self::Malformed { kind, offset } => {
                write!(f, "malformed record type {} at offset {offset}", kind.0)
            }
            Self::Missing(what) => write!(f, "no {what} record"),
        }
    }
}

impl std::error::Error for LetterError {}

impl From<ReadError> for LetterError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl Letter {
    /// Read a whole envelope, with no more than `max` recipients.
    pub fn read<S: Source>(reader: &mut Reader<S>, max: usize) -> Result<Self, LetterError> {
        let mut letter = Self::default();
        let mut scan = EnvelopeScan::new(max);
        while let Some(part) = next_part(reader, &mut scan.content, &letter.size)? {
            scan.take(&mut letter, &part)?;
        }
        scan.check()?;
        Ok(letter)
    }

    /// Replace the recipients by the next ones of the same file, no more than `max`.
    pub fn more_recipients<S: Source>(
        &mut self,
        reader: &mut Reader<S>,
        max: usize,
    ) -> Result<(), LetterError> {
        self.recipients.clear();
        let Some(offset) = self.more.take() else {
            return Ok(());
        };
        reader.seek(offset);
        let mut recipients = RecipientScan::new(max);
        let past_content = offset > self.size.data_offset && self.size.data_offset > 0;
        let mut content = if past_content {
            Part::Extracted
        } else {
            Part::Envelope
        };
        while let Some(part) = next_part(reader, &mut content, &self.size)? {
            recipients.take(self, &part)?;
            if self.more.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// The value of an attribute; the last one counts, and it is empty when there is none.
    #[must_use]
    pub fn attribute(&self, name: &str) -> &[u8] {
        self.attributes
            .iter()
            .rfind(|(known, _)| known == name.as_bytes())
            .map_or(&[], |(_, value)| value)
    }

    fn note(&mut self, record: &Record<'_>) -> Result<(), LetterError> {
        let (kind, offset, data) = (record.kind, record.offset, record.data);
        let malformed = LetterError::Malformed { kind, offset };
        match kind {
            RecordType::SIZE => self.size = SizeRecord::parse(data).ok_or(malformed)?,
            RecordType::TIME => self.arrival = parse_time(data).ok_or(malformed)?,
            RecordType::SENDER => self.sender = address(record)?,
            RecordType::FULL_NAME => self.full_name = data.to_vec(),
            RecordType::FILTER => self.filter = data.to_vec(),
            RecordType::INSPECTOR => self.inspector = data.to_vec(),
            RecordType::REDIRECT => self.redirect = Some(address(record)?),
            RecordType::VERP => self.verp = data.to_vec(),
            RecordType::WARN => self.warning = Some((number(data).ok_or(malformed)?, offset)),
            RecordType::DSN_ENVID => self.dsn_envid = data.to_vec(),
            RecordType::DSN_RET => self.dsn_ret = ret(data).ok_or(malformed)?,
            RecordType::ATTRIBUTE => self.note_attribute(record)?,
            _ => {}
        }
        Ok(())
    }

    fn note_attribute(&mut self, record: &Record<'_>) -> Result<(), LetterError> {
        let (kind, offset) = (record.kind, record.offset);
        let malformed = || LetterError::Malformed { kind, offset };
        let (name, value) = name_value(record.data).ok_or_else(malformed)?;
        match name {
            b"envelope_id" => self.dsn_envid = value.to_vec(),
            b"ret_flags" => self.dsn_ret = ret(value).ok_or_else(malformed)?,
            b"trace_flags" => {
                let flags = number(value).and_then(|flags| u32::try_from(flags).ok());
                self.trace = Some((flags.ok_or_else(malformed)?, offset));
            }
            b"create_time" => {}
            _ => self.attributes.push((name.to_vec(), value.to_vec())),
        }
        Ok(())
    }
}

/// Which part of the file the reader is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Envelope,
    Extracted,
}

/// The next record that is not content; `None` after the end record.
fn next_part<'r, S: Source>(
    reader: &'r mut Reader<S>,
    part: &mut Part,
    size: &SizeRecord,
) -> Result<Option<Record<'r>>, LetterError> {
    let Some((kind, offset)) = peek(reader)? else {
        return Err(LetterError::Missing("end"));
    };
    match (kind, *part) {
        (RecordType::END, _) => return Ok(None),
        (RecordType::MESSAGE, Part::Envelope) => {
            skip_content(reader, size)?;
            *part = Part::Extracted;
            return next_part(reader, part, size);
        }
        (RecordType::EXTRACTED | RecordType::LINE | RecordType::MESSAGE, _) => {
            return Err(LetterError::Unexpected { kind, offset });
        }
        _ => {}
    }
    reader.seek(offset);
    Ok(reader.next_record()?)
}

fn peek<S: Source>(reader: &mut Reader<S>) -> Result<Option<(RecordType, u64)>, LetterError> {
    Ok(reader
        .next_record()?
        .map(|record| (record.kind, record.offset)))
}

/// Go behind the record that ends the content: at once where the size record says, else record by record.
fn skip_content<S: Source>(reader: &mut Reader<S>, size: &SizeRecord) -> Result<(), LetterError> {
    let start = reader.position();
    let length = if size.content_length > 0 {
        size.content_length
    } else {
        size.message_size
    };
    if size.data_offset == start && length > 0 {
        reader.seek(start.saturating_add(length));
        if let Ok(Some((RecordType::EXTRACTED, _))) = peek(reader) {
            return Ok(());
        }
        reader.seek(start);
    }
    loop {
        match peek(reader)? {
            None => return Err(LetterError::Missing("end")),
            Some((RecordType::EXTRACTED, _)) => return Ok(()),
            Some((RecordType::LINE | RecordType::PARTIAL | RecordType::PADDING, _)) => {}
            Some((kind, offset)) => return Err(LetterError::Unexpected { kind, offset }),
        }
    }
}

/// The first pass over a file.
struct EnvelopeScan {
    content: Part,
    recipients: RecipientScan,
    has_time: bool,
    has_sender: bool,
}

impl EnvelopeScan {
    const fn new(max: usize) -> Self {
        Self {
            content: Part::Envelope,
            recipients: RecipientScan::new(max),
            has_time: false,
            has_sender: false,
        }
    }

    fn take(&mut self, letter: &mut Letter, record: &Record<'_>) -> Result<(), LetterError> {
        self.has_time |= record.kind == RecordType::TIME;
        self.has_sender |= record.kind == RecordType::SENDER;
        if !self.recipients.take(letter, record)? {
            letter.note(record)?;
        }
        Ok(())
    }

    const fn check(&self) -> Result<(), LetterError> {
        match (self.has_time, self.has_sender) {
            (false, _) => Err(LetterError::Missing("arrival time")),
            (_, false) => Err(LetterError::Missing("sender")),
            _ => Ok(()),
        }
    }
}

/// Puts recipients together from the records that stand before each.
struct RecipientScan {
    max: usize,
    pending: Recipient,
    pending_offset: Option<u64>,
}

impl RecipientScan {
    const fn new(max: usize) -> Self {
        Self {
            max,
            pending: Recipient {
                address: Address::null(),
                original: Address::null(),
                dsn_orcpt: Vec::new(),
                dsn_notify: Notify::UNSET,
                offset: 0,
            },
            pending_offset: None,
        }
    }

    /// Take a record if it is about recipients; says whether it was.
    fn take(&mut self, letter: &mut Letter, record: &Record<'_>) -> Result<bool, LetterError> {
        let (kind, offset, data) = (record.kind, record.offset, record.data);
        let malformed = LetterError::Malformed { kind, offset };
        match kind {
            RecordType::RECIPIENT => self.finish(letter, record)?,
            RecordType::DONE | RecordType::CANCELLED => {
                if letter.more.is_none() {
                    letter.finished += 1;
                }
                self.clear();
            }
            RecordType::ORIGINAL => self.begin(offset).original = address(record)?,
            RecordType::DSN_ORCPT => self.begin(offset).dsn_orcpt = data.to_vec(),
            RecordType::DSN_NOTIFY => {
                self.begin(offset).dsn_notify = notify(data).ok_or(malformed)?;
            }
            RecordType::ATTRIBUTE => match name_value(data) {
                Some((b"dsn_orig_rcpt", value)) => self.begin(offset).dsn_orcpt = value.to_vec(),
                Some((b"notify_flags", value)) => {
                    self.begin(offset).dsn_notify = notify(value).ok_or(malformed)?;
                }
                _ => return Ok(false),
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn begin(&mut self, offset: u64) -> &mut Recipient {
        self.pending_offset.get_or_insert(offset);
        &mut self.pending
    }

    fn finish(&mut self, letter: &mut Letter, record: &Record<'_>) -> Result<(), LetterError> {
        let address = address(record)?;
        let start = self.pending_offset.unwrap_or(record.offset);
        let pending = self.clear();
        if letter.more.is_some() {
            return Ok(());
        }
        if letter.recipients.len() >= self.max {
            letter.more = Some(start);
            return Ok(());
        }
        letter.recipients.push(Recipient {
            address,
            offset: record.offset,
            ..pending
        });
        Ok(())
    }

    fn clear(&mut self) -> Recipient {
        self.pending_offset = None;
        std::mem::take(&mut self.pending)
    }
}

fn address(record: &Record<'_>) -> Result<Address, LetterError> {
    Address::new(record.data).map_err(|_: AddressError| LetterError::Malformed {
        kind: record.kind,
        offset: record.offset,
    })
}

/// Split `name=value`; white space around the name and before the value does not count.
#[must_use]
pub fn name_value(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = data.iter().position(|&b| b == b'=')?;
    let (name, value) = data.split_at_checked(equals)?;
    let name = name.trim_ascii();
    let value = value.get(1..)?.trim_ascii_start();
    (!name.is_empty()).then_some((name, value))
}

/// Read `seconds` or `seconds microseconds`.
#[must_use]
pub fn parse_time(data: &[u8]) -> Option<Moment> {
    let text = std::str::from_utf8(data).ok()?;
    let mut words = text.split_ascii_whitespace();
    let seconds: i64 = words.next()?.parse().ok()?;
    let micros: u32 = words.next().map_or(Ok(0), str::parse).ok()?;
    (seconds >= 0 && micros < 1_000_000).then_some(Moment { seconds, micros })
}

fn number(data: &[u8]) -> Option<u64> {
    std::str::from_utf8(data).ok()?.trim().parse().ok()
}

fn notify(data: &[u8]) -> Option<Notify> {
    Notify::from_bits(u8::try_from(number(data)?).ok()?)
}

fn ret(data: &[u8]) -> Option<Ret> {
    match number(data)? {
        0 => Some(Ret::Unset),
        1 => Some(Ret::Full),
        2 => Some(Ret::Headers),
        _ => None,
    }
}
