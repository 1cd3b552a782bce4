//! The `query` of a table: a command of Redis, each word of which may have parts of the key in it.
//!
//! A word is split off before the key is put in, so a key is never more than (a part of) one argument.

use driver::Template;

/// The commands that read, and at which word (counted from 0) they have the key that decides about the node.
const COMMANDS: [&str; 9] = [
    "GET", "HGET", "MGET", "HMGET", "HVALS", "SMEMBERS", "LRANGE", "LINDEX", "ZRANGE",
];

/// A command with its arguments, the key's parts not yet in it.
#[derive(Debug)]
pub struct Query {
    words: Vec<Template>,
}

impl Query {
    /// Read a query such as `GET alias:%s`; `value` knows the parameters of main.cf.
    pub fn parse<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> Result<Self, String> {
        let mut words = text.split_ascii_whitespace();
        let command = words.next().unwrap_or_default();
        if !COMMANDS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(command))
        {
            return Err(format!("not one of {}: {text}", COMMANDS.join(", ")));
        }
        let words = text
            .split_ascii_whitespace()
            .map(|word| Template::parse_with(word, &value))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("Invalid query template: {text}: {error}"))?;
        match words.len() {
            0 | 1 => Err(format!("without a key: {text}")),
            _ => Ok(Self { words }),
        }
    }

    /// The command for a key; `None` where the key lacks a part.
    #[must_use]
    pub fn fill(&self, key: &[u8]) -> Option<Vec<Vec<u8>>> {
        let fill = |word: &Template| word.query(key, |part, text| text.extend_from_slice(part));
        self.words.iter().map(fill).collect()
    }
}

/// The command that sets what a filled `GET` or `HGET` asks for.
#[must_use]
pub fn update(query: &[Vec<u8>], value: &[u8], ttl: u64) -> Option<Vec<Vec<u8>>> {
    let value = value.to_vec();
    match query {
        [command, key] if command.eq_ignore_ascii_case(b"GET") => {
            let mut set = vec![b"SET".to_vec(), key.clone(), value];
            if ttl > 0 {
                set.extend([b"EX".to_vec(), ttl.to_string().into_bytes()]);
            }
            Some(set)
        }
        [command, key, field] if command.eq_ignore_ascii_case(b"HGET") => {
            Some(vec![b"HSET".to_vec(), key.clone(), field.clone(), value])
        }
        _ => None,
    }
}

/// The command that removes what a filled `GET` or `HGET` asks for.
#[must_use]
pub fn remove(query: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    match query {
        [command, key] if command.eq_ignore_ascii_case(b"GET") => {
            Some(vec![b"DEL".to_vec(), key.clone()])
        }
        [command, key, field] if command.eq_ignore_ascii_case(b"HGET") => {
            Some(vec![b"HDEL".to_vec(), key.clone(), field.clone()])
        }
        _ => None,
    }
}

/// A command as it goes to the server.
#[must_use]
pub fn encoded(words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(query: &str, key: &str) -> Option<Vec<String>> {
        let words = Query::parse(query, |_| None)
            .unwrap()
            .fill(key.as_bytes())?;
        let text = |word: Vec<u8>| String::from_utf8(word).unwrap();
        Some(words.into_iter().map(text).collect())
    }

    #[test]
    fn a_key_is_one_argument() {
        assert_eq!(
            filled("GET a:%s", "x y\r\nz").unwrap(),
            ["GET", "a:x y\r\nz"]
        );
        assert_eq!(
            filled("hget aliases:%d %u", "a@b").unwrap(),
            ["hget", "aliases:b", "a"]
        );
        assert_eq!(filled("GET %d", "bare"), None);
    }

    #[test]
    fn only_commands_that_read() {
        for text in ["", "GET", "FLUSHALL now", "DEL %s", "GET %x", "%s x"] {
            assert!(Query::parse(text, |_| None).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_asked_for_can_be_set() {
        let get = Query::parse("GET k:%s", |_| None)
            .unwrap()
            .fill(b"a")
            .unwrap();
        let texts = |words: Vec<Vec<u8>>| {
            words
                .iter()
                .map(|w| w.escape_ascii().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            texts(update(&get, b"v", 60).unwrap()),
            ["SET", "k:a", "v", "EX", "60"]
        );
        assert_eq!(texts(remove(&get).unwrap()), ["DEL", "k:a"]);
        let hget = Query::parse("HGET h %s", |_| None)
            .unwrap()
            .fill(b"a")
            .unwrap();
        assert_eq!(
            texts(update(&hget, b"v", 60).unwrap()),
            ["HSET", "h", "a", "v"]
        );
        let members = Query::parse("SMEMBERS %s", |_| None)
            .unwrap()
            .fill(b"a")
            .unwrap();
        assert_eq!(update(&members, b"v", 0), None);
    }

    proptest! {
        #[test]
        fn a_key_stays_the_argument_that_it_is(key: Vec<u8>) {
            let words = Query::parse("HGET h:%s f%%", |_| None).unwrap().fill(&key).unwrap();
            let wanted = [b"HGET".to_vec(), [b"h:", key.as_slice()].concat(), b"f%".to_vec()];
            prop_assert_eq!(words, wanted);
        }

        #[test]
        fn arguments_are_counted_not_searched(words: Vec<Vec<u8>>) {
            let bytes = encoded(&words);
            let limits = crate::reply::Limits { data: 10_000 };
            let read = crate::reply::read(&mut bytes.as_slice(), limits);
            let mut back = Vec::new();
            read.unwrap().values(&mut back).unwrap();
            prop_assert_eq!(back, words);
        }
    }
}
