//! The name of a queue file: letters, digits and `_`, in the short or the long form.
//!
//! Made from the moment and the inode of a new file ([`QueueId::short`], [`QueueId::long`]), or read from outside text by
//! [`QueueId::new`]. A short id is the microseconds and the inode in hexadecimal and repeats in time; a long id also has
//! the seconds and never repeats (main.cf `enable_long_queue_ids`). Both forms may stand in one queue.

use std::fmt;

use postcard_schema::Schema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest queue id that is accepted, in bytes.
pub const MAX_LENGTH: usize = 100;

/// A valid queue id.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct QueueId(String);

/// The moment and file a long queue id was made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LongParts {
    /// Seconds since 1970.
    pub seconds: u64,
    /// 0 to 999999.
    pub micros: u32,
    /// The inode number of the file.
    pub inode: u64,
}

impl QueueId {
    /// Check text that claims to be a queue id; `None` when it cannot be one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let valid = !text.is_empty()
            && text.len() <= MAX_LENGTH
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        valid.then(|| Self(text.to_owned()))
    }

    /// The short form: microseconds in at least five hexadecimal digits, then the inode.
    #[must_use]
    pub fn short(micros: u32, inode: u64) -> Self {
        Self(format!("{micros:05X}{inode:X}"))
    }

    /// The long form: seconds and microseconds to the base 52, `z`, inode to the base 51.
    #[must_use]
    pub fn long(parts: LongParts) -> Self {
        let mut text = String::with_capacity(20);
        push_digits(&mut text, parts.seconds, 52, SECONDS_DIGITS);
        push_digits(&mut text, u64::from(parts.micros), 52, MICROS_DIGITS);
        text.push('z');
        push_digits(&mut text, parts.inode, 51, 1);
        Self(text)
    }

    /// What a long id was made from; `None` for a short one.
    #[must_use]
    pub fn long_parts(&self) -> Option<LongParts> {
        let (moment, inode) = self.0.rsplit_once('z')?;
        if moment.len() < SECONDS_DIGITS + MICROS_DIGITS || inode.is_empty() {
            return None;
        }
        let (seconds, micros) = moment.split_at_checked(moment.len() - MICROS_DIGITS)?;
        let micros = u32::try_from(from_digits(micros, 52)?).ok()?;
        (micros < 1_000_000).then_some(LongParts {
            seconds: from_digits(seconds, 52)?,
            micros,
            inode: from_digits(inode, 51)?,
        })
    }

    /// A short id's microseconds as they are written, and the inode after them, if there is one; `None` for a long id and
    /// for other names.
    #[must_use]
    pub fn short_parts(&self) -> Option<(&str, Option<u64>)> {
        if !self.0.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let (micros, inode) = self.0.split_at_checked(5)?;
        Some((micros, u64::from_str_radix(inode, 16).ok()))
    }

    /// The text whose first characters name the subfolders of a hashed queue folder.
    #[must_use]
    pub fn hash_text(&self) -> String {
        match self.long_parts() {
            Some(parts) => format!("{:05X}", parts.micros),
            None => self.0.clone(),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for QueueId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for QueueId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| serde::de::Error::custom("not a queue id"))
    }
}

impl Schema for QueueId {
    const SCHEMA: &'static postcard_schema::schema::NamedType = <String as Schema>::SCHEMA;
}

/// Digits and consonants: no word can come out. The last one is left to separate the inode.
const ALPHABET: &[u8; 52] = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
const SECONDS_DIGITS: usize = 6;
const MICROS_DIGITS: usize = 4;

/// Write a number to a base, with zeros in front up to a width.
fn push_digits(text: &mut String, mut number: u64, base: u64, width: usize) {
    let mut digits = Vec::with_capacity(12);
    while number > 0 || digits.len() < width {
        let digit = usize::try_from(number % base).unwrap_or_default();
        digits.push(ALPHABET.get(digit).copied().unwrap_or(b'0'));
        number /= base;
    }
    text.extend(digits.iter().rev().map(|&b| char::from(b)));
}

fn from_digits(text: &str, base: u64) -> Option<u64> {
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = ALPHABET.iter().position(|&b| b == byte)?;
        let digit = u64::try_from(digit).ok().filter(|&digit| digit < base)?;
        number.checked_mul(base)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that the reference gave to files whose inode and moment were looked at.
    #[test]
    fn the_reference_names() {
        let long = QueueId::long(LongParts {
            seconds: 1_795_196_128,
            micros: 143_913,
            inode: 10_010_633,
        });
        assert_eq!(long.as_str(), "4jWMtS11CYz1SRkv");
        assert!(long.hash_text().starts_with("232"));
        assert_eq!(long.long_parts().map(|parts| parts.inode), Some(10_010_633));
        assert_eq!(long.short_parts(), None);

        let short = QueueId::short(0x43524, 10_011_963);
        assert_eq!(short.as_str(), "4352498C53B");
        assert_eq!(short.short_parts(), Some(("43524", Some(10_011_963))));
        assert_eq!(short.long_parts(), None);
        assert_eq!(QueueId::short(0x1A, 255).as_str(), "0001AFF");
    }

    #[test]
    fn what_is_no_queue_id() {
        for text in ["", "a/b", "..", "a b", "a\0", &"A".repeat(101)] {
            assert_eq!(QueueId::new(text), None, "{text:?}");
        }
        let parts = |text| {
            QueueId::new(text).and_then(|id| {
                id.short_parts()
                    .map(|(micros, inode)| (micros.to_owned(), inode))
            })
        };
        assert_eq!(parts("0000"), None);
        assert_eq!(parts("0000G1"), None);
        assert_eq!(parts("00a00"), Some(("00a00".to_owned(), None)));
        assert_eq!(
            QueueId::new("zzzzzzzzzzz").and_then(|id| id.long_parts()),
            None
        );
    }
}
