//! Help under an error: the place in the file, what was expected there, and the nearest valid name.
//!
//! The first line of an error keeps the words that log readers and scripts know. What a person can use besides follows
//! on lines of its own, on a terminal only:
//!
//! ```text
//! postfix: fatal: bad numerical configuration: message_size_limit = 10O
//!   --> /etc/postfix/main.cf, line 7, column 22
//!    |
//!  7 | message_size_limit = 10O
//!    |                      ^^^ a whole number is expected
//! ```
//!
//! [`Explained`] is an error's text with its help, for programs to carry to where they report; [`Help::tell`] writes the
//! help to standard error if that is a terminal. Files are read again only when there is a terminal. Never logs.

mod nearest;
mod of_error;
mod place;

use std::fmt;
use std::io::{IsTerminal, Write};

use crate::error::Error;

pub use nearest::nearest;
pub use place::{Part, Place};

/// What a person can do with an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Help {
    place: Option<Place>,
    says: String,
    nearest: Option<String>,
}

impl Help {
    /// What was expected, or is wrong, in a few words: they stand under the marked place.
    #[must_use]
    pub fn new(says: impl Into<String>) -> Self {
        Self {
            says: says.into(),
            ..Self::default()
        }
    }

    /// A word that is none of the names that are known here: says so, and which of them comes nearest.
    #[must_use]
    pub fn unknown<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(format!("unknown {what} `{word}`")).or_rather(nearest(word, known))
    }

    /// A word where one of a few is expected.
    #[must_use]
    pub fn one_of(word: &str, among: &[&str]) -> Self {
        let listed = match among.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        };
        Self::new(format!("{listed} is expected")).or_rather(nearest(word, among.iter().copied()))
    }

    /// A name of main.cf or of an override that means nothing.
    #[must_use]
    pub fn unknown_parameter<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::unknown("parameter", name, known)
    }

    /// Where it is; without a place the help is one line.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// The name that was perhaps meant.
    #[must_use]
    pub fn or_rather(mut self, name: Option<&str>) -> Self {
        self.nearest = name.map(str::to_owned);
        self
    }

    /// Write it to standard error if a person is there.
    pub fn tell(&self) {
        let mut stderr = std::io::stderr().lock();
        if stderr.is_terminal() {
            // A terminal that is gone has nobody before it.
            let _ = stderr.write_all(self.to_string().as_bytes());
        }
    }
}

/// Whole lines, each with its line end.
impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut says = self.says.clone();
        if let Some(nearest) = &self.nearest {
            let joint = if says.is_empty() { "" } else { "; " };
            says.push_str(&format!("{joint}did you mean `{nearest}`?"));
        }
        match &self.place {
            Some(place) => place.show(f, &says),
            None if says.is_empty() => Ok(()),
            None => writeln!(f, "  = {says}"),
        }
    }
}

/// Whether help would be seen: standard error is a terminal.
#[must_use]
pub fn is_wanted() -> bool {
    std::io::stderr().is_terminal()
}

/// The text of an error with its help.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explained {
    /// The line for log and person.
    pub text: String,
    /// The lines for the person.
    pub help: Option<Box<Help>>,
}

impl Explained {
    /// Tell the help, after the line was reported.
    pub fn tell(&self) {
        if let Some(help) = &self.help {
            help.tell();
        }
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<String> for Explained {
    fn from(text: String) -> Self {
        Self { text, help: None }
    }
}

impl From<&str> for Explained {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Error> for Explained {
    fn from(error: Error) -> Self {
        Self {
            text: error.to_string(),
            help: if is_wanted() {
                error.help().map(Box::new)
            } else {
                None
            },
        }
    }
}

#[cfg(test)]
mod tests;
