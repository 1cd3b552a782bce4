//! The words of an address list: atoms, quoted strings, domain literals, comments and single special characters.

use crate::quote::is_atom;

/// One word, as it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token<'a> {
    /// Ordinary characters, with backslash pairs.
    Atom(&'a [u8]),
    /// `"..."`, quotes included; the closing one may be missing.
    Quoted(&'a [u8]),
    /// `[...]`, brackets included; the closing one may be missing.
    Literal(&'a [u8]),
    /// `(...)`, parentheses included; closing ones may be missing.
    Comment(&'a [u8]),
    /// One of `<>@,;:.` and whatever else stands alone.
    Special(u8),
}

impl Token<'_> {
    pub(super) const fn is_word(&self) -> bool {
        matches!(self, Self::Atom(_) | Self::Quoted(_) | Self::Literal(_))
    }

    /// Whether an address can end here: after a word, but not after the stray `<` that is part of one.
    pub(super) fn ends_word(&self) -> bool {
        self.is_word() && *self != Self::Atom(b"<")
    }

    pub(super) const fn starts_word(&self) -> bool {
        self.is_word()
    }
}

/// The tokens of a text.
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (token, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        token
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let blank = self.rest.iter().position(|&b| b > b' ' && b != 127);
        self.take(blank.unwrap_or(self.rest.len()));
        let first = *self.rest.first()?;
        Some(match first {
            b'"' => Token::Quoted(self.take(delimited(self.rest, b'"', b'"'))),
            b'[' => Token::Literal(self.take(delimited(self.rest, b'[', b']'))),
            b'(' => Token::Comment(self.take(comment(self.rest))),
            b'\\' => Token::Atom(self.take(atom(self.rest))),
            byte if is_atom(byte) => Token::Atom(self.take(atom(self.rest))),
            byte => {
                self.take(1);
                Token::Special(byte)
            }
        })
    }
}

/// The length of text that starts with `open`, up to and with `close`.
fn delimited(text: &[u8], open: u8, close: u8) -> usize {
    let mut bytes = text.iter().enumerate().skip(1);
    while let Some((at, &byte)) = bytes.next() {
        if byte == b'\\' {
            bytes.next();
        } else if byte == close {
            return at + 1;
        } else if byte == open {
            return at;
        }
    }
    text.len()
}

fn comment(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut bytes = text.iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

fn atom(text: &[u8]) -> usize {
    let mut bytes = text.iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        if byte == b'\\' {
            bytes.next();
        } else if !is_atom(byte) {
            return at;
        }
    }
    text.len()
}
