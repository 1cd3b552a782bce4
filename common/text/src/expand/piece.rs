//! The pieces of a template: plain text and references, found without expanding anything.
//!
//! The texts inside a reference stay unparsed until they are needed, so a mistake in a text that is not chosen does
//! no harm.

use super::{Error, lossy, syntax};
use crate::token;

/// One piece of a template.
pub(super) enum Piece<'a> {
    /// Plain text.
    Text(&'a [u8]),
    /// `$name`.
    Value(&'a [u8]),
    /// `${name?{full}:{empty}}`.
    Choice {
        name: &'a [u8],
        full: Option<&'a [u8]>,
        empty: Option<&'a [u8]>,
    },
    /// `${{left} == {right} ? {yes} : {no}}`.
    Compare(Comparison<'a>),
    /// `${name{argument}}`.
    Call { name: &'a [u8], argument: &'a [u8] },
}

/// A comparison, its operands not yet expanded.
pub(super) struct Comparison<'a> {
    pub(super) left: &'a [u8],
    pub(super) operator: Operator,
    /// Compare as compatibility levels.
    pub(super) levels: bool,
    pub(super) right: &'a [u8],
    pub(super) yes: Option<&'a [u8]>,
    pub(super) no: Option<&'a [u8]>,
}

#[derive(Clone, Copy)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    GreaterOrEqual,
    Greater,
}

const OPERATORS: [(&[u8], Operator); 6] = [
    (b"==", Operator::Equal),
    (b"!=", Operator::NotEqual),
    (b"<=", Operator::LessOrEqual),
    (b"<", Operator::Less),
    (b">=", Operator::GreaterOrEqual),
    (b">", Operator::Greater),
];

/// The pieces of the template that is left; after an error there are no more.
pub(super) struct Pieces<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Result<Piece<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some(match memchr::memchr(b'$', self.rest) {
            None => Ok(Piece::Text(std::mem::take(&mut self.rest))),
            Some(0) => self.reference(),
            Some(at) => {
                let (text, rest) = self.rest.split_at(at);
                self.rest = rest;
                Ok(Piece::Text(text))
            }
        })
    }
}

impl<'a> Pieces<'a> {
    pub(super) const fn new(template: &'a [u8]) -> Self {
        Self {
            whole: template,
            rest: template,
        }
    }

    /// The template starts with a dollar sign.
    fn reference(&mut self) -> Result<Piece<'a>, Error> {
        let template = std::mem::take(&mut self.rest);
        let after = template.get(1..).unwrap_or_default();
        let at = self.whole.len() - template.len();
        let no_name = || Error::EmptyName(lossy(self.whole), at);
        let (close, open) = match after.first() {
            Some(b'$') => {
                self.rest = after.get(1..).unwrap_or_default();
                return Ok(Piece::Text(b"$"));
            }
            Some(b'{') => (b'}', b'{'),
            Some(b'(') => (b')', b'('),
            _ => {
                let (name, rest) = name(after);
                if name.is_empty() {
                    return Err(no_name());
                }
                self.rest = rest;
                return Ok(Piece::Value(name));
            }
        };
        let length = token::balanced_by(after, open, close)
            .ok_or_else(|| Error::Truncated(lossy(self.whole), at))?;
        let (whole, rest) = after.split_at(length);
        let inside = whole.get(1..length - 1).unwrap_or_default();
        if inside.is_empty() {
            return Err(no_name());
        }
        self.rest = rest;
        bracketed(inside.trim_ascii_start())
    }
}

/// What stands between the brackets of `${...}`.
fn bracketed(inside: &[u8]) -> Result<Piece<'_>, Error> {
    if inside.first() == Some(&b'{') {
        return comparison(inside).map(Piece::Compare);
    }
    let (name, rest) = name(inside);
    let rest = rest.trim_ascii_start();
    if rest.first() == Some(&b'{') {
        let (argument, rest) = payload(rest)?;
        end(argument, rest)?;
        return Ok(Piece::Call { name, argument });
    }
    match choice(name, rest, "attribute name syntax error")? {
        (None, None) => Ok(Piece::Value(name)),
        (full, empty) => Ok(Piece::Choice { name, full, empty }),
    }
}

/// `{a} == {b} ? {c} : {d}`; without the choice, what holds is worth `true` and what does not nothing.
fn comparison(inside: &[u8]) -> Result<Comparison<'_>, Error> {
    const EXPECTED: &str = "\"==\" or \"!=\" or \"<\" or \"<=\" or \">=\" or \">\" expected";
    let (left, rest) = payload(inside)?;
    let rest = rest.trim_ascii_start();
    let (sign, operator) = OPERATORS
        .into_iter()
        .find(|(sign, _)| rest.starts_with(sign))
        .ok_or_else(|| {
            syntax(
                EXPECTED,
                inside.get(..inside.len() - rest.len()).unwrap_or_default(),
                rest,
            )
        })?;
    let rest = rest.get(sign.len()..).unwrap_or_default();
    let (suffix, rest) = name(rest);
    let levels = match suffix {
        b"" => false,
        b"level" => true,
        _ => return Err(syntax("bad operator suffix", sign, suffix)),
    };
    let rest = rest.trim_ascii_start();
    if rest.first() != Some(&b'{') {
        return Err(syntax("\"{expression}\" expected", sign, rest));
    }
    let (right, rest) = payload(rest)?;
    let (yes, no) = match choice(right, rest.trim_ascii_start(), "\"?\" expected")? {
        (None, None) => (Some(&b"true"[..]), None),
        choice => choice,
    };
    Ok(Comparison {
        left,
        operator,
        levels,
        right,
        yes,
        no,
    })
}

/// The texts of a choice: for what is full or true, and for what is empty or false.
type Choice<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// `?text`, `:text`, `?{text}:{other}`, or nothing at all.
fn choice<'a>(before: &[u8], rest: &'a [u8], expected: &'static str) -> Result<Choice<'a>, Error> {
    let Some((sign, text)) = rest.split_first() else {
        return Ok((None, None));
    };
    match sign {
        b':' => Ok((None, Some(last_text(text)?))),
        b'?' if text.trim_ascii_start().first() == Some(&b'{') => {
            let (full, rest) = payload(text.trim_ascii_start())?;
            match rest.trim_ascii_start().split_first() {
                None => Ok((Some(full), None)),
                Some((b':', text)) => Ok((Some(full), Some(last_text(text)?))),
                Some(_) => Err(syntax("\":\" expected", full, rest)),
            }
        }
        b'?' => Ok((Some(text), None)),
        _ => Err(syntax(expected, before, rest)),
    }
}

/// A text at the end of a choice, in braces or not.
fn last_text(text: &[u8]) -> Result<&[u8], Error> {
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Ok(text);
    }
    let (inside, rest) = payload(text.trim_ascii_start())?;
    end(inside, rest)?;
    Ok(inside)
}

fn end(before: &[u8], rest: &[u8]) -> Result<(), Error> {
    if rest.trim_ascii().is_empty() {
        Ok(())
    } else {
        Err(syntax("unexpected input", before, rest))
    }
}

/// Take `{payload}` from the front.
fn payload(text: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let length = token::balanced(text).ok_or_else(|| Error::Truncated(lossy(text), 0))?;
    let (whole, rest) = text.split_at(length);
    Ok((whole.get(1..length - 1).unwrap_or_default(), rest))
}

/// Take a name from the front: letters, digits and underscores.
fn name(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    text.split_at(length)
}
