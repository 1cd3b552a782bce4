//! aliases(5): the source lines `name: value`, and the list of destinations that a value is.
//!
//! [`entry`] reads one logical line for postalias(1); [`destinations`] reads a value, as local(8) finds it in the table,
//! in a `.forward` or in an `:include:` file. Pure: never does I/O, never logs.

use std::fmt;

/// Where mail for an alias goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A mail address, in internal form.
    Address(Vec<u8>),
    /// `|command`, without the bar.
    Command(Vec<u8>),
    /// `/file/name`.
    File(Vec<u8>),
    /// `:include:/file/name`, the name alone.
    Include(Vec<u8>),
}

/// What is wrong with an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AliasError {
    /// The line is not `name: value`.
    NoColon,
    /// No name before the colon.
    NoName,
    /// No value after the colon.
    NoValue,
    /// A name of the form `user@domain`.
    RemoteName,
    /// A comment or `<address>` that does not end, or a backslash at the end.
    Unbalanced,
}

impl fmt::Display for AliasError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoColon | Self::NoName | Self::NoValue => "need name:value pair",
            Self::RemoteName => "name must be local",
            Self::Unbalanced => "unbalanced comment or <>",
        })
    }
}

impl std::error::Error for AliasError {}

/// Read `name: value`. The name comes back in internal form (without quotes), the value as it stands.
pub fn entry(line: &[u8]) -> Result<(Vec<u8>, &[u8]), AliasError> {
    let mut scanner = Scanner::new(line);
    let mut name = Vec::new();
    let mut remote = false;
    let mut spaced = false;
    loop {
        match scanner.next()? {
            None => return Err(AliasError::NoColon),
            Some(Token::Plain(b':')) => break,
            Some(Token::Space) => spaced = !name.is_empty(),
            Some(Token::QuotedEmpty) => {}
            Some(token @ (Token::Plain(byte) | Token::Quoted(byte))) => {
                remote |= matches!(token, Token::Plain(b'@'));
                if std::mem::take(&mut spaced) {
                    name.push(b' ');
                }
                name.push(byte);
            }
        }
    }
    let value = scanner.rest().trim_ascii();
    if name.is_empty() {
        return Err(AliasError::NoName);
    }
    if remote {
        return Err(AliasError::RemoteName);
    }
    if value.is_empty() {
        return Err(AliasError::NoValue);
    }
    Ok((name, value))
}

/// The destinations of a value, in order: separated by commas, or by white space between complete addresses.
pub fn destinations(value: &[u8]) -> Result<Vec<Destination>, AliasError> {
    let mut found = Vec::new();
    let mut current = Item::default();
    let mut scanner = Scanner::new(value);
    while let Some(token) = scanner.next()? {
        match token {
            Token::Plain(b',' | b';') => current.finish(&mut found)?,
            Token::Space => current.spaced = true,
            Token::Plain(byte) => current.push(byte, false),
            Token::Quoted(byte) => current.push(byte, true),
            Token::QuotedEmpty => {}
        }
    }
    current.finish(&mut found)?;
    Ok(found)
}

/// What stands between two commas: one address with a display name, or addresses between white space.
#[derive(Default)]
struct Item {
    /// Complete words; they are a display name if a `<` follows.
    words: Vec<Vec<u8>>,
    word: Vec<u8>,
    angle: Angle,
    /// White space came since the last byte.
    spaced: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Angle {
    #[default]
    None,
    /// Inside `<...>`.
    Open,
    /// After it: the rest belongs to no address.
    Closed,
}

impl Item {
    fn push(&mut self, byte: u8, quoted: bool) {
        let spaced = std::mem::take(&mut self.spaced);
        match (byte, quoted, &self.angle) {
            (_, _, Angle::Closed) => {}
            (b'<', false, Angle::None) => {
                self.words.clear();
                self.word.clear();
                self.angle = Angle::Open;
            }
            (b'>', false, Angle::Open) => self.angle = Angle::Closed,
            (_, _, Angle::Open) => self.word.push(byte),
            (_, _, Angle::None) => {
                if spaced && self.ends_before(byte, quoted) {
                    self.words.push(std::mem::take(&mut self.word));
                }
                self.word.push(byte);
            }
        }
    }

    /// White space ends a word unless it stands beside one of the signs that join words to an address.
    fn ends_before(&self, byte: u8, quoted: bool) -> bool {
        let joins = |byte: &u8| matches!(byte, b'@' | b'.' | b'%' | b'!' | b':');
        (quoted || !joins(&byte)) && self.word.last().is_some_and(|last| !joins(last))
    }

    fn finish(&mut self, found: &mut Vec<Destination>) -> Result<(), AliasError> {
        let mut item = std::mem::take(self);
        if item.angle == Angle::Open {
            return Err(AliasError::Unbalanced);
        }
        item.words.push(item.word);
        found.extend(item.words.into_iter().filter_map(Destination::of));
        Ok(())
    }
}

impl Destination {
    /// What a destination's text, without quotes, means; `None` for no text.
    #[must_use]
    pub fn of(text: Vec<u8>) -> Option<Self> {
        const INCLUDE: &[u8] = b":include:";
        match text.first()? {
            b'|' => Some(Self::Command(text.get(1..)?.trim_ascii().to_vec())),
            b'/' => Some(Self::File(text)),
            b':' if text
                .get(..INCLUDE.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(INCLUDE)) =>
            {
                Some(Self::Include(
                    text.get(INCLUDE.len()..)?.trim_ascii().to_vec(),
                ))
            }
            _ => Some(Self::Address(text)),
        }
    }
}

enum Token {
    Plain(u8),
    Quoted(u8),
    QuotedEmpty,
    Space,
}

/// Bytes with quotes, backslashes and comments taken off.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    quoted: bool,
}

impl<'a> Scanner<'a> {
    const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            quoted: false,
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.text.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    fn next(&mut self) -> Result<Option<Token>, AliasError> {
        // As in a header, the end of the text ends a quoted string.
        let Some(byte) = self.take() else {
            return Ok(None);
        };
        Ok(Some(match (byte, self.quoted) {
            (b'\\', _) => Token::Quoted(self.take().ok_or(AliasError::Unbalanced)?),
            (b'"', quoted) => {
                self.quoted = !quoted;
                Token::QuotedEmpty
            }
            (byte, true) => Token::Quoted(byte),
            (b'(', false) => {
                self.comment()?;
                Token::Space
            }
            (byte, false) if byte.is_ascii_whitespace() => Token::Space,
            (byte, false) => Token::Plain(byte),
        }))
    }

    fn comment(&mut self) -> Result<(), AliasError> {
        let mut depth = 1usize;
        while depth > 0 {
            match self.take().ok_or(AliasError::Unbalanced)? {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\\' => drop(self.take()),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(text: &str) -> Vec<String> {
        let show =
            |kind: &str, text: Vec<u8>| format!("{kind} {}", String::from_utf8(text).unwrap());
        destinations(text.as_bytes())
            .unwrap()
            .into_iter()
            .map(|destination| match destination {
                Destination::Address(text) => show("to", text),
                Destination::Command(text) => show("run", text),
                Destination::File(text) => show("file", text),
                Destination::Include(text) => show("include", text),
            })
            .collect()
    }

    #[test]
    fn every_kind_of_destination() {
        assert_eq!(
            list("a, b@c.org, \"|prog -x 'y, z'\", /var/mail/x, \"/a b\", :include:/l, |/bin/true"),
            [
                "to a",
                "to b@c.org",
                "run prog -x 'y, z'",
                "file /var/mail/x",
                "file /a b",
                "include /l",
                "run /bin/true",
            ]
        );
        assert_eq!(
            list("\":include:/a b\" , \\root"),
            ["include /a b", "to root"]
        );
    }

    #[test]
    fn comments_display_names_and_spaces() {
        assert_eq!(
            list("John Doe <j@d.org>, x (the x) y, \"a b\"@c.org, p @ q . r"),
            ["to j@d.org", "to x", "to y", "to a b@c.org", "to p@q.r"]
        );
        assert_eq!(list(" , ,"), Vec::<String>::new());
        assert_eq!(list("a, \"open b"), ["to a", "to open b"]);
        assert_eq!(destinations(b"<open"), Err(AliasError::Unbalanced));
    }

    #[test]
    fn source_lines() {
        let read = |line: &'static str| entry(line.as_bytes());
        assert_eq!(
            read("root: me, you"),
            Ok((b"root".to_vec(), &b"me, you"[..]))
        );
        assert_eq!(read("\"a b:c\" : x"), Ok((b"a b:c".to_vec(), &b"x"[..])));
        assert_eq!(read("\"u@d\": x"), Ok((b"u@d".to_vec(), &b"x"[..])));
        assert_eq!(read("u@d: x"), Err(AliasError::RemoteName));
        assert_eq!(read("nothing"), Err(AliasError::NoColon));
        assert_eq!(read(": x"), Err(AliasError::NoName));
        assert_eq!(read("x:  "), Err(AliasError::NoValue));
        assert_eq!(read("\"x: y"), Err(AliasError::NoColon));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_parser(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = destinations(&text);
            let _ = entry(&text);
        }
    }
}
