//! The `$name` language of main.cf, of mailbox commands and of reply texts (postconf(5), "configuration file format").
//!
//! ```text
//! $name  ${name}  $(name)       the value, or nothing when it is not defined
//! ${name?text} ${name?{text}}   the text if the value is not empty
//! ${name:text} ${name:{text}}   the text if the value is empty
//! ${name?{text}:{other}}        one or the other
//! ${{a} == {b} ? {c} : {d}}     comparing: == != < <= > >=, as numbers when both are all digits;
//!                               with "level" after the operator as compatibility levels
//! ${function{text}}             what the caller's function makes of the text
//! $$                            a dollar sign
//! ```
//!
//! The caller says what a name is worth with [`Names`]; values are taken as they are, texts in the template are expanded.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use crate::level::Level;
use piece::{Comparison, Operator, Piece, Pieces};

mod piece;

/// How deep texts may stand within texts, and how deep a caller should let names refer to names.
pub const MAX_DEPTH: usize = 100;

/// How long a result may be, and each part of it; texts that double at every step end here.
pub const MAX_LENGTH: usize = 16 << 20;

/// How many names a caller should look up for one result: values that refer to the next one twice are over soon.
pub const MAX_NAMES: usize = 100_000;

/// Where names get their values from.
pub trait Names {
    /// What `name` is worth, already expanded; `None` when it is not defined, which expands to nothing.
    fn value(&mut self, name: &[u8]) -> Result<Option<Cow<'_, [u8]>>, Error>;

    /// What the function `name` makes of `argument`; `None` when there is no such function.
    fn function(&mut self, name: &[u8], argument: &[u8]) -> Option<Vec<u8>> {
        let _ = (name, argument);
        None
    }
}

/// Any closure from name to value is a source of names.
impl<F: FnMut(&[u8]) -> Option<Vec<u8>>> Names for F {
    fn value(&mut self, name: &[u8]) -> Result<Option<Cow<'_, [u8]>>, Error> {
        Ok(self(name).map(Cow::Owned))
    }
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// A bracket is not closed: the template, and where in it the reference begins.
    Truncated(String, usize),
    /// A dollar sign without a name: the template, and where in it.
    EmptyName(String, usize),
    /// Names refer to each other without end: the name.
    Nesting(String),
    /// Something else is expected at a place: what, the text before it, the text from there on.
    Syntax(&'static str, String, String),
    /// No compatibility level.
    Level(String),
    /// The names refer to more names, or to more text, than anybody means.
    TooMuch,
}

impl Error {
    /// Where in `value` the mistake is, if it is there: the bytes.
    #[must_use]
    pub fn find_in(&self, value: &str) -> Option<Range<usize>> {
        let find = |text: &str| value.find(text).map(|at| at..at + text.len());
        match self {
            Self::Truncated(text, at) => find(text).map(|found| found.start + at..found.end),
            Self::EmptyName(text, at) => {
                let start = find(text)?.start + at;
                Some(start..start + 1)
            }
            Self::Nesting(name) => {
                let forms = [
                    format!("${name}"),
                    format!("${{{name}"),
                    format!("$({name}"),
                ];
                forms.iter().find_map(|form| find(form))
            }
            Self::Syntax(_, before, after) => {
                let whole = find(&format!("{before}{after}"));
                match whole {
                    Some(found) if !after.is_empty() => Some(found.start + before.len()..found.end),
                    Some(found) => Some(found),
                    None if after.is_empty() => find(before),
                    None => find(after),
                }
            }
            Self::Level(text) => find(text),
            Self::TooMuch => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated(text, _) => write!(f, "truncated macro reference: \"{text}\""),
            Self::EmptyName(text, _) => write!(f, "empty macro name: \"{text}\""),
            Self::Nesting(name) => write!(f, "unreasonable macro call nesting: \"{name}\""),
            Self::Syntax(what, before, after) => write!(f, "{what} at: \"...{before}>>>{after}\""),
            Self::Level(text) => write!(f, "malformed compatibility level syntax: \"{text}\""),
            Self::TooMuch => write!(
                f,
                "unreasonable expansion: more than {MAX_NAMES} names or {MAX_LENGTH} bytes"
            ),
        }
    }
}

impl std::error::Error for Error {}

/// Expand `template`; names are worth what `names` says.
pub fn expand(template: &[u8], names: &mut dyn Names) -> Result<Vec<u8>, Error> {
    let mut result = Vec::with_capacity(template.len());
    expand_into(&mut result, template, names, 0)?;
    Ok(result)
}

/// The names that a template refers to, those inside its texts included; a wrong template ends the list early.
#[must_use]
pub fn references(template: &[u8]) -> Vec<&[u8]> {
    let mut names = Vec::new();
    let mut texts = vec![template];
    while let Some(text) = texts.pop() {
        // What is wrong with it is found where it is expanded.
        let _ = walk(text, &mut names, &mut texts);
    }
    names
}

/// The same, in their order; a template that is wrong anywhere is an error, also where it would not be expanded.
pub fn checked_references(template: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut names = Vec::new();
    let mut texts = vec![template];
    while let Some(text) = texts.pop() {
        let mut inner = Vec::new();
        walk(text, &mut names, &mut inner)?;
        texts.extend(inner.into_iter().rev());
    }
    Ok(names)
}

/// The names in one text; the texts inside its references follow in `texts`.
fn walk<'a>(
    text: &'a [u8],
    names: &mut Vec<&'a [u8]>,
    texts: &mut Vec<&'a [u8]>,
) -> Result<(), Error> {
    for piece in Pieces::new(text) {
        match piece? {
            Piece::Text(_) => {}
            Piece::Value(name) => names.push(name),
            Piece::Choice { name, full, empty } => {
                names.push(name);
                texts.extend([full, empty].into_iter().flatten());
            }
            Piece::Compare(Comparison {
                left,
                right,
                yes,
                no,
                ..
            }) => {
                texts.extend([Some(left), Some(right), yes, no].into_iter().flatten());
            }
            Piece::Call { argument, .. } => texts.push(argument),
        }
    }
    Ok(())
}

fn expand_into(
    result: &mut Vec<u8>,
    template: &[u8],
    names: &mut dyn Names,
    depth: usize,
) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::Nesting(lossy(template)));
    }
    for piece in Pieces::new(template) {
        if result.len() > MAX_LENGTH {
            return Err(Error::TooMuch);
        }
        match piece? {
            Piece::Text(text) => result.extend_from_slice(text),
            Piece::Value(name) => result.extend_from_slice(&names.value(name)?.unwrap_or_default()),
            Piece::Choice { name, full, empty } => {
                let is_full = names.value(name)?.is_some_and(|value| !value.is_empty());
                if let Some(text) = if is_full { full } else { empty } {
                    expand_into(result, text, names, depth + 1)?;
                }
            }
            Piece::Compare(comparison) => {
                let text = if comparison.holds(names, depth)? {
                    comparison.yes
                } else {
                    comparison.no
                };
                expand_into(result, text.unwrap_or_default(), names, depth + 1)?;
            }
            Piece::Call { name, argument } => {
                let mut value = Vec::new();
                expand_into(&mut value, argument, names, depth + 1)?;
                let call = names.function(name, &value);
                result.extend(call.ok_or_else(|| syntax("unknown function", name, b""))?);
            }
        }
    }
    Ok(())
}

impl Comparison<'_> {
    fn holds(&self, names: &mut dyn Names, depth: usize) -> Result<bool, Error> {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        expand_into(&mut left, self.left, names, depth + 1)?;
        expand_into(&mut right, self.right, names, depth + 1)?;
        let order = if self.levels {
            level(&left)?.cmp(&level(&right)?)
        } else {
            compare(&left, &right)
        };
        Ok(match self.operator {
            Operator::Equal => order == Ordering::Equal,
            Operator::NotEqual => order != Ordering::Equal,
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::Greater => order == Ordering::Greater,
        })
    }
}

/// Numbers compare by value, anything else as bytes.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let number = |text: &[u8]| -> Option<u128> {
        let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        digits.then(|| std::str::from_utf8(text).ok()?.parse().ok())?
    };
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => left.cmp(right),
    }
}

fn level(text: &[u8]) -> Result<Level, Error> {
    Level::parse(&lossy(text)).map_err(|bad| Error::Level(bad.0))
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn syntax(what: &'static str, before: &[u8], after: &[u8]) -> Error {
    let before = before
        .get(before.len().saturating_sub(20)..)
        .unwrap_or_default();
    Error::Syntax(what, lossy(before), lossy(after.get(..20).unwrap_or(after)))
}

#[cfg(test)]
mod tests;
