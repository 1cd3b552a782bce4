//! The text form of tables: logical lines, and the `key whitespace value` lines of postmap(1) and `texthash:`.
//!
//! A logical line begins with text in the first column and goes on over lines that begin with white space; blank
//! lines and lines whose first text is `#` are skipped, also in the middle of a logical line. Never opens a file,
//! never logs: problems are values with the line they stand on.

use std::fmt;
use std::io::{self, BufRead};

use text::token;

use crate::error::OpenError;

/// One logical line with the numbers of its first and last physical line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogicalLine {
    /// Where it begins.
    pub first: usize,
    /// Where it ends.
    pub last: usize,
    /// The text, continuation lines joined as they stand, without line ends.
    pub text: Vec<u8>,
}

/// One entry of a table's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line on which it begins.
    pub line: usize,
    /// The key in external form (quoted where the mail address needs it).
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// What is wrong with a line; the line is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line on which it begins.
    pub line: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// How a line can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No value after the key; the reader's idea of a line is named.
    ExpectedKeyValue,
    /// A quoted key without its closing quote.
    UnbalancedQuote(Vec<u8>),
    /// A first line that begins with white space goes on with nothing.
    Stray(Vec<u8>),
    /// Bytes that are no UTF-8, where that is required.
    NotUtf8(Vec<u8>),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExpectedKeyValue => write!(f, "expected format: key whitespace value"),
            Self::UnbalancedQuote(text) => {
                let text = String::from_utf8_lossy(text);
                write!(f, "unbalanced '\"' in '{text}' -- ignoring this line")
            }
            Self::Stray(text) => {
                let text = String::from_utf8_lossy(text);
                write!(f, "logical line must not start with whitespace: \"{text}\"")
            }
            Self::NotUtf8(text) => {
                let text = String::from_utf8_lossy(text);
                write!(f, "non-UTF-8 input \"{text}\" -- ignoring this line")
            }
        }
    }
}

/// The logical lines of a text, one after the other. A text that begins with a continuation line begins a logical line
/// there.
#[derive(Debug)]
pub struct LogicalLines<R> {
    input: R,
    number: usize,
    pending: Option<LogicalLine>,
    buffer: Vec<u8>,
}

impl<R: BufRead> LogicalLines<R> {
    /// The lines of this text.
    pub const fn new(input: R) -> Self {
        Self {
            input,
            number: 0,
            pending: None,
            buffer: Vec::new(),
        }
    }

    /// The next logical line; `None` at the end.
    pub fn next_line(&mut self) -> io::Result<Option<LogicalLine>> {
        loop {
            self.buffer.clear();
            if self.input.read_until(b'\n', &mut self.buffer)? == 0 {
                return Ok(self.pending.take());
            }
            self.number += 1;
            let raw = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
            let shown = raw.trim_ascii_start();
            if shown.is_empty() || shown.first() == Some(&b'#') {
                continue;
            }
            let continues = raw.first().is_some_and(u8::is_ascii_whitespace);
            match &mut self.pending {
                Some(line) if continues => {
                    line.text.extend_from_slice(raw);
                    line.last = self.number;
                }
                pending => {
                    let line = LogicalLine {
                        first: self.number,
                        last: self.number,
                        text: raw.to_vec(),
                    };
                    if let Some(whole) = pending.replace(line) {
                        return Ok(Some(whole));
                    }
                }
            }
        }
    }
}

/// The logical lines of a text in memory.
#[must_use]
pub fn logical_lines(text: &[u8]) -> Vec<LogicalLine> {
    let mut lines = LogicalLines::new(text);
    // Memory is always readable.
    std::iter::from_fn(|| lines.next_line().ok().flatten()).collect()
}

/// The lines of a table of rules: those of its file, or `{ { rule }, ... }` in place of a file name.
pub(crate) fn rules(name: &str, kind: &str) -> Result<Vec<LogicalLine>, OpenError> {
    if !name.starts_with('{') {
        let text = std::fs::read(name).map_err(|error| {
            let error = sys::reason(&error);
            OpenError::File(format!("open {name}: {error}"))
        })?;
        return Ok(logical_lines(&text));
    }
    let inner = |text| {
        token::inside(text)
            .map_err(|error| OpenError::Syntax(format!("{kind} map: {error} in \"{text}\"")))
    };
    let mut lines = Vec::new();
    for (index, rule) in token::groups(inner(name)?).enumerate() {
        lines.push(LogicalLine {
            first: index + 1,
            last: index + 1,
            text: inner(rule)?.as_bytes().to_vec(),
        });
    }
    Ok(lines)
}

/// The entries of a table's text, each line an entry or a problem.
pub fn entries(text: &[u8], utf8: bool) -> impl Iterator<Item = Result<Entry, Problem>> {
    logical_lines(text)
        .into_iter()
        .map(move |line| parse(&line, utf8))
}

/// The entry of a logical line.
pub fn parse(line: &LogicalLine, utf8: bool) -> Result<Entry, Problem> {
    let number = line.first;
    entry(&line.text, utf8)
        .map(|(key, value)| Entry {
            line: number,
            key,
            value,
        })
        .map_err(|fault| Problem {
            line: number,
            fault,
        })
}

fn entry(text: &[u8], utf8: bool) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    if utf8 && std::str::from_utf8(text).is_err() {
        return Err(Fault::NotUtf8(text.to_vec()));
    }
    if text.first().is_some_and(u8::is_ascii_whitespace) {
        return Err(Fault::Stray(text.to_vec()));
    }
    let text = text.trim_ascii();
    let (key, rest) = split_key(text).ok_or_else(|| Fault::UnbalancedQuote(text.to_vec()))?;
    let value = rest.trim_ascii();
    if key.is_empty() || value.is_empty() {
        return Err(Fault::ExpectedKeyValue);
    }
    Ok((key.to_vec(), value.to_vec()))
}

/// Split at the first white space outside quotes. The key stays in external form, with its quotes.
fn split_key(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut quoted = false;
    let mut bytes = text.iter().enumerate();
    let mut end = text.len();
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => {
                bytes.next();
            }
            _ if !quoted && byte.is_ascii_whitespace() => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    if quoted {
        return None;
    }
    text.split_at_checked(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        entries(text.as_bytes(), true)
            .filter_map(Result::ok)
            .map(|e| {
                (
                    String::from_utf8(e.key).unwrap(),
                    String::from_utf8(e.value).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn continuation_lines_join_over_comments() {
        let lines = logical_lines(b"a 1\n# c\n\n  2\n  # d\nb 3\n");
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].text, b"a 1  2");
        assert_eq!((lines[0].first, lines[0].last), (1, 4));
        assert_eq!(lines[1].text, b"b 3");
    }

    #[test]
    fn keys_and_values() {
        assert_eq!(
            pairs("k  v w \n\"a b\"@x y\n\"plain\"@x z\nlonely\n\"open v\n"),
            [
                ("k".to_owned(), "v w".to_owned()),
                ("\"a b\"@x".to_owned(), "y".to_owned()),
                ("\"plain\"@x".to_owned(), "z".to_owned()),
            ]
        );
    }

    #[test]
    fn problems_name_their_line() {
        let stray: Vec<_> = entries(b" # c\n  a b\nc d\n", true).collect();
        assert!(matches!(
            &stray[..],
            [
                Err(Problem {
                    line: 2,
                    fault: Fault::Stray(_)
                }),
                Ok(_)
            ]
        ));
        let problems: Vec<Problem> = entries(b"a b\nlonely\n\"open v\n\xff x\n", true)
            .filter_map(Result::err)
            .collect();
        let lines: Vec<usize> = problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [2, 3, 4]);
        assert_eq!(problems[0].fault, Fault::ExpectedKeyValue);
    }
}
