//! An envelope address, in internal (unquoted) form; the null sender is the empty address.
//!
//! Built from outside bytes by [`Address::new`] or by decoding a record; both refuse what can never stand in an
//! envelope (NUL, CR, LF, more than [`MAX_LENGTH`] bytes).

use std::fmt;

use postcard_schema::Schema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest address that is carried between programs, in bytes.
pub const MAX_LENGTH: usize = 10_000;

/// An envelope address as bytes, without quotes: `user@domain`, `user`, or nothing for the null sender.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Address(Vec<u8>);

/// Why bytes are no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// More than [`MAX_LENGTH`] bytes.
    TooLong,
    /// A NUL, carriage return or line feed.
    ForbiddenByte,
}

impl Address {
    /// Take bytes in internal form.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, AddressError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_LENGTH {
            return Err(AddressError::TooLong);
        }
        if bytes.iter().any(|b| matches!(b, 0 | b'\r' | b'\n')) {
            return Err(AddressError::ForbiddenByte);
        }
        Ok(Self(bytes))
    }

    /// The null sender, `<>`.
    #[must_use]
    pub const fn null() -> Self {
        Self(Vec::new())
    }

    /// Whether this is the null sender.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes, in internal form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What stands before the last `@`, or all of it.
    #[must_use]
    pub fn local_part(&self) -> &[u8] {
        match self.0.iter().rposition(|&b| b == b'@') {
            Some(at) => self.0.get(..at).unwrap_or_default(),
            None => &self.0,
        }
    }

    /// What stands after the last `@`; `None` without one.
    #[must_use]
    pub fn domain(&self) -> Option<&[u8]> {
        let at = self.0.iter().rposition(|&b| b == b'@')?;
        self.0.get(at + 1..)
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "address longer than {MAX_LENGTH} bytes"),
            Self::ForbiddenByte => write!(f, "address with a NUL, CR or LF"),
        }
    }
}

impl std::error::Error for AddressError {}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", String::from_utf8_lossy(&self.0))
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        Self::new(bytes.into_vec()).map_err(serde::de::Error::custom)
    }
}

impl Schema for Address {
    const SCHEMA: &'static postcard_schema::schema::NamedType = <Vec<u8> as Schema>::SCHEMA;
}
