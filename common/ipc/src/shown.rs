//! A message as people read it in the verbose log: `Request { table: "hash:/x", key: "user@example.org", fold: true }`.
//!
//! As `{:?}`, but that bytes are shown as the text that they usually are. What is long is cut. Pure.

use std::fmt::{self, Write};

use serde::Serialize;
use serde::ser::{self, Impossible};

/// How much of one text or byte string is shown.
const LONGEST: usize = 200;

/// The message as text.
pub(crate) fn shown<M: Serialize>(message: &M) -> String {
    let mut shown = Shown(String::new());
    // What cannot be shown is left out; nothing but the log depends on it.
    let _ = message.serialize(&mut shown);
    shown.0
}

struct Shown(String);

/// A struct, tuple, list or map whose members are being written.
struct Members<'a> {
    shown: &'a mut Shown,
    first: bool,
    close: &'static str,
}

#[derive(Debug)]
struct Unshown;

impl fmt::Display for Unshown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not shown")
    }
}

impl std::error::Error for Unshown {}

impl ser::Error for Unshown {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl From<fmt::Error> for Unshown {
    fn from(_: fmt::Error) -> Self {
        Self
    }
}

type Done = Result<(), Unshown>;

impl Shown {
    fn plain(&mut self, value: impl fmt::Display) -> Done {
        Ok(write!(self.0, "{value}")?)
    }

    fn bytes(&mut self, value: &[u8]) -> Done {
        let start = value.get(..LONGEST).unwrap_or(value);
        write!(self.0, "{:?}", String::from_utf8_lossy(start))?;
        match value.len() - start.len() {
            0 => Ok(()),
            rest => Ok(write!(self.0, "... and {rest} bytes")?),
        }
    }

    fn open(
        &mut self,
        open: impl fmt::Display,
        close: &'static str,
    ) -> Result<Members<'_>, Unshown> {
        self.plain(open)?;
        Ok(Members {
            shown: self,
            first: true,
            close,
        })
    }
}

impl Members<'_> {
    fn member<T: Serialize + ?Sized>(&mut self, name: Option<&str>, value: &T) -> Done {
        if !self.first {
            self.shown.plain(", ")?;
        }
        self.first = false;
        if let Some(name) = name {
            self.shown.plain(format_args!("{name}: "))?;
        }
        value.serialize(&mut *self.shown)
    }

    fn close(self) -> Done {
        self.shown.plain(self.close)
    }
}

macro_rules! plain {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Done {
            self.plain(value)
        })*
    };
}

impl<'a> ser::Serializer for &'a mut Shown {
    type Ok = ();
    type Error = Unshown;
    type SerializeSeq = Members<'a>;
    type SerializeTuple = Members<'a>;
    type SerializeTupleStruct = Members<'a>;
    type SerializeTupleVariant = Members<'a>;
    type SerializeMap = Impossible<(), Unshown>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Members<'a>;

    plain!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_f32: f32, serialize_f64: f64, serialize_char: char);

    fn serialize_str(self, value: &str) -> Done {
        self.bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Done {
        self.bytes(value)
    }

    fn serialize_none(self) -> Done {
        self.plain("None")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        self.plain("()")
    }

    fn serialize_unit_struct(self, name: &'static str) -> Done {
        self.plain(name)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.plain(variant)
    }

    /// A newtype is what it holds.
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        let mut members = self.open(format_args!("{variant}("), ")")?;
        members.member(None, value)?;
        members.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'a>, Unshown> {
        self.open("[", "]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Members<'a>, Unshown> {
        self.open("(", ")")
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Members<'a>, Unshown> {
        self.open(format_args!("{name}("), ")")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'a>, Unshown> {
        self.open(format_args!("{variant}("), ")")
    }

    /// No message has one.
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unshown> {
        Err(Unshown)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members<'a>, Unshown> {
        self.open(format_args!("{name} {{ "), " }")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'a>, Unshown> {
        self.open(format_args!("{variant} {{ "), " }")
    }
}

macro_rules! members {
    ($($trait:ident: $method:ident),*) => {
        $(impl ser::$trait for Members<'_> {
            type Ok = ();
            type Error = Unshown;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                self.member(None, value)
            }

            fn end(self) -> Done {
                self.close()
            }
        })*
    };
}

members!(SerializeSeq: serialize_element, SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field);

impl ser::SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Unshown;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        self.member(Some(name), value)
    }

    fn end(self) -> Done {
        self.close()
    }
}

impl ser::SerializeStructVariant for Members<'_> {
    type Ok = ();
    type Error = Unshown;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        self.member(Some(name), value)
    }

    fn end(self) -> Done {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Inner(u16);

    #[derive(Serialize)]
    enum Words {
        Nothing,
        Text(&'static str),
        Named {
            number: Inner,
            list: Vec<Option<bool>>,
        },
    }

    #[derive(Serialize)]
    struct Outer {
        #[serde(with = "bytes")]
        key: Vec<u8>,
        words: Vec<Words>,
    }

    mod bytes {
        pub(super) fn serialize<S: serde::Serializer>(
            bytes: &[u8],
            to: S,
        ) -> Result<S::Ok, S::Error> {
            to.serialize_bytes(bytes)
        }
    }

    #[test]
    fn messages_are_readable() {
        let message = Outer {
            key: b"a\xff\n".to_vec(),
            words: vec![
                Words::Nothing,
                Words::Text("x"),
                Words::Named {
                    number: Inner(7),
                    list: vec![Some(true), None],
                },
            ],
        };
        assert_eq!(
            shown(&message),
            r#"Outer { key: "a�\n", words: [Nothing, Text("x"), Named { number: 7, list: [true, None] }] }"#
        );
        let long = "x".repeat(300);
        assert!(shown(&long).ends_with("x\"... and 100 bytes"));
    }
}
