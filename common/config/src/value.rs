//! What parameters are worth: the types of fields, and how text becomes one.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use text::{time, token};

use crate::error::Error;
use crate::table::Spec;

/// What the values of a parameter look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// yes or no.
    Bool,
    /// A whole number.
    Number,
    /// A number with a unit of time.
    Time,
    /// Text.
    Text,
    /// Names with commas or white space between.
    List,
    /// Lookup tables, `type:name`, with commas or white space between.
    Tables,
    /// Text in which `$name` stays, for the program to expand when it is used.
    Raw,
}

/// A type that a parameter can have.
pub trait Value: Sized {
    /// What its text looks like.
    const KIND: Kind;

    /// Read the text, expanded unless it is raw.
    fn read(spec: &Spec, text: &str) -> Result<Self, Error>;
}

impl Value for bool {
    const KIND: Kind = Kind::Bool;

    fn read(spec: &Spec, text: &str) -> Result<Self, Error> {
        if text.eq_ignore_ascii_case("yes") {
            Ok(true)
        } else if text.eq_ignore_ascii_case("no") {
            Ok(false)
        } else {
            Err(Error::bad_boolean(spec.name, text))
        }
    }
}

macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl Value for $type {
            const KIND: Kind = Kind::Number;

            fn read(spec: &Spec, text: &str) -> Result<Self, Error> {
                let number: i64 = text.parse().map_err(|_| Error::bad_number(spec.name, text))?;
                in_bounds(spec, number)?;
                Self::try_from(number).map_err(|_| Error::bad_number(spec.name, text))
            }
        }
    )+};
}

numbers!(u8, u16, u32, u64, usize, i64);

fn in_bounds(spec: &Spec, number: i64) -> Result<(), Error> {
    let bound = |bound: u64| i64::try_from(bound).unwrap_or(i64::MAX);
    if spec.min != 0 && number < bound(spec.min) {
        return Err(Error::NumberBelow {
            name: spec.name.to_owned(),
            number,
            min: spec.min,
        });
    }
    if spec.max != 0 && number > bound(spec.max) {
        return Err(Error::NumberAbove {
            name: spec.name.to_owned(),
            number,
            max: spec.max,
        });
    }
    Ok(())
}

impl Value for Duration {
    const KIND: Kind = Kind::Time;

    fn read(spec: &Spec, text: &str) -> Result<Self, Error> {
        let seconds = time::seconds(text, time::unit_of(spec.default))
            .ok_or_else(|| Error::bad_time(spec.name, text))?;
        if spec.min != 0 && seconds < spec.min {
            return Err(Error::TimeBelow {
                name: spec.name.to_owned(),
                seconds,
                min: spec.min,
            });
        }
        if spec.max != 0 && seconds > spec.max {
            return Err(Error::TimeAbove {
                name: spec.name.to_owned(),
                seconds,
                max: spec.max,
            });
        }
        Ok(Self::from_secs(seconds))
    }
}

fn length_in_bounds(spec: &Spec, text: &str) -> Result<(), Error> {
    let length = text.len() as u64;
    let value = || text.to_owned();
    if length < spec.min {
        return Err(Error::TooShort {
            name: spec.name.to_owned(),
            value: value(),
            min: spec.min,
        });
    }
    if spec.max != 0 && length > spec.max {
        return Err(Error::TooLong {
            name: spec.name.to_owned(),
            value: value(),
            max: spec.max,
        });
    }
    Ok(())
}

impl Value for String {
    const KIND: Kind = Kind::Text;

    fn read(spec: &Spec, text: &str) -> Result<Self, Error> {
        length_in_bounds(spec, text)?;
        Ok(text.to_owned())
    }
}

/// Text in which `$name` is not expanded when the program starts but when the text is used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Raw(pub String);

impl Value for Raw {
    const KIND: Kind = Kind::Raw;

    fn read(spec: &Spec, text: &str) -> Result<Self, Error> {
        length_in_bounds(spec, text)?;
        Ok(Self(text.to_owned()))
    }
}

impl Deref for Raw {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A list of names, in order; a member may be `{ text with, separators }`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Words(Vec<String>);

/// A list of lookup tables, each as `type:name`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct TableList(Vec<String>);

macro_rules! lists {
    ($($type:ty => $kind:expr),+) => {$(
        impl Value for $type {
            const KIND: Kind = $kind;

            fn read(spec: &Spec, text: &str) -> Result<Self, Error> {
                length_in_bounds(spec, text)?;
                Ok(Self::from(text))
            }
        }

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                Self(token::groups(text).map(str::to_owned).collect())
            }
        }

        impl Deref for $type {
            type Target = [String];

            fn deref(&self) -> &[String] {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0.join(", "))
            }
        }
    )+};
}

lists!(Words => Kind::List, TableList => Kind::Tables);

impl Words {
    /// Whether `word` is in the list, upper and lower case alike.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.0
            .iter()
            .any(|member| member.eq_ignore_ascii_case(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn spec(min: u64, max: u64, default: &'static str) -> Spec {
        Spec {
            name: "x",
            kind: Kind::Number,
            min,
            max,
            default,
            doc: "",
        }
    }

    fn fails<T: Value + fmt::Debug>(spec: &Spec, text: &str) -> String {
        T::read(spec, text).unwrap_err().to_string()
    }

    /// The texts are those that the reference logs.
    #[test]
    fn mistakes_are_worded_as_administrators_know_them() {
        assert_eq!(
            fails::<u64>(&spec(0, 0, "1"), "9z"),
            "bad numerical configuration: x = 9z"
        );
        assert_eq!(
            fails::<u64>(&spec(512, 0, "1"), "-5"),
            "invalid x parameter value -5 < 512"
        );
        assert_eq!(
            fails::<u64>(&spec(1, 5, "1"), "9"),
            "invalid x parameter value 9 > 5"
        );
        assert_eq!(
            fails::<bool>(&spec(0, 0, "no"), "maybe"),
            "bad boolean configuration: x = maybe"
        );
        assert_eq!(
            fails::<Duration>(&spec(1, 0, "5s"), "0"),
            "invalid x: 0 (min 1)"
        );
        assert_eq!(
            fails::<Duration>(&spec(1, 0, "5s"), "5x"),
            "parameter x: bad time value or unit: 5x"
        );
        assert_eq!(
            fails::<String>(&spec(1, 0, "a"), ""),
            "bad string length 0 < 1: x = "
        );
        assert_eq!(
            fails::<String>(&spec(2, 2, "+="), "+=x"),
            "bad string length 3 > 2: x = +=x"
        );
    }

    #[test]
    fn values() {
        assert_eq!(
            Duration::read(&spec(0, 0, "1d"), "2"),
            Ok(Duration::from_secs(172_800))
        );
        assert_eq!(bool::read(&spec(0, 0, "no"), "Yes"), Ok(true));
        let words = Words::read(&spec(0, 0, ""), "a, {b c} d").unwrap();
        assert_eq!(&words[..], ["a", "{b c}", "d"]);
        assert!(words.has("A"));
    }
}
