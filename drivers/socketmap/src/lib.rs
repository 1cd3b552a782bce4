//! The protocol of socketmap_table(5): a netstring asks, a netstring answers.
//!
//! Whatever a key has in it, its request is one netstring; no more is read than the limit allows, whatever length a server announces.
//! Pure but for the reader. Logs nothing.

#![warn(missing_docs, clippy::indexing_slicing)]

use std::io::BufRead;

use driver::Fault;

/// What a server says about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Its value.
    Found(Vec<u8>),
    /// It is not there.
    NotFound,
    /// Nothing can be said: the kind of failure, and the reason.
    Failed(String),
}

/// The request for a key of the map with that name.
#[must_use]
pub fn request(map: &str, key: &[u8]) -> Vec<u8> {
    let head = format!("{}:{map} ", map.len() + 1 + key.len());
    [head.as_bytes(), key, b","].concat()
}

/// Read a reply of at most `limit` bytes within the netstring. What is none is [`Fault::Garbled`].
pub fn read_reply(reader: &mut (impl BufRead + ?Sized), limit: usize) -> Result<Reply, Fault> {
    let text = read_netstring(reader, limit)?;
    let unknown = || Fault::Garbled(format!("bad reply: {}", shortened(&text)));
    let (status, rest) = match text.iter().position(|&byte| byte == b' ') {
        Some(at) => (text.get(..at), text.get(at + 1..)),
        None => (Some(text.as_slice()), None),
    };
    let (status, rest) = (status.unwrap_or_default(), rest.unwrap_or_default());
    let failed = |kind: &str| Ok(Reply::Failed(explained(kind, rest)));
    match status {
        b"OK" if rest.contains(&0) => Err(unknown()),
        b"OK" => Ok(Reply::Found(rest.to_vec())),
        b"NOTFOUND" => Ok(Reply::NotFound),
        b"TEMP" => failed("temporary error"),
        b"TIMEOUT" => failed("timeout error"),
        b"PERM" => failed("permanent error"),
        _ => Err(unknown()),
    }
}

/// `length:bytes,` as its bytes.
fn read_netstring(reader: &mut (impl BufRead + ?Sized), limit: usize) -> Result<Vec<u8>, Fault> {
    let mut length = 0_usize;
    let mut digits = 0;
    loop {
        let byte = read_byte(reader)?;
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                length = length * 10 + usize::from(byte - b'0');
            }
            b':' if digits > 0 => break,
            _ => return Err(Fault::Garbled("a reply that is no netstring".to_owned())),
        }
        if length > limit || digits > MAX_DIGITS {
            return Err(Fault::Garbled(format!(
                "a reply of more than {limit} bytes, which is socketmap_max_reply_size"
            )));
        }
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text)?;
    match read_byte(reader)? {
        b',' => Ok(text),
        _ => Err(Fault::Garbled("a netstring without its end".to_owned())),
    }
}

/// More digits than any length has, even with zeros before.
const MAX_DIGITS: u32 = 20;

fn read_byte(reader: &mut (impl BufRead + ?Sized)) -> Result<u8, Fault> {
    let mut byte = [0];
    reader.read_exact(&mut byte)?;
    let [byte] = byte;
    Ok(byte)
}

fn explained(kind: &str, reason: &[u8]) -> String {
    match reason {
        b"" => kind.to_owned(),
        reason => format!("{kind}: {}", String::from_utf8_lossy(reason)),
    }
}

/// As much of a reply as the log can take.
fn shortened(text: &[u8]) -> String {
    text.get(..100).unwrap_or(text).escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 20;

    fn reply(text: &[u8]) -> Result<Reply, Fault> {
        read_reply(&mut &*text, LIMIT)
    }

    fn netstring(text: &[u8]) -> Vec<u8> {
        [format!("{}:", text.len()).as_bytes(), text, b","].concat()
    }

    #[test]
    fn requests() {
        assert_eq!(request("map", b"a@x"), b"7:map a@x,");
        assert_eq!(request("m", b"a,3:m b\n"), b"10:m a,3:m b\n,");
    }

    #[test]
    fn replies() {
        let found = |value: &[u8]| Ok(Reply::Found(value.to_vec()));
        let failed = |reason: &str| Ok(Reply::Failed(reason.to_owned()));
        for (text, wanted) in [
            ("OK a b", found(b"a b")),
            ("OK  a,", found(b" a,")),
            ("OK ", found(b"")),
            ("OK", found(b"")),
            ("NOTFOUND ", Ok(Reply::NotFound)),
            ("NOTFOUND", Ok(Reply::NotFound)),
            ("NOTFOUND really", Ok(Reply::NotFound)),
            ("TEMP later", failed("temporary error: later")),
            ("TIMEOUT ", failed("timeout error")),
            ("PERM", failed("permanent error")),
        ] {
            assert_eq!(reply(&netstring(text.as_bytes())), wanted, "{text}");
        }
        assert_eq!(reply(b"004:OK a,"), found(b"a"));
    }

    #[test]
    fn what_is_no_reply() {
        for text in ["", " ", "ok a", "OKa", "OK\ta", "WHAT a", "OK a\0b"] {
            let read = reply(&netstring(text.as_bytes()));
            assert!(matches!(read, Err(Fault::Garbled(_))), "{text:?}: {read:?}");
        }
        for text in [
            "x",
            ":OK a,",
            "-4:OK a,",
            "+4:OK a,",
            " 4:OK a,",
            "4 :OK a,",
            "4OK a,",
            "4:OK ab,",
            "4:OK a;",
            "21:OK a",
            "99999999999999999999999:OK a,",
            "000000000000000000000000004:OK a,",
        ] {
            let read = reply(text.as_bytes());
            assert!(matches!(read, Err(Fault::Garbled(_))), "{text:?}: {read:?}");
        }
        for text in ["", "4", "4:OK", "4:OK a"] {
            let read = reply(text.as_bytes());
            assert!(matches!(read, Err(Fault::Lost(_))), "{text:?}: {read:?}");
        }
    }

    #[test]
    fn nothing_is_read_beyond_a_reply() {
        let mut rest: &[u8] = b"4:OK a,4:OK b,";
        let read = read_reply(&mut rest, LIMIT);
        assert_eq!(read, Ok(Reply::Found(b"a".to_vec())));
        assert_eq!(rest, b"4:OK b,");
    }

    proptest! {
        #[test]
        fn any_reply_ends(text: Vec<u8>) {
            if let Ok(Reply::Found(value)) = reply(&text) {
                prop_assert!(value.len() < LIMIT);
            }
        }

        #[test]
        fn what_is_sent_is_read(value in proptest::collection::vec(1_u8.., 0..17)) {
            let text = netstring(&[b"OK ".as_slice(), &value].concat());
            prop_assert_eq!(reply(&text), Ok(Reply::Found(value)));
        }

        #[test]
        fn a_key_stays_within_its_request(key: Vec<u8>) {
            let text = request("map", &key);
            let read = read_netstring(&mut text.as_slice(), 10_000).unwrap();
            prop_assert_eq!(read, [b"map ".as_slice(), &key].concat());
        }
    }
}
