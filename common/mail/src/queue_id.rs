//! The name of a queue file: letters, digits and `_`, in the short or the long form.

use std::fmt;

use postcard_schema::Schema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest queue id that is accepted, in bytes.
pub const MAX_LENGTH: usize = 100;

/// A valid queue id.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct QueueId(String);

impl QueueId {
    /// Check text that claims to be a queue id; `None` when it cannot be one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let valid = !text.is_empty()
            && text.len() <= MAX_LENGTH
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        valid.then(|| Self(text.to_owned()))
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
