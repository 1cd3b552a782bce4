//! Options as getopt(3) reads them: clusters of letters, values glued or in the next argument, `--`, and the first
//! operand ends them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// One option of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its letter.
    pub letter: char,
    /// Its value, when its letter takes one.
    pub value: Option<OsString>,
}

/// A command line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// The options in their order.
    pub options: Vec<Given>,
    /// What follows them.
    pub operands: Vec<OsString>,
}

/// What is wrong with a command line; the text is getopt's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageError {
    /// A letter that is no option.
    Invalid(char),
    /// A letter without the value it takes.
    NoValue(char),
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(letter) => write!(f, "invalid option -- '{letter}'"),
            Self::NoValue(letter) => write!(f, "option requires an argument -- '{letter}'"),
        }
    }
}

impl std::error::Error for UsageError {}

impl UsageError {
    /// Tell the person at the terminal, as getopt does; the log gets the usage line that follows.
    pub fn tell(&self, program: &str) {
        // Without standard error there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "{program}: {self}");
    }
}

/// Take a command line (without the program's name) apart. `letters` is getopt's: `"ab:c"` for `-a`, `-b value`, `-c`;
/// after two colons, the value is there only when it is glued to the letter.
pub fn options(
    arguments: impl IntoIterator<Item = OsString>,
    letters: &str,
) -> Result<Arguments, UsageError> {
    let mut taken = Arguments::default();
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        match argument.as_bytes() {
            b"--" => break,
            [b'-', cluster @ ..] if !cluster.is_empty() => {
                taken.cluster(cluster, letters, &mut rest)?;
            }
            _ => {
                taken.operands.push(argument);
                break;
            }
        }
    }
    taken.operands.extend(rest);
    Ok(taken)
}

impl Arguments {
    fn cluster(
        &mut self,
        cluster: &[u8],
        letters: &str,
        rest: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), UsageError> {
        let mut cluster = cluster;
        while let Some((&byte, after)) = cluster.split_first() {
            let letter = char::from(byte);
            match takes_value(letters, letter) {
                None => return Err(UsageError::Invalid(letter)),
                Some(Takes::Nothing) => {
                    self.options.push(Given {
                        letter,
                        value: None,
                    });
                    cluster = after;
                    continue;
                }
                Some(Takes::Value) if after.is_empty() => {
                    let value = Some(rest.next().ok_or(UsageError::NoValue(letter))?);
                    self.options.push(Given { letter, value });
                }
                Some(Takes::Value | Takes::GluedValue) => {
                    let value = (!after.is_empty()).then(|| OsStr::from_bytes(after).to_owned());
                    self.options.push(Given { letter, value });
                }
            }
            return Ok(());
        }
        Ok(())
    }
}

impl Given {
    /// The value as bytes; empty for a letter without one.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        self.value.map(OsString::into_vec).unwrap_or_default()
    }

    /// The value as text; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        self.value
            .as_deref()
            .map(|value| value.to_string_lossy().into_owned())
            .unwrap_or_default()
    }
}

enum Takes {
    Nothing,
    Value,
    GluedValue,
}

/// What a letter takes; `None` for no option.
fn takes_value(letters: &str, letter: char) -> Option<Takes> {
    if letter == ':' {
        return None;
    }
    let (_, after) = letters.split_once(letter)?;
    Some(match after.as_bytes() {
        [b':', b':', ..] => Takes::GluedValue,
        [b':', ..] => Takes::Value,
        _ => Takes::Nothing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, UsageError> {
        options(words.iter().map(OsString::from), "ab:c")
    }

    fn given(letter: char, value: Option<&str>) -> Given {
        Given {
            letter,
            value: value.map(OsString::from),
        }
    }

    #[test]
    fn clusters_values_and_operands() {
        let parsed = parse(&["-acbx", "-b", "y", "-", "-a"]).unwrap();
        assert_eq!(
            parsed.options,
            [
                given('a', None),
                given('c', None),
                given('b', Some("x")),
                given('b', Some("y")),
            ]
        );
        assert_eq!(parsed.operands, ["-", "-a"]);
        let parsed = parse(&["-a", "--", "-a"]).unwrap();
        assert_eq!((parsed.options.len(), parsed.operands.len()), (1, 1));
    }

    #[test]
    fn mistakes_have_the_words_of_getopt() {
        assert_eq!(
            parse(&["-ax"]).unwrap_err().to_string(),
            "invalid option -- 'x'"
        );
        assert_eq!(
            parse(&["-b"]).unwrap_err().to_string(),
            "option requires an argument -- 'b'"
        );
        assert!(parse(&["-:"]).is_err());
        let optional = |words: &[&str]| options(words.iter().map(OsString::from), "q::v").unwrap();
        assert_eq!(optional(&["-q", "x"]).options, [given('q', None)]);
        assert_eq!(optional(&["-vq5m"]).options[1], given('q', Some("5m")));
    }
}
