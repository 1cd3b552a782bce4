//! A list with a stated maximum, checked while it is decoded.

use std::ops::Deref;

use postcard_schema::Schema;
use postcard_schema::schema::NamedType;
use serde::{Deserialize, Serialize};

/// At most `MAX` items.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>", bound(deserialize = "T: Deserialize<'de>"))]
pub struct Bounded<T, const MAX: usize>(Vec<T>);

/// More items than the conversation allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooMany;

impl<T, const MAX: usize> Bounded<T, MAX> {
    /// The items.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for Bounded<T, MAX> {
    type Error = TooMany;

    fn try_from(items: Vec<T>) -> Result<Self, TooMany> {
        if items.len() > MAX {
            Err(TooMany)
        } else {
            Ok(Self(items))
        }
    }
}

impl<T, const MAX: usize> Deref for Bounded<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Schema, const MAX: usize> Schema for Bounded<T, MAX> {
    const SCHEMA: &'static NamedType = <Vec<T> as Schema>::SCHEMA;
}

impl std::fmt::Display for TooMany {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("more items than the conversation allows")
    }
}

impl std::error::Error for TooMany {}
