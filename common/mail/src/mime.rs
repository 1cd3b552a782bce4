//! The walk through a message line by line (RFC 5322, RFC 2045, RFC 2046): which line is header and which is body.
//!
//! A [`Walk`] takes lines as queue files have them and tells a [`Sink`] of whole headers, with the kind of header block
//! they stand in, and of body lines. It follows multipart and message/rfc822 parts, reports what breaks the rules, and,
//! when asked to, turns 8-bit bodies into quoted-printable for peers without 8BITMIME. It never fails and never keeps
//! more than one header in memory.

use crate::header::{self, Header, Kind};
pub use content::Encoding;
use content::{ContentType, Multipart};
pub use downgrade::Downgrade;
use quoted_printable::QuotedPrintable;

mod content;
mod downgrade;
mod quoted_printable;

/// In what kind of header block a header stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Block {
    /// The message's own.
    Primary,
    /// A body part's.
    Part,
    /// An attached message's.
    Nested,
}

/// A whole header, as it was written: lines are separated by LF, none at the end.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Where it stands.
    pub block: Block,
    /// What is known about it.
    pub known: Option<&'static Header>,
    /// Its name, without blanks.
    pub name: &'a [u8],
    /// What follows the colon.
    pub value: &'a [u8],
    /// All of it.
    pub text: &'a [u8],
}

/// What the walk tells.
pub trait Sink {
    /// A header.
    fn header(&mut self, line: Line<'_>);
    /// The message's own headers are over; the empty line follows as body.
    fn headers_end(&mut self) {}
    /// A body line, or with `partial` a part of one.
    fn body(&mut self, text: &[u8], partial: bool);
    /// Something that is not as it should be.
    fn fault(&mut self, fault: Fault, text: &[u8]) {
        let _ = (fault, text);
    }
}

/// What is wrong with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Fault {
    /// Parts within parts, deeper than allowed.
    Nesting,
    /// A header is longer than allowed; the rest of it is lost.
    HeaderTooLong,
    /// Bytes above 127 in a header.
    EightBitHeader,
    /// Bytes above 127 in a body that claims to have none.
    EightBitBody,
    /// A multipart or message part in an encoding that such parts must not have.
    EncodingDomain,
}

impl Fault {
    /// What is wrong, in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Nesting => "MIME nesting exceeds safety limit",
            Self::HeaderTooLong => "message header length exceeds safety limit",
            Self::EightBitHeader => "improper use of 8-bit data in message header",
            Self::EightBitBody => "improper use of 8-bit data in message body",
            Self::EncodingDomain => "invalid message/* or multipart/* encoding domain",
        }
    }
}

/// How to walk; the names are those of main.cf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Do not look into the body at all (`disable_mime_input_processing`).
    pub disable: bool,
    /// `mime_nesting_limit`.
    pub nesting_limit: usize,
    /// `mime_boundary_length_limit`, in bytes.
    pub boundary_length_limit: usize,
    /// `header_size_limit`, in bytes.
    pub header_size_limit: usize,
    /// Report bytes above 127 in headers (`strict_7bit_headers`).
    pub check_headers: bool,
    /// Report bytes above 127 in 7-bit bodies (`strict_8bitmime_body`).
    pub check_bodies: bool,
    /// Report wrong encodings of composite parts (`strict_mime_encoding_domain`).
    pub check_domains: bool,
    /// Turn 8-bit bodies into quoted-printable.
    pub downgrade: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            disable: false,
            nesting_limit: 100,
            boundary_length_limit: 2048,
            header_size_limit: 102_400,
            check_headers: false,
            check_bodies: false,
            check_domains: false,
            downgrade: false,
        }
    }
}

/// Where the walk is.
pub struct Walk {
    options: Options,
    place: Place,
    /// The header that is being collected.
    pending: Vec<u8>,
    /// Whether more of the pending header is dropped.
    truncated: bool,
    /// Whether the last text was a part of a line that goes on.
    inside_line: bool,
    /// What the current header block has said about its body.
    content: ContentType,
    encoding: Option<Encoding>,
    stack: Vec<Multipart>,
    converter: Option<QuotedPrintable>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Header(Block),
    Body,
}

impl Walk {
    /// A walk that starts at a message's first header.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            place: Place::Header(Block::Primary),
            pending: Vec::new(),
            truncated: false,
            inside_line: false,
            content: ContentType::default(),
            encoding: None,
            stack: Vec::new(),
            converter: None,
        }
    }

    /// Whether the message's own headers are not over yet.
    #[must_use]
    pub const fn in_primary_header(&self) -> bool {
        matches!(self.place, Place::Header(Block::Primary))
    }

    /// The next line, or with `partial` a piece of one that the next call goes on with.
    pub fn line(&mut self, text: &[u8], partial: bool, sink: &mut impl Sink) {
        let starts = !self.inside_line;
        self.inside_line = partial;
        match self.place {
            Place::Header(block) => self.header_line(block, text, starts, sink),
            Place::Body => self.body_line(text, starts, sink),
        }
    }

    /// The message is over.
    pub fn end(&mut self, sink: &mut impl Sink) {
        if let Place::Header(block) = self.place {
            self.finish_header(block, sink);
            self.enter_body(block, sink);
        }
    }

    fn header_line(&mut self, block: Block, text: &[u8], starts: bool, sink: &mut impl Sink) {
        if !starts {
            if self.pending.is_empty() {
                // The rest of a line that ended the headers.
                return self.body_line(text, starts, sink);
            }
            return self.extend_header(text);
        }
        if !self.pending.is_empty() && matches!(text.first(), Some(b' ' | b'\t')) {
            self.extend_header(b"\n");
            return self.extend_header(text);
        }
        self.finish_header(block, sink);
        if header::split(text).is_some() {
            self.extend_header(text);
            return;
        }
        self.enter_body(block, sink);
        if text.is_empty() {
            return self.separator(sink);
        }
        let nested = self.place != Place::Body;
        if nested {
            // No empty line before an attached message's headers: they start here.
            return self.line_again(text, sink);
        }
        if block == Block::Primary {
            sink.body(b"", false);
        }
        self.body_line(text, starts, sink);
    }

    /// The empty line after headers belongs to the body, and is never converted.
    fn separator(&mut self, sink: &mut impl Sink) {
        sink.body(b"", false);
    }

    fn line_again(&mut self, text: &[u8], sink: &mut impl Sink) {
        let partial = self.inside_line;
        self.inside_line = false;
        self.place = Place::Body;
        self.line(text, partial, sink);
    }

    fn extend_header(&mut self, text: &[u8]) {
        let room = self
            .options
            .header_size_limit
            .saturating_sub(self.pending.len());
        let taken = text.get(..room.min(text.len())).unwrap_or_default();
        self.pending.extend_from_slice(taken);
        self.truncated |= taken.len() < text.len();
    }

    fn finish_header(&mut self, block: Block, sink: &mut impl Sink) {
        let text = std::mem::take(&mut self.pending);
        if let Some((name, value)) = header::split(&text) {
            if std::mem::take(&mut self.truncated) {
                let sample = text.get(..text.len().min(100)).unwrap_or_default();
                sink.fault(Fault::HeaderTooLong, sample);
            }
            if self.options.check_headers && !text.is_ascii() {
                sink.fault(Fault::EightBitHeader, &text);
            }
            let known = header::find(name);
            if !self.take_mime_header(known, value) {
                sink.header(Line {
                    block,
                    known,
                    name,
                    value,
                    text: &text,
                });
            }
        }
        self.pending = text;
        self.pending.clear();
    }

    /// Note what a header says of the body; true when it is held back because another one replaces it.
    fn take_mime_header(&mut self, known: Option<&Header>, value: &[u8]) -> bool {
        if self.options.disable {
            return false;
        }
        match known.map(|header| header.kind) {
            Some(Kind::ContentType) => {
                self.content = ContentType::parse(value, self.options.boundary_length_limit);
                false
            }
            Some(Kind::ContentTransferEncoding) => {
                let encoding = Encoding::parse(value);
                self.encoding = Some(encoding);
                self.options.downgrade && encoding.is_identity()
            }
            _ => false,
        }
    }

    /// A header block is over: what it said decides what follows.
    fn enter_body(&mut self, block: Block, sink: &mut impl Sink) {
        let content = std::mem::take(&mut self.content);
        let encoding = self.encoding.take();
        self.place = Place::Body;
        self.converter = None;
        if self.options.downgrade
            && let Some(claimed) = encoding
            && claimed.is_identity()
        {
            self.announce_conversion(block, &content, claimed, sink);
        }
        if block == Block::Primary {
            sink.headers_end();
        }
        if self.options.disable {
            return;
        }
        let encoding = encoding.unwrap_or(Encoding::SevenBit);
        if content.is_composite() && self.options.check_domains && !encoding.is_identity() {
            sink.fault(Fault::EncodingDomain, encoding.name().as_bytes());
        }
        self.descend(content, encoding, sink);
    }

    fn announce_conversion(
        &mut self,
        block: Block,
        content: &ContentType,
        claimed: Encoding,
        sink: &mut impl Sink,
    ) {
        let convert = claimed != Encoding::SevenBit && !content.is_composite();
        let value: &[u8] = if convert {
            b" quoted-printable"
        } else {
            b" 7bit"
        };
        if convert {
            self.converter = Some(QuotedPrintable::default());
        }
        let name = b"Content-Transfer-Encoding";
        sink.header(Line {
            block,
            known: header::find(name),
            name,
            value,
            text: &[name, b":".as_slice(), value].concat(),
        });
    }

    fn descend(&mut self, content: ContentType, encoding: Encoding, sink: &mut impl Sink) {
        match content {
            ContentType::Multipart(multipart) => {
                if self.stack.len() >= self.options.nesting_limit {
                    sink.fault(Fault::Nesting, &multipart.boundary);
                } else {
                    self.stack.push(multipart);
                }
            }
            ContentType::Message if encoding.is_identity() => {
                self.place = Place::Header(Block::Nested);
            }
            ContentType::Default if self.in_digest() && encoding.is_identity() => {
                self.place = Place::Header(Block::Nested);
            }
            ContentType::Message | ContentType::Default | ContentType::Leaf => {
                // Kept for the check of body lines.
                self.encoding = Some(encoding);
            }
        }
    }

    /// Whether a part without a type is an attached message.
    fn in_digest(&self) -> bool {
        self.stack.last().is_some_and(|outer| outer.digest)
    }

    fn body_line(&mut self, text: &[u8], starts: bool, sink: &mut impl Sink) {
        self.place = Place::Body;
        if starts && text.starts_with(b"--") && self.is_boundary(text) {
            self.content = ContentType::default();
            self.encoding = None;
            self.converter = None;
            return sink.body(text, self.inside_line);
        }
        if self.options.check_bodies
            && !text.is_ascii()
            && !self.encoding.unwrap_or(Encoding::SevenBit).allows_8bit()
        {
            sink.fault(Fault::EightBitBody, text);
        }
        match &mut self.converter {
            None => sink.body(text, self.inside_line),
            Some(converter) => converter.line(text, self.inside_line, |line| {
                sink.body(line, false);
            }),
        }
    }

    /// Whether a line is a boundary of a part we are in; if so, go where it leads.
    fn is_boundary(&mut self, line: &[u8]) -> bool {
        let after = line.get(2..).unwrap_or_default();
        let Some(depth) = self
            .stack
            .iter()
            .rposition(|part| after.starts_with(&part.boundary))
        else {
            return false;
        };
        let length = self.stack.get(depth).map_or(0, |part| part.boundary.len());
        let closes = after
            .get(length..)
            .is_some_and(|end| end.starts_with(b"--"));
        if closes {
            self.stack.truncate(depth);
            self.place = Place::Body;
        } else {
            self.stack.truncate(depth + 1);
            self.place = Place::Header(Block::Part);
        }
        true
    }
}

#[cfg(test)]
mod tests;
