//! Splitting lists: at white space, at commas and white space, with or without `{ }` that keep a part whole.
//!
//! `words(text)` is how main.cf lists of plain names are read, `groups(text)` how lists are read whose members may be
//! `{ text with, separators }`. Both work on `&str`; [`split_bytes`] is the same for bytes.

use std::ops::Range;

/// What separates the members of a list in main.cf: comma and white space.
pub const LIST: &[u8] = b", \t\r\n";
/// White space alone, as between the fields of master.cf.
pub const SPACE: &[u8] = b" \t\r\n";

/// The members of a comma or white space separated list.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    split(text, LIST, false)
}

/// The same, where `{ ... }` (braces included in the result) is one member whatever it contains.
pub fn groups(text: &str) -> impl Iterator<Item = &str> {
    split(text, LIST, true)
}

/// The parts of `text` between runs of `separators`; with `braces`, a part that starts with `{` runs to its partner.
pub fn split<'a>(
    text: &'a str,
    separators: &'a [u8],
    braces: bool,
) -> impl Iterator<Item = &'a str> {
    Ranges::new(text.as_bytes(), separators, braces).filter_map(|range| text.get(range))
}

/// As [`split`], for bytes.
pub fn split_bytes<'a>(
    text: &'a [u8],
    separators: &'a [u8],
    braces: bool,
) -> impl Iterator<Item = &'a [u8]> {
    Ranges::new(text, separators, braces).filter_map(|range| text.get(range))
}

/// The length of the `{ ... }` that `text` starts with, braces included; `None` when it is not closed.
#[must_use]
pub fn balanced(text: &[u8]) -> Option<usize> {
    balanced_by(text, b'{', b'}')
}

/// As [`balanced`], for any pair of brackets.
#[must_use]
pub fn balanced_by(text: &[u8], open: u8, close: u8) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.iter().enumerate() {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at + 1);
            }
        }
    }
    None
}

/// Why a `{ ... }` group is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupError {
    /// The text does not start with `{`.
    NoOpen,
    /// The brace is never closed.
    NoClose,
    /// Text follows the closing brace.
    Trailing,
}

impl std::fmt::Display for GroupError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoOpen => "no '{' at start of text",
            Self::NoClose => "missing '}'",
            Self::Trailing => "syntax error after '}'",
        })
    }
}

/// What stands between the braces of `{ ... }`, without the white space at its ends.
pub fn inside(text: &str) -> Result<&str, GroupError> {
    let text = text.trim_ascii();
    if !text.starts_with('{') {
        return Err(GroupError::NoOpen);
    }
    match balanced(text.as_bytes()) {
        None => Err(GroupError::NoClose),
        Some(length) if length < text.len() => Err(GroupError::Trailing),
        Some(length) => Ok(text.get(1..length - 1).unwrap_or_default().trim_ascii()),
    }
}

struct Ranges<'a> {
    text: &'a [u8],
    separators: &'a [u8],
    braces: bool,
    at: usize,
}

impl<'a> Ranges<'a> {
    const fn new(text: &'a [u8], separators: &'a [u8], braces: bool) -> Self {
        Self {
            text,
            separators,
            braces,
            at: 0,
        }
    }

    /// Where the part that starts at `start` ends.
    fn end(&self, start: usize) -> usize {
        let mut depth = 0usize;
        let mut at = start;
        for byte in self.text.get(start..).unwrap_or_default() {
            match byte {
                b'{' if self.braces => depth += 1,
                b'}' if self.braces => depth = depth.saturating_sub(1),
                byte if depth == 0 && self.separators.contains(byte) => break,
                _ => {}
            }
            at += 1;
        }
        at
    }
}

impl Iterator for Ranges<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        while self
            .text
            .get(self.at)
            .is_some_and(|byte| self.separators.contains(byte))
        {
            self.at += 1;
        }
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        self.at = self.end(start);
        Some(start..self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_split_at_commas_and_space() {
        assert_eq!(
            words("a, b\tc,,d\n e").collect::<Vec<_>>(),
            ["a", "b", "c", "d", "e"]
        );
        assert_eq!(words(" , ").count(), 0);
    }

    #[test]
    fn braces_keep_a_part_whole() {
        let text = "a {b, c {d}} e inline:{x=y, z=w}";
        assert_eq!(
            groups(text).collect::<Vec<_>>(),
            ["a", "{b, c {d}}", "e", "inline:{x=y, z=w}"]
        );
        assert_eq!(inside("{ b, c {d} }"), Ok("b, c {d}"));
        assert_eq!(inside("{ b"), Err(GroupError::NoClose));
        assert_eq!(inside("{ b }x"), Err(GroupError::Trailing));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_splitter(text in "[a{}, ]{0,40}") {
            let parts: usize = groups(&text).map(str::len).sum();
            prop_assert!(parts <= text.len());
            let _ = inside(&text);
        }
    }
}
