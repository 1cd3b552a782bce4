//! Delivery status: the enhanced status code of RFC 3463 and the NOTIFY and RET wishes of RFC 3461.

use std::fmt;

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// An enhanced status code, `class.subject.detail` (RFC 3463).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, Schema)]
pub struct DsnStatus {
    /// 2 success, 4 temporary, 5 permanent.
    pub class: u8,
    /// 0 to 999.
    pub subject: u16,
    /// 0 to 999.
    pub detail: u16,
}

impl DsnStatus {
    /// A status from its three numbers.
    #[must_use]
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self {
            class,
            subject,
            detail,
        }
    }

    /// Read `C.S.D` at the start of text; `None` when there is none. Nothing but the end or white space may follow.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let word = text.split(u8::is_ascii_whitespace).next()?;
        let word = std::str::from_utf8(word).ok()?;
        let mut parts = word.split('.');
        let class: u8 = parts.next()?.parse().ok()?;
        let subject = number(parts.next()?)?;
        let detail = number(parts.next()?)?;
        (matches!(class, 2 | 4 | 5) && parts.next().is_none()).then_some(Self {
            class,
            subject,
            detail,
        })
    }

    /// Split a status off the start of text; the text after it without white space around.
    #[must_use]
    pub fn leading(text: &[u8]) -> (Option<Self>, &[u8]) {
        let text = text.trim_ascii();
        let end = text
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end).unwrap_or((text, b""));
        match Self::parse(word) {
            Some(status) => (Some(status), rest.trim_ascii_start()),
            None => (None, text),
        }
    }

    /// The same status with another class, as soft bounces need it.
    #[must_use]
    pub const fn with_class(self, class: u8) -> Self {
        Self { class, ..self }
    }
}

fn number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for DsnStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// When the sender wants to be told (RFC 3461 NOTIFY); empty when no wish was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize, Schema)]
pub struct Notify(u8);

impl Notify {
    /// Nothing was asked for.
    pub const UNSET: Self = Self(0);
    /// NOTIFY=NEVER.
    pub const NEVER: Self = Self(1);
    /// NOTIFY=SUCCESS.
    pub const SUCCESS: Self = Self(2);
    /// NOTIFY=FAILURE.
    pub const FAILURE: Self = Self(4);
    /// NOTIFY=DELAY.
    pub const DELAY: Self = Self(8);

    /// From the number in a queue file's dsn_notify record; `None` for a contradiction or an unknown bit.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits > 15 || (bits & 1 != 0 && bits != 1) {
            None
        } else {
            Some(Self(bits))
        }
    }

    /// The number in a queue file's dsn_notify record.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether every wish of `other` is in this one.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both wishes together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How much of the message a failure notice returns (RFC 3461 RET).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize, Schema)]
pub enum Ret {
    /// Not said.
    #[default]
    Unset,
    /// RET=FULL.
    Full,
    /// RET=HDRS.
    Headers,
}
