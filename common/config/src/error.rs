//! What can be wrong with the configuration; the text of an error is what the administrator reads.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use text::attributes::AttributeError;
use text::expand;

use crate::help::{Help, Part, Place};

/// Why the configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant's sentence says what its fields are"
)]
pub enum Error {
    /// A file cannot be read: its path and the reason.
    File { path: PathBuf, reason: String },
    /// The file that myhostname or myorigin names holds no name.
    NameFile { path: PathBuf, what: String },
    /// A line of main.cf, or an override, is no `name = value`; the line's number is 0 for an override.
    Line {
        file: PathBuf,
        number: usize,
        place: String,
        what: AttributeError,
        text: String,
    },
    /// A `$name` cannot be expanded, in the value of a parameter.
    Expansion { name: String, what: expand::Error },
    /// Not yes or no.
    Boolean { name: String, value: String },
    /// No number.
    Number { name: String, value: String },
    /// A number under its bound.
    NumberBelow { name: String, number: i64, min: u64 },
    /// A number over its bound.
    NumberAbove { name: String, number: i64, max: u64 },
    /// No time.
    Time { name: String, value: String },
    /// A time under its bound, in seconds.
    TimeBelow {
        name: String,
        seconds: u64,
        min: u64,
    },
    /// A time over its bound, in seconds.
    TimeAbove {
        name: String,
        seconds: u64,
        max: u64,
    },
    /// A text with too few bytes.
    TooShort {
        name: String,
        value: String,
        min: u64,
    },
    /// A text with too many bytes.
    TooLong {
        name: String,
        value: String,
        max: u64,
    },
    /// A value that is wrong for this parameter: in which main.cf, and in what way.
    Value {
        file: PathBuf,
        name: String,
        what: &'static str,
        value: String,
    },
    /// A word that is none of a few: what is wrong, and the words that can stand there.
    Choice {
        what: String,
        word: String,
        among: &'static [&'static str],
    },
    /// The configuration directory may not be chosen by the caller of a program with rights.
    Unauthorized { directory: PathBuf, main: PathBuf },
    /// The environment or an address list of this machine cannot be had.
    System { what: &'static str, reason: String },
    /// The log file is in no folder that `maillog_file_prefixes` lists.
    LogFile { path: String },
    /// A line of master.cf: where, what is wrong, and which word, with what is expected there.
    Master {
        file: PathBuf,
        number: usize,
        place: String,
        what: String,
        mistake: Box<Mistake>,
    },
    /// A mistake, and the setting that it is in.
    In { setting: Setting, error: Box<Self> },
}

/// The word of a line of master.cf that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Its bytes in the logical line.
    pub word: Range<usize>,
    /// What is expected in its place.
    pub help: Help,
}

/// A setting, as mistakes are found in it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// main.cf, or `None` for an override.
    pub file: Option<PathBuf>,
    /// The name.
    pub name: String,
    /// The value, unexpanded.
    pub value: String,
}

impl Setting {
    /// Where a part of it stands.
    pub(crate) fn place(&self, part: &Part) -> Option<Place> {
        if let Some(file) = &self.file {
            return Place::in_main_cf(file, &self.name, part);
        }
        let text = format!("{}={}", self.name, self.value);
        let bytes = part.bytes(&text)?;
        Some(Place::in_text("option -o", &text, bytes))
    }
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::File {
            path: path.into(),
            reason: sys::reason(error),
        }
    }

    /// The same mistake in the value of another name.
    pub(crate) fn renamed(mut self, to: &str) -> Self {
        match &mut self {
            Self::Boolean { name, .. }
            | Self::Number { name, .. }
            | Self::NumberBelow { name, .. }
            | Self::NumberAbove { name, .. }
            | Self::Time { name, .. }
            | Self::TimeBelow { name, .. }
            | Self::TimeAbove { name, .. }
            | Self::TooShort { name, .. }
            | Self::TooLong { name, .. } => to.clone_into(name),
            Self::In { error, .. } => **error = error.clone().renamed(to),
            Self::File { .. }
            | Self::NameFile { .. }
            | Self::Line { .. }
            | Self::Expansion { .. }
            | Self::Value { .. }
            | Self::Choice { .. }
            | Self::Unauthorized { .. }
            | Self::System { .. }
            | Self::LogFile { .. }
            | Self::Master { .. } => {}
        }
        self
    }

    pub(crate) fn bad_boolean(name: &str, value: &str) -> Self {
        Self::Boolean {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    pub(crate) fn bad_number(name: &str, value: &str) -> Self {
        Self::Number {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    pub(crate) fn bad_time(name: &str, value: &str) -> Self {
        Self::Time {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, reason } => write!(f, "open {}: {reason}", path.display()),
            Self::NameFile { path, what } => write!(f, "{}: {what}", path.display()),
            Self::Line {
                place, what, text, ..
            } => write!(f, "{place}: {what}: \"{text}\""),
            Self::Expansion { name, what } => write!(f, "parameter {name}: {what}"),
            Self::Boolean { name, value } => {
                write!(f, "bad boolean configuration: {name} = {value}")
            }
            Self::Number { name, value } => {
                write!(f, "bad numerical configuration: {name} = {value}")
            }
            Self::NumberBelow { name, number, min } => {
                write!(f, "invalid {name} parameter value {number} < {min}")
            }
            Self::NumberAbove { name, number, max } => {
                write!(f, "invalid {name} parameter value {number} > {max}")
            }
            Self::Time { name, value } => {
                write!(f, "parameter {name}: bad time value or unit: {value}")
            }
            Self::TimeBelow { name, seconds, min } => {
                write!(f, "invalid {name}: {seconds} (min {min})")
            }
            Self::TimeAbove { name, seconds, max } => {
                write!(f, "invalid {name}: {seconds} (max {max})")
            }
            Self::TooShort { name, value, min } => {
                write!(
                    f,
                    "bad string length {} < {min}: {name} = {value}",
                    value.len()
                )
            }
            Self::TooLong { name, value, max } => {
                write!(
                    f,
                    "bad string length {} > {max}: {name} = {value}",
                    value.len()
                )
            }
            Self::Value {
                file,
                name,
                what,
                value,
            } => {
                write!(
                    f,
                    "file {}: parameter {name}: {what}: {value}",
                    file.display()
                )
            }
            Self::Choice { what, .. } => f.write_str(what),
            Self::Unauthorized { directory, main } => {
                let (directory, main) = (directory.display(), main.display());
                write!(
                    f,
                    "specify \"alternate_config_directories = {directory}\" or "
                )?;
                write!(f, "\"multi_instance_directories = {directory}\" in {main}")
            }
            Self::System { what, reason } => write!(f, "{what}: {reason}"),
            Self::LogFile { path } => write!(
                f,
                "maillog_file value '{path}' does not match any prefix in maillog_file_prefixes"
            ),
            Self::Master { place, what, .. } => write!(f, "{place}: {what}"),
            Self::In { error, .. } => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
