//! The protocol of tcp_table(5): a line asks, a line answers.
//!
//! Whatever a key has in it, its request is one line; whatever a server says, one line of bounded length is read. Pure but for the
//! reader. Logs nothing.

#![warn(missing_docs, clippy::indexing_slicing)]

use std::io::{BufRead, Read};

use driver::Fault;

/// The longest reply, with the line feed at its end.
pub const MAX_REPLY: usize = 4096;

/// What a server says about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Its value.
    Found(Vec<u8>),
    /// It is not there.
    NotFound,
    /// Nothing can be said now, and why.
    Failed(String),
}

/// The request for a key.
#[must_use]
pub fn request(key: &[u8]) -> Vec<u8> {
    [b"get ".as_slice(), &encode(key), b"\n"].concat()
}

/// Read a reply. What is none is [`Fault::Garbled`].
pub fn read_reply(reader: &mut (impl BufRead + ?Sized)) -> Result<Reply, Fault> {
    let mut line = Vec::new();
    let most = u64::try_from(MAX_REPLY).unwrap_or(u64::MAX);
    reader.take(most).read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\n") {
        Some(text) => {
            parse(text).ok_or_else(|| Fault::Garbled(format!("bad reply: {}", text.escape_ascii())))
        }
        None if line.len() >= MAX_REPLY => Err(Fault::Garbled(format!(
            "a reply of more than {MAX_REPLY} bytes"
        ))),
        None => Err(Fault::Lost("closed by the server".to_owned())),
    }
}

/// The reply that a line is, if it is one: a status of three digits, white space, and text.
fn parse(line: &[u8]) -> Option<Reply> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (status, rest) = line.split_at_checked(3)?;
    let (space, text) = rest.split_first()?;
    if !space.is_ascii_whitespace() {
        return None;
    }
    let text = decode(text)?;
    match status {
        b"200" => Some(Reply::Found(text)),
        b"500" => Some(Reply::NotFound),
        b"400" => Some(Reply::Failed(String::from_utf8_lossy(&text).into_owned())),
        _ => None,
    }
}

/// `%XX` in place of `%`, white space and all that is no printable ASCII.
fn encode(plain: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(plain.len());
    for &byte in plain {
        if byte.is_ascii_graphic() && byte != b'%' {
            text.push(byte);
        } else {
            text.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    text
}

/// What was encoded, or was sent as it is; `None` for a `%` without two hexadecimal digits, and for a NUL, which no value has.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    while let Some(&byte) = bytes.next() {
        let byte = match byte {
            b'%' => u8::try_from(digit(bytes.next())? * 16 + digit(bytes.next())?).ok()?,
            byte => byte,
        };
        if byte == 0 {
            return None;
        }
        plain.push(byte);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reply(text: &[u8]) -> Result<Reply, Fault> {
        read_reply(&mut &*text)
    }

    fn found(value: &[u8]) -> Result<Reply, Fault> {
        Ok(Reply::Found(value.to_vec()))
    }

    #[test]
    fn requests_are_one_line_of_ascii() {
        assert_eq!(request(b"AbC@x"), b"get AbC@x\n");
        assert_eq!(
            request("a b%\nget ü\0".as_bytes()),
            b"get a%20b%25%0Aget%20%C3%BC%00\n"
        );
    }

    #[test]
    fn replies() {
        assert_eq!(reply(b"200 a%20b%0a%C3%bc\n"), found(b"a b\n\xc3\xbc"));
        assert_eq!(reply(b"200 \xc3\xbc plain\r\n"), found(b"\xc3\xbc plain"));
        assert_eq!(reply(b"200\ta\n"), found(b"a"));
        assert_eq!(reply(b"200 \n"), found(b""));
        assert_eq!(reply(b"500 no%20such key\n"), Ok(Reply::NotFound));
        let failed = Reply::Failed("come later".to_owned());
        assert_eq!(reply(b"400 come%20later\n"), Ok(failed));
    }

    #[test]
    fn what_is_no_reply() {
        for text in [
            "\n",
            "20\n",
            "200\n",
            "500\n",
            "2000 a\n",
            "300 a\n",
            "2 0 a\n",
            "200 %\n",
            "200 %4\n",
            "200 %zz\n",
            "500 %zz\n",
            "200 a%00b\n",
            "200 a\0\n",
        ] {
            let read = reply(text.as_bytes());
            assert!(matches!(read, Err(Fault::Garbled(_))), "{text:?}: {read:?}");
        }
        for text in ["", "200 a"] {
            let read = reply(text.as_bytes());
            assert!(matches!(read, Err(Fault::Lost(_))), "{text:?}: {read:?}");
        }
    }

    #[test]
    fn a_long_reply_is_not_read_on() {
        let longest = [b"200 ".as_slice(), &[b'x'; MAX_REPLY - 5], b"\n"].concat();
        assert!(reply(&longest).is_ok());
        let mut rest: &[u8] = &[b'2'; 2 * MAX_REPLY];
        let read = read_reply(&mut rest);
        assert!(matches!(read, Err(Fault::Garbled(_))), "{read:?}");
        assert_eq!(rest.len(), MAX_REPLY);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(key in proptest::collection::vec(1_u8.., 0..100)) {
            let encoded = encode(&key);
            prop_assert!(encoded.iter().all(u8::is_ascii_graphic));
            prop_assert_eq!(decode(&encoded), Some(key));
        }

        #[test]
        fn any_line_ends(text: Vec<u8>) {
            if let Ok(Reply::Found(value)) = reply(&text) {
                prop_assert!(value.len() < MAX_REPLY);
            }
        }
    }
}
