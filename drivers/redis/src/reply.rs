//! What a server says (RESP 2): read within bounds, whatever it announces.

use std::io::{self, BufRead, Read};

use driver::{Fault, is_late};

/// The longest line.
const MAX_LINE: u64 = 64 * 1024;
/// How many items a list may have.
const MAX_ITEMS: usize = 100_000;
/// How deep lists may be in lists.
const MAX_DEPTH: usize = 4;

/// How much is taken.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes that all texts of one reply may have together.
    pub data: usize,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A short word, such as `OK`.
    Status(Vec<u8>),
    /// The server will not.
    Error(String),
    /// A number.
    Integer(i64),
    /// A text, or none.
    Text(Option<Vec<u8>>),
    /// A list, or none.
    List(Option<Vec<Self>>),
}

impl Reply {
    /// The texts in a reply, in order, lists within lists too; an error when there is one.
    pub fn values(self, values: &mut Vec<Vec<u8>>) -> Result<(), String> {
        match self {
            Self::Status(text) | Self::Text(Some(text)) => values.push(text),
            Self::Integer(number) => values.push(number.to_string().into_bytes()),
            Self::Text(None) | Self::List(None) => {}
            Self::List(Some(items)) => {
                for item in items {
                    item.values(values)?;
                }
            }
            Self::Error(text) => return Err(text),
        }
        Ok(())
    }
}

/// Read one reply.
pub fn read(reader: &mut impl BufRead, limits: Limits) -> Result<Reply, Fault> {
    let mut left = limits.data;
    read_nested(reader, &mut left, 0)
}

fn read_nested(reader: &mut impl BufRead, left: &mut usize, depth: usize) -> Result<Reply, Fault> {
    let line = read_line(reader)?;
    let (&kind, rest) = line
        .split_first()
        .ok_or_else(|| malformed("an empty line"))?;
    match kind {
        b'+' => Ok(Reply::Status(rest.to_vec())),
        b'-' => Ok(Reply::Error(String::from_utf8_lossy(rest).into_owned())),
        b':' => number(rest).map(Reply::Integer),
        b'$' => match number(rest)? {
            -1 => Ok(Reply::Text(None)),
            length => read_text(reader, length, left).map(|text| Reply::Text(Some(text))),
        },
        b'*' => match number(rest)? {
            -1 => Ok(Reply::List(None)),
            length => {
                let length = usize::try_from(length).map_err(|_| malformed("a negative length"))?;
                if length > MAX_ITEMS || depth >= MAX_DEPTH {
                    return Err(malformed("a list that is too long or too deep"));
                }
                let items = (0..length).map(|_| read_nested(reader, left, depth + 1));
                items
                    .collect::<Result<_, _>>()
                    .map(|items| Reply::List(Some(items)))
            }
        },
        _ => Err(malformed("an unknown kind of reply")),
    }
}

fn read_text(reader: &mut impl BufRead, length: i64, left: &mut usize) -> Result<Vec<u8>, Fault> {
    let length = usize::try_from(length).map_err(|_| malformed("a negative length"))?;
    *left = left
        .checked_sub(length)
        .ok_or_else(|| malformed("more bytes than data_size_limit"))?;
    let mut text = vec![0; length + 2];
    reader
        .read_exact(&mut text)
        .map_err(|error| failed(&error))?;
    if !text.ends_with(b"\r\n") {
        return Err(malformed("a text without its end"));
    }
    text.truncate(length);
    Ok(text)
}

fn read_line(reader: &mut impl BufRead) -> Result<Vec<u8>, Fault> {
    let mut line = Vec::new();
    let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
    read.map_err(|error| failed(&error))?;
    if line.is_empty() {
        return Err(Fault::Lost("connection closed by the server".to_owned()));
    }
    match line.strip_suffix(b"\r\n") {
        Some(text) => Ok(text.to_vec()),
        None => Err(malformed("a line without its end, or too long")),
    }
}

fn number(text: &[u8]) -> Result<i64, Fault> {
    let text = std::str::from_utf8(text).ok();
    let number = text.and_then(|text| text.parse().ok());
    number.ok_or_else(|| malformed("not a number"))
}

/// After this the place in the conversation is unknown, so the connection is of no use.
fn malformed(what: &str) -> Fault {
    Fault::Lost(format!("malformed reply: {what}"))
}

pub(crate) fn failed(error: &io::Error) -> Fault {
    match is_late(error) {
        true => Fault::Late("timed out".to_owned()),
        false => Fault::Lost(sys::reason(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { data: 20 };

    fn parse(bytes: &[u8]) -> Result<Reply, Fault> {
        read(&mut &*bytes, LIMITS)
    }

    #[test]
    fn kinds_of_replies() {
        assert_eq!(parse(b"+OK\r\n"), Ok(Reply::Status(b"OK".to_vec())));
        assert_eq!(parse(b"$-1\r\n"), Ok(Reply::Text(None)));
        assert_eq!(
            parse(b"$4\r\na\r\nb\r\n"),
            Ok(Reply::Text(Some(b"a\r\nb".to_vec())))
        );
        let mut values = Vec::new();
        let list = parse(b"*3\r\n$1\r\na\r\n*1\r\n:7\r\n$-1\r\n").unwrap();
        list.values(&mut values).unwrap();
        assert_eq!(values, [b"a".to_vec(), b"7".to_vec()]);
        let error = parse(b"-WRONGTYPE no\r\n").unwrap();
        assert_eq!(error.values(&mut values), Err("WRONGTYPE no".to_owned()));
    }

    #[test]
    fn bounds_are_kept() {
        for reply in [
            &b""[..],
            b"+OK",
            b"?x\r\n",
            b"$21\r\n",
            b"$-2\r\n",
            b"$9999999999999999999\r\n",
            b"*2\r\n$15\r\n123456789012345\r\n$6\r\n123456\r\n",
            b"*999999999\r\n",
            b"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
            b"$1\r\nab\r\n",
        ] {
            assert!(
                matches!(parse(reply), Err(Fault::Lost(_))),
                "{}",
                reply.escape_ascii()
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
