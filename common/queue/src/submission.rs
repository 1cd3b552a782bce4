//! What a local user may put into maildrop/: the order and content of records, checked one after another.
//!
//! postdrop(1) checks what its caller sends, pickup(8) checks the file again, because anybody in the right group can put
//! one there. A record that could mean something else to a later reader (a NUL, CR or LF in the envelope, a record out
//! of its place, flags that only programs of ours set) makes the whole submission malformed; attributes that are
//! unknown are left out.

use std::fmt;

use mail::{Address, Notify};

use crate::letter::{name_value, parse_time};
use crate::record::RecordType;

/// The longest record of content, in bytes.
pub const LONGEST_CONTENT: usize = 64 * 1024;
/// The longest record of the envelope, in bytes.
pub const LONGEST_ENVELOPE: usize = 16 * 1024;
/// The trace flags that a user may set: report on the delivery, report on the addresses alone.
const USER_TRACE_FLAGS: u32 = 0x400 | 0x200;

/// A submission that is being read.
#[derive(Debug)]
pub struct Submission {
    part: Part,
    has_sender: bool,
    recipients: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Start,
    Envelope,
    Content,
    Extracted,
    Done,
}

/// What to do with a good record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Keep it.
    Keep,
    /// Leave it out; nothing needs it, and nobody may set it.
    Ignore,
}

/// Why a submission is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A type of record that has no place here.
    Unexpected(RecordType),
    /// Data that the type of record cannot have.
    Malformed(RecordType),
    /// No sender before the content.
    NoSender,
    /// No recipient at all.
    NoRecipient,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected(kind) => write!(f, "unexpected record type: {}", kind.0),
            Self::Malformed(kind) => write!(f, "malformed record type: {}", kind.0),
            Self::NoSender => f.write_str("no envelope sender"),
            Self::NoRecipient => f.write_str("no recipients specified"),
        }
    }
}

impl std::error::Error for Fault {}

impl Submission {
    /// What postdrop(1) reads: it writes the time of arrival itself.
    #[must_use]
    pub const fn input() -> Self {
        Self::at(Part::Envelope)
    }

    /// A file in maildrop/: it begins with the time of arrival.
    #[must_use]
    pub const fn file() -> Self {
        Self::at(Part::Start)
    }

    const fn at(part: Part) -> Self {
        Self {
            part,
            has_sender: false,
            recipients: 0,
        }
    }

    /// Whether the end record was seen.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.part == Part::Done
    }

    /// Whether the next record is part of the message's content.
    #[must_use]
    pub fn in_content(&self) -> bool {
        self.part == Part::Content
    }

    /// The longest record that may come next, in bytes.
    #[must_use]
    pub fn longest(&self) -> usize {
        if self.in_content() {
            LONGEST_CONTENT
        } else {
            LONGEST_ENVELOPE
        }
    }

    /// Check the next record.
    pub fn check(&mut self, kind: RecordType, data: &[u8]) -> Result<Verdict, Fault> {
        let malformed = Err(Fault::Malformed(kind));
        if data.len() > self.longest() || data.contains(&b'\n') {
            return malformed;
        }
        if self.part == Part::Content {
            return self.check_content(kind, data);
        }
        if data.iter().any(|byte| matches!(byte, 0 | b'\r')) {
            return malformed;
        }
        match self.part {
            Part::Start => self.check_start(kind, data),
            Part::Envelope => self.check_envelope(kind, data),
            Part::Extracted => self.check_extracted(kind, data),
            Part::Content | Part::Done => Err(Fault::Unexpected(kind)),
        }
    }

    fn check_start(&mut self, kind: RecordType, data: &[u8]) -> Result<Verdict, Fault> {
        if kind != RecordType::TIME {
            return Err(Fault::Unexpected(kind));
        }
        if parse_time(data).is_none() {
            return Err(Fault::Malformed(kind));
        }
        self.part = Part::Envelope;
        Ok(Verdict::Keep)
    }

    fn check_envelope(&mut self, kind: RecordType, data: &[u8]) -> Result<Verdict, Fault> {
        match kind {
            RecordType::TIME => Ok(Verdict::Ignore),
            RecordType::FULL_NAME => Ok(Verdict::Keep),
            RecordType::SENDER if !self.has_sender => {
                self.has_sender = true;
                address(kind, data)
            }
            RecordType::VERP if data.len() == 2 => Ok(Verdict::Keep),
            RecordType::VERP => Err(Fault::Malformed(kind)),
            RecordType::ATTRIBUTE => attribute(data),
            RecordType::RECIPIENT => self.recipient(data),
            RecordType::MESSAGE if !self.has_sender => Err(Fault::NoSender),
            RecordType::MESSAGE => {
                self.part = Part::Content;
                empty(kind, data)
            }
            _ => Err(Fault::Unexpected(kind)),
        }
    }

    fn check_content(&mut self, kind: RecordType, data: &[u8]) -> Result<Verdict, Fault> {
        match kind {
            RecordType::LINE | RecordType::PARTIAL => Ok(Verdict::Keep),
            RecordType::EXTRACTED => {
                self.part = Part::Extracted;
                empty(kind, data)
            }
            _ => Err(Fault::Unexpected(kind)),
        }
    }

    fn check_extracted(&mut self, kind: RecordType, data: &[u8]) -> Result<Verdict, Fault> {
        match kind {
            RecordType::RECIPIENT => self.recipient(data),
            RecordType::ATTRIBUTE => attribute(data),
            RecordType::END if self.recipients == 0 => Err(Fault::NoRecipient),
            RecordType::END => {
                self.part = Part::Done;
                empty(kind, data)
            }
            _ => Err(Fault::Unexpected(kind)),
        }
    }

    fn recipient(&mut self, data: &[u8]) -> Result<Verdict, Fault> {
        self.recipients += 1;
        address(RecordType::RECIPIENT, data)
    }
}

fn address(kind: RecordType, data: &[u8]) -> Result<Verdict, Fault> {
    match Address::new(data) {
        Ok(_) => Ok(Verdict::Keep),
        Err(_) => Err(Fault::Malformed(kind)),
    }
}

const fn empty(kind: RecordType, data: &[u8]) -> Result<Verdict, Fault> {
    if data.is_empty() {
        Ok(Verdict::Keep)
    } else {
        Err(Fault::Malformed(kind))
    }
}

fn attribute(data: &[u8]) -> Result<Verdict, Fault> {
    let malformed = Fault::Malformed(RecordType::ATTRIBUTE);
    let (name, value) = name_value(data).ok_or(malformed)?;
    let number = || std::str::from_utf8(value).ok()?.trim().parse::<u32>().ok();
    let good = match name {
        b"rewrite_context" => matches!(value, b"local" | b"remote"),
        b"encoding" => matches!(value, b"7bit" | b"8bit"),
        b"envelope_id" | b"dsn_orig_rcpt" => value.iter().all(|b| (b' '..=b'~').contains(b)),
        b"ret_flags" => matches!(number(), Some(1 | 2)),
        b"notify_flags" => number()
            .and_then(|bits| Notify::from_bits(u8::try_from(bits).ok()?))
            .is_some(),
        b"trace_flags" => number().is_some_and(|flags| flags & !USER_TRACE_FLAGS == 0),
        _ => return Ok(Verdict::Ignore),
    };
    if good {
        Ok(Verdict::Keep)
    } else {
        Err(malformed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(submission: &mut Submission, records: &[(u8, &str)]) -> Result<(), Fault> {
        records.iter().try_for_each(|(kind, data)| {
            submission
                .check(RecordType(*kind), data.as_bytes())
                .map(drop)
        })
    }

    const GOOD: &[(u8, &str)] = &[
        (b'A', "rewrite_context=local"),
        (b'F', "A Name"),
        (b'S', "me@example.com"),
        (b'A', "trace_flags=1024"),
        (b'A', "notify_flags=10"),
        (b'R', "you"),
        (b'M', ""),
        (b'N', "Subject: x"),
        (b'L', "long"),
        (b'X', ""),
        (b'R', "another"),
        (b'E', ""),
    ];

    #[test]
    fn a_good_one_is_kept() {
        let mut submission = Submission::input();
        run(&mut submission, GOOD).unwrap();
        assert!(submission.is_complete());
        let mut submission = Submission::file();
        run(&mut submission, &[(b'T', "1 2")]).unwrap();
        run(&mut submission, GOOD).unwrap();
        assert!(submission.is_complete());
    }

    #[test]
    fn attacks_are_malformed() {
        for bad in [
            &[(b'S', "a\nb")][..],
            &[(b'S', "a\0b")],
            &[(b'S', "a"), (b'S', "b")],
            &[(b'L', "smtp:evil")],
            &[(b'D', "x")],
            &[(0, "")],
            &[(b'p', "              0")],
            &[(b'A', "trace_flags=256")],
            &[(b'A', "notify_flags=3")],
            &[(b'A', "rewrite_context=x")],
            &[(b'M', "")],
            &[(b'S', ""), (b'M', ""), (b'N', "x\n.")],
            &[(b'S', ""), (b'M', ""), (b'R', "x")],
            &[(b'S', ""), (b'M', ""), (b'X', ""), (b'E', "")],
            &[(b'S', ""), (b'R', "a"), (b'E', "")],
        ] {
            assert!(run(&mut Submission::input(), bad).is_err(), "{bad:?}");
        }
        let mut done = Submission::input();
        run(&mut done, GOOD).unwrap();
        assert!(run(&mut done, &[(b'R', "late")]).is_err());
        assert!(run(&mut Submission::file(), GOOD).is_err());
    }

    #[test]
    fn unknown_attributes_are_left_out() {
        let verdict = Submission::input().check(RecordType::ATTRIBUTE, b"sasl_username=root");
        assert_eq!(verdict, Ok(Verdict::Ignore));
    }

    proptest! {
        #[test]
        fn any_records_end(records: Vec<(u8, Vec<u8>)>) {
            let mut submission = Submission::input();
            for (kind, data) in records {
                if submission.check(RecordType(kind), &data).is_err() {
                    break;
                }
            }
        }
    }
}
