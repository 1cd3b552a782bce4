//! The text protocol of memcached: a session with one server, and its replies.
//!
//! Never reads more than the limits allow, whatever the server announces. Logs nothing.

#![warn(missing_docs, clippy::indexing_slicing)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::Duration;

use driver::{Fault, Stream, is_late};

/// The longest key that a server takes.
const MAX_KEY: usize = 250;

/// How much a reply may be, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest line, in bytes.
    pub line: usize,
    /// The longest value, in bytes.
    pub data: usize,
    /// How long each read and write may take.
    pub timeout: Duration,
}

/// Whether a server can hold a key: no blanks, no control characters, not too long.
#[must_use]
pub fn is_key(key: &[u8]) -> bool {
    !key.is_empty() && key.len() <= MAX_KEY && key.iter().all(|&byte| byte > 32 && byte != 127)
}

/// A connection to a server.
pub struct Session {
    stream: BufReader<Stream>,
    limits: Limits,
}

impl Session {
    /// Connect to `inet:host:port` or `unix:path`.
    pub fn connect(server: &str, limits: Limits) -> Result<Self, String> {
        let stream = Stream::connect(server, limits.timeout)?;
        Ok(Self {
            stream: BufReader::new(stream),
            limits,
        })
    }

    /// The value of a key.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.send(&[b"get ", key, b"\r\n"])?;
        read_value(&mut self.stream, key, &self.limits)
    }

    /// Set the value of a key.
    pub fn set(&mut self, key: &[u8], value: &[u8], flags: u32, ttl: u64) -> Result<(), Fault> {
        let numbers = format!(" {flags} {ttl} {}\r\n", value.len());
        self.send(&[b"set ", key, numbers.as_bytes(), value, b"\r\n"])?;
        match read_line(&mut self.stream, self.limits.line)?.as_slice() {
            b"STORED" => Ok(()),
            line => Err(unexpected(line)),
        }
    }

    /// Remove a key; `false` when it is not there.
    pub fn delete(&mut self, key: &[u8]) -> Result<bool, Fault> {
        self.send(&[b"delete ", key, b"\r\n"])?;
        match read_line(&mut self.stream, self.limits.line)?.as_slice() {
            b"DELETED" => Ok(true),
            b"NOT_FOUND" => Ok(false),
            line => Err(unexpected(line)),
        }
    }

    fn send(&mut self, parts: &[&[u8]]) -> Result<(), Fault> {
        let sent = self.stream.get_mut().write_all(&parts.concat());
        sent.map_err(|error| failed(&error))
    }
}

/// The reply to `get`: at most one value, of the key that was asked for.
pub fn read_value(
    reader: &mut impl BufRead,
    key: &[u8],
    limits: &Limits,
) -> Result<Option<Vec<u8>>, Fault> {
    let line = read_line(reader, limits.line)?;
    if line == b"END" {
        return Ok(None);
    }
    let mut words = line.split(|&byte| byte == b' ');
    let ours = words.next() == Some(b"VALUE") && words.next() == Some(key);
    let length = words
        .nth(1)
        .and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
    let Some(length) = length.filter(|_| ours) else {
        return Err(unexpected(&line));
    };
    if length > limits.data {
        return Err(Fault::Lost(format!(
            "a value of {length} bytes, more than data_size_limit"
        )));
    }
    let mut value = vec![0; length + 2];
    reader
        .read_exact(&mut value)
        .map_err(|error| failed(&error))?;
    if !value.ends_with(b"\r\n") {
        return Err(Fault::Lost("a value without its end".to_owned()));
    }
    value.truncate(length);
    match read_line(reader, limits.line)?.as_slice() {
        b"END" => Ok(Some(value)),
        line => Err(unexpected(line)),
    }
}

/// A line without its end.
fn read_line(reader: &mut impl BufRead, limit: usize) -> Result<Vec<u8>, Fault> {
    let mut line = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(2);
    reader
        .by_ref()
        .take(most)
        .read_until(b'\n', &mut line)
        .map_err(|error| failed(&error))?;
    if line.is_empty() {
        return Err(Fault::Lost("connection closed by the server".to_owned()));
    }
    match line.strip_suffix(b"\r\n") {
        Some(text) => Ok(text.to_vec()),
        None => Err(Fault::Lost(
            "a line without its end, or too long".to_owned(),
        )),
    }
}

/// What cannot be understood leaves the session at an unknown place.
fn unexpected(line: &[u8]) -> Fault {
    Fault::Lost(format!("unexpected reply: {}", line.escape_ascii()))
}

fn failed(error: &io::Error) -> Fault {
    match is_late(error) {
        true => Fault::Late("timed out".to_owned()),
        false => Fault::Lost(sys::reason(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits {
        line: 40,
        data: 20,
        timeout: Duration::from_secs(1),
    };

    fn value(reply: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        read_value(&mut &*reply, b"k", &LIMITS)
    }

    #[test]
    fn values_and_their_absence() {
        assert_eq!(value(b"END\r\n"), Ok(None));
        let found = value(b"VALUE k 0 4\r\na\r\nb\r\nEND\r\n");
        assert_eq!(found, Ok(Some(b"a\r\nb".to_vec())));
    }

    #[test]
    fn what_is_no_answer_ends_the_session() {
        for reply in [
            &b""[..],
            b"ERROR\r\n",
            b"VALUE other 0 1\r\na\r\nEND\r\n",
            b"VALUE k 0 21\r\n",
            b"VALUE k 0 99999999999999999999\r\n",
            b"VALUE k 0 1\r\nab\r\nEND\r\n",
            b"VALUE k 0 1\r\na\r\nVALUE k 0 1\r\n",
            b"END",
        ] {
            assert!(
                matches!(value(reply), Err(Fault::Lost(_))),
                "{}",
                reply.escape_ascii()
            );
        }
        let long = [b'E'; 100];
        assert!(value(&long).is_err());
    }

    #[test]
    fn keys_that_would_be_commands_are_none() {
        assert!(is_key("grün@x".as_bytes()));
        for key in ["", "a b", "a\r\nflush_all", "a\tb"] {
            assert!(!is_key(key.as_bytes()), "{key:?}");
        }
        assert!(!is_key(&[b'a'; 251]));
    }

    proptest! {
        #[test]
        fn any_reply_ends(reply: Vec<u8>) {
            if let Ok(Some(found)) = value(&reply) {
                prop_assert!(found.len() <= LIMITS.data);
            }
        }

        #[test]
        fn what_is_sent_is_read(data in proptest::collection::vec(any::<u8>(), 0..20)) {
            let head = format!("VALUE k 7 {}\r\n", data.len());
            let reply = [head.as_bytes(), &data, b"\r\nEND\r\n"].concat();
            prop_assert_eq!(value(&reply), Ok(Some(data)));
        }
    }
}
