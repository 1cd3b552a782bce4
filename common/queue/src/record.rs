//! One record: a type byte, the length to the base 128 (low digits first, the last byte without its high bit), the data.

use std::fmt;

/// The longest record that is read when nothing smaller is asked for, in bytes.
pub const MAX_LENGTH: usize = 1 << 20;

/// A record's type: the byte that stands before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordType(pub u8);

impl RecordType {
    /// Message size and other numbers, [`crate::SizeRecord`]; the first record of a queue file.
    pub const SIZE: Self = Self(b'C');
    /// When the message arrived: seconds and microseconds.
    pub const TIME: Self = Self(b'T');
    /// When the file was made, in files of old releases.
    pub const CREATED: Self = Self(b'c');
    /// The sender's full name.
    pub const FULL_NAME: Self = Self(b'F');
    /// Content inspector.
    pub const INSPECTOR: Self = Self(b'I');
    /// Content filter, `transport:nexthop`; among content the same byte is [`RecordType::PARTIAL`].
    pub const FILTER: Self = Self(b'L');
    /// The sender's address.
    pub const SENDER: Self = Self(b'S');
    /// A recipient that has its mail.
    pub const DONE: Self = Self(b'D');
    /// A recipient that waits for the mail.
    pub const RECIPIENT: Self = Self(b'R');
    /// The next recipient's original address.
    pub const ORIGINAL: Self = Self(b'O');
    /// A recipient that was taken off.
    pub const CANCELLED: Self = Self(b'/');
    /// When to warn the sender of the delay: seconds, in fifteen columns.
    pub const WARN: Self = Self(b'W');
    /// `name=value`.
    pub const ATTRIBUTE: Self = Self(b'A');
    /// A record that was struck out in place.
    pub const KILLED: Self = Self(b'K');
    /// The content starts here.
    pub const MESSAGE: Self = Self(b'M');
    /// A line of content, or the end of one.
    pub const LINE: Self = Self(b'N');
    /// The beginning or middle of a line of content.
    pub const PARTIAL: Self = Self(b'L');
    /// Reading goes on at another offset, in fifteen columns; 0 for the next record.
    pub const POINTER: Self = Self(b'p');
    /// Room for an edit in place.
    pub const PADDING: Self = Self(b'w');
    /// The content ends here.
    pub const EXTRACTED: Self = Self(b'X');
    /// Return-Receipt-To: address.
    pub const RETURN_RECEIPT: Self = Self(b'r');
    /// Errors-To: address.
    pub const ERRORS_TO: Self = Self(b'e');
    /// Precedence:.
    pub const PRIORITY: Self = Self(b'P');
    /// Deliver to this address instead of all recipients.
    pub const REDIRECT: Self = Self(b'>');
    /// VERP delimiters.
    pub const VERP: Self = Self(b'V');
    /// Cleanup's flags.
    pub const FLAGS: Self = Self(b'f');
    /// How long delivery was held back.
    pub const DELAY: Self = Self(b'd');
    /// How many milters saw the message.
    pub const MILTER_COUNT: Self = Self(b'm');
    /// RFC 3461 RET, in files of old releases.
    pub const DSN_RET: Self = Self(b'<');
    /// RFC 3461 ENVID, in files of old releases.
    pub const DSN_ENVID: Self = Self(b'i');
    /// RFC 3461 ORCPT of the next recipient, in files of old releases.
    pub const DSN_ORCPT: Self = Self(b'o');
    /// RFC 3461 NOTIFY of the next recipient, in files of old releases.
    pub const DSN_NOTIFY: Self = Self(b'n');
    /// The end of a complete queue file.
    pub const END: Self = Self(b'E');
}

impl fmt::Debug for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", char::from(self.0))
    }
}

/// Append a record to a buffer.
pub fn put(buffer: &mut Vec<u8>, kind: RecordType, data: &[u8]) {
    buffer.push(kind.0);
    put_length(buffer, data.len());
    buffer.extend_from_slice(data);
}

/// Append a `name=value` attribute record.
pub fn put_attribute(buffer: &mut Vec<u8>, name: &str, value: &[u8]) {
    buffer.push(RecordType::ATTRIBUTE.0);
    put_length(buffer, name.len() + 1 + value.len());
    buffer.extend_from_slice(name.as_bytes());
    buffer.push(b'=');
    buffer.extend_from_slice(value);
}

fn put_length(buffer: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    loop {
        let digit = u8::try_from(rest & 0x7F).unwrap_or_default();
        rest >>= 7;
        if rest == 0 {
            buffer.push(digit);
            return;
        }
        buffer.push(digit | 0x80);
    }
}

/// What stands at the start of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Head {
    /// A record head of `head` bytes, followed by `length` bytes of data.
    Complete {
        /// The record's type.
        kind: RecordType,
        /// Bytes of type and length.
        head: usize,
        /// Bytes of data.
        length: usize,
    },
    /// The bytes end within the head.
    Incomplete,
    /// The length does not fit 31 bits.
    Malformed,
}

/// Read a record's type and length.
#[must_use]
pub fn head(bytes: &[u8]) -> Head {
    let Some((&kind, digits)) = bytes.split_first() else {
        return Head::Incomplete;
    };
    let mut length: u64 = 0;
    for (place, &byte) in (0_u32..).zip(digits) {
        if place >= 5 {
            return Head::Malformed;
        }
        length |= u64::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            let Some(length) = usize::try_from(length).ok().filter(|&n| n < 1 << 31) else {
                return Head::Malformed;
            };
            return Head::Complete {
                kind: RecordType(kind),
                head: place as usize + 2,
                length,
            };
        }
    }
    if digits.len() >= 5 {
        Head::Malformed
    } else {
        Head::Incomplete
    }
}

/// Take one record off the front of a block; `None` when the block does not hold a whole one.
#[must_use]
pub fn split(block: &[u8]) -> Option<(RecordType, &[u8], &[u8])> {
    let Head::Complete { kind, head, length } = head(block) else {
        return None;
    };
    let rest = block.get(head..)?;
    let (data, rest) = rest.split_at_checked(length)?;
    Some((kind, data, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_as_the_reference_writes_them() {
        for (length, digits) in [
            (0, vec![0]),
            (127, vec![127]),
            (128, vec![0x80, 1]),
            (2048, vec![0x80, 0x10]),
        ] {
            let mut bytes = Vec::new();
            put(&mut bytes, RecordType::PARTIAL, &vec![b'x'; length]);
            assert_eq!(bytes.first(), Some(&b'L'));
            assert_eq!(bytes.get(1..=digits.len()), Some(digits.as_slice()));
        }
    }

    #[test]
    fn a_length_beyond_31_bits_is_refused() {
        assert_eq!(head(b"N\xff\xff\xff\xff\xff"), Head::Malformed);
        assert_eq!(head(b"N\xff\xff\xff\xff\x0f"), Head::Malformed);
        assert_eq!(head(b"N\xff\xff\xff\xff"), Head::Incomplete);
    }

    proptest! {
        #[test]
        fn what_is_put_is_split(kind: u8, data: Vec<u8>, tail: Vec<u8>) {
            let mut bytes = Vec::new();
            put(&mut bytes, RecordType(kind), &data);
            bytes.extend_from_slice(&tail);
            prop_assert_eq!(split(&bytes), Some((RecordType(kind), data.as_slice(), tail.as_slice())));
        }

        #[test]
        fn any_bytes_are_split_or_not(bytes: Vec<u8>) {
            let _ = split(&bytes);
        }
    }
}
