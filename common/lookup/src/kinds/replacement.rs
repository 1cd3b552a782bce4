//! The result of a pattern rule: text with `$1`, `${1}`, `$(1)` for groups of the match and `$$` for a dollar. Pure.

use std::fmt;
use std::ops::Range;

/// A parsed result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replacement(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Group(usize),
}

/// What is wrong with a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadReplacement {
    /// A dollar without a name after it.
    NoName(String),
    /// A brace or parenthesis without its end.
    Unclosed(String),
    /// A name that is no number.
    NotANumber(String),
    /// A group that the pattern does not have.
    OutOfRange(String),
    /// A group of a pattern that must not match.
    Negative,
}

impl BadReplacement {
    /// A sentence about the text itself, which has no line number.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::NoName(text) => Some(format!("empty macro name: \"{text}\"")),
            Self::Unclosed(text) => Some(format!("truncated macro reference: \"{text}\"")),
            Self::NotANumber(_) | Self::OutOfRange(_) | Self::Negative => None,
        }
    }
}

impl fmt::Display for BadReplacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoName(_) | Self::Unclosed(_) => {
                f.write_str("bad replacement syntax: skipping this rule")
            }
            Self::NotANumber(name) => write!(f, "non-numeric replacement index \"{name}\""),
            Self::OutOfRange(name) => write!(
                f,
                "out of range replacement index \"{name}\": skipping this rule"
            ),
            Self::Negative => {
                f.write_str("$number found in negative match replacement text: skipping this rule")
            }
        }
    }
}

impl Replacement {
    /// Read a result; `groups` is how many the pattern has, `None` for one that must not match.
    pub(crate) fn parse(text: &[u8], groups: Option<usize>) -> Result<Self, BadReplacement> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.iter().position(|&byte| byte == b'$') {
            let (before, from) = rest.split_at(at);
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_vec()));
            }
            let after = from.get(1..).unwrap_or_default();
            if let Some(after) = after.strip_prefix(b"$") {
                pieces.push(Piece::Text(b"$".to_vec()));
                rest = after;
                continue;
            }
            let (name, after) = name(from, after)?;
            pieces.push(Piece::Group(number(name, groups)?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_vec()));
        }
        Ok(Self(pieces))
    }

    /// Whether parts of what matched stand in it.
    pub(crate) fn has_groups(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Group(_)))
    }

    /// The result for a match of `text`; groups that took no part are empty.
    pub(crate) fn fill(
        &self,
        text: &[u8],
        group: impl Fn(usize) -> Option<Range<usize>>,
    ) -> Vec<u8> {
        let mut result = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => result.extend_from_slice(text),
                Piece::Group(number) => {
                    let found = group(*number).and_then(|range| text.get(range));
                    result.extend_from_slice(found.unwrap_or_default());
                }
            }
        }
        result
    }
}

/// The name after a dollar, and what follows it; `from` begins with the dollar.
fn name<'a>(from: &'a [u8], after: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), BadReplacement> {
    let shown = || String::from_utf8_lossy(from).into_owned();
    let close = match after.first() {
        Some(b'{') => b'}',
        Some(b'(') => b')',
        _ => {
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let end = after.iter().position(|byte| !is_name(byte));
            return match after.split_at(end.unwrap_or(after.len())) {
                ([], _) => Err(BadReplacement::NoName(shown())),
                found => Ok(found),
            };
        }
    };
    let inside = after.get(1..).unwrap_or_default();
    let Some(end) = inside.iter().position(|&byte| byte == close) else {
        return Err(BadReplacement::Unclosed(shown()));
    };
    let (name, rest) = inside.split_at(end);
    if name.is_empty() {
        return Err(BadReplacement::NoName(shown()));
    }
    Ok((name, rest.get(1..).unwrap_or_default()))
}

fn number(name: &[u8], groups: Option<usize>) -> Result<usize, BadReplacement> {
    let Some(groups) = groups else {
        return Err(BadReplacement::Negative);
    };
    let name = String::from_utf8_lossy(name).into_owned();
    if !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadReplacement::NotANumber(name));
    }
    match name.parse() {
        Ok(number) if (1..=groups).contains(&number) => Ok(number),
        _ => Err(BadReplacement::OutOfRange(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(text: &str) -> String {
        let replacement = Replacement::parse(text.as_bytes(), Some(2)).unwrap();
        let group = |number| (number == 1).then_some(1..3);
        String::from_utf8(replacement.fill(b"abcd", group)).unwrap()
    }

    #[test]
    fn names_and_dollars() {
        assert_eq!(filled("x${1}y"), "xbcy");
        assert_eq!(filled("${1}1$(1)$$1$2."), "bc1bc$1.");
        assert_eq!(filled(""), "");
    }

    #[test]
    fn faults() {
        let fault = |text: &str, groups| Replacement::parse(text.as_bytes(), groups).unwrap_err();
        assert_eq!(
            fault("$3", Some(2)),
            BadReplacement::OutOfRange("3".to_owned())
        );
        assert_eq!(
            fault("$0", Some(2)),
            BadReplacement::OutOfRange("0".to_owned())
        );
        assert_eq!(
            fault("a $", Some(2)).detail().unwrap(),
            "empty macro name: \"$\""
        );
        assert_eq!(
            fault("${1", Some(2)).detail().unwrap(),
            "truncated macro reference: \"${1\""
        );
        assert_eq!(
            fault("$ab", Some(2)),
            BadReplacement::NotANumber("ab".to_owned())
        );
        assert_eq!(fault("$1", None), BadReplacement::Negative);
    }

    /// A piece of a result as it is written, and what becomes of it.
    fn piece() -> impl Strategy<Value = (String, String)> {
        let group = |number: usize| ["", "bc", ""].get(number).copied().unwrap_or_default();
        prop_oneof![
            "[^$]{0,5}".prop_map(|text| (text.clone(), text)),
            Just(("$$".to_owned(), "$".to_owned())),
            (1_usize..=2, any::<bool>()).prop_map(move |(number, round)| {
                let written = match round {
                    true => format!("$({number})"),
                    false => format!("${{{number}}}"),
                };
                (written, group(number).to_owned())
            }),
        ]
    }

    proptest! {
        #[test]
        fn each_piece_becomes_what_it_stands_for(pieces in proptest::collection::vec(piece(), 0..8)) {
            let (written, wanted): (Vec<_>, Vec<_>) = pieces.into_iter().unzip();
            prop_assert_eq!(filled(&written.concat()), wanted.concat());
        }

        #[test]
        fn any_result_is_read_or_refused(text: Vec<u8>, groups: Option<u8>, key: Vec<u8>) {
            if let Ok(replacement) = Replacement::parse(&text, groups.map(usize::from)) {
                let _ = replacement.fill(&key, |number| Some(number..number + 2));
            }
        }
    }
}
