//! What helps with each error of the configuration.

use text::attributes::AttributeError;
use text::expand;

use super::{Help, Part, Place, nearest};
use crate::error::{Error, Setting};
use crate::table;

impl Error {
    /// What a person can do about it; reads the file again to show the place.
    #[must_use]
    pub fn help(&self) -> Option<Help> {
        if let Self::In { setting, error } = self {
            return error.in_setting(setting);
        }
        if let Self::Master {
            file,
            number,
            mistake,
            ..
        } = self
        {
            let place = Place::in_file(file, *number, |_| mistake.word.clone());
            return Some(mistake.help.clone().at(place));
        }
        let Self::Line {
            file,
            number,
            what,
            text,
            ..
        } = self
        else {
            return self.expected().map(Help::new);
        };
        let place = match number {
            0 => Some(Place::in_text("option -o", text, spot(*what, text))),
            number => Place::in_file(file, *number, |text| spot(*what, text)),
        };
        Some(of_line(*what, text).at(place))
    }

    fn in_setting(&self, setting: &Setting) -> Option<Help> {
        let mut part = Part::Value;
        let help = if let Self::Expansion { what, .. } = self {
            if let Some(bytes) = what.find_in(&setting.value) {
                part = Part::Within(bytes);
            }
            of_expansion(what)
        } else if let Self::Boolean { value, .. } = self {
            Help::new(self.expected()?).or_rather(boolean(value))
        } else if let Self::Choice { word, among, .. } = self {
            Help::one_of(word, among)
        } else if let Self::NameFile { .. } = self {
            Help::new("this file is to hold the name, in its first line")
        } else {
            Help::new(self.expected()?)
        };
        Some(help.at(setting.place(&part)))
    }

    /// What should have stood there.
    fn expected(&self) -> Option<String> {
        Some(match self {
            Self::Boolean { .. } => "yes or no is expected".to_owned(),
            Self::Number { .. } => "a whole number is expected".to_owned(),
            Self::NumberBelow { min, .. } => format!("at least {min} is expected"),
            Self::NumberAbove { max, .. } => format!("at most {max} is expected"),
            Self::Time { .. } => {
                "a number is expected, with or without a unit: s, m, h, d or w".to_owned()
            }
            Self::TimeBelow { min, .. } => format!("at least {min}s is expected"),
            Self::TimeAbove { max, .. } => format!("at most {max}s is expected"),
            Self::TooShort { min: 1, .. } => "a value is expected".to_owned(),
            Self::TooShort { min, .. } => format!("at least {min} letters are expected"),
            Self::TooLong { max, .. } => format!("at most {max} letters are expected"),
            Self::Value { name, .. } if matches!(name.as_str(), "myhostname" | "mydomain") => {
                "an Internet name is expected, such as mail.example.com".to_owned()
            }
            Self::Value { name, .. } if name == "myorigin" => "one domain is expected".to_owned(),
            Self::LogFile { .. } => "a file below one of maillog_file_prefixes".to_owned(),
            Self::File { .. }
            | Self::NameFile { .. }
            | Self::Line { .. }
            | Self::Expansion { .. }
            | Self::Value { .. }
            | Self::Choice { .. }
            | Self::Unauthorized { .. }
            | Self::System { .. }
            | Self::Master { .. }
            | Self::In { .. } => return None,
        })
    }
}

/// What was perhaps meant by a word that is neither yes nor no.
fn boolean(word: &str) -> Option<&'static str> {
    let is = |words: [&str; 4]| words.iter().any(|other| word.eq_ignore_ascii_case(other));
    if is(["true", "on", "1", "enable"]) {
        Some("yes")
    } else if is(["false", "off", "0", "disable"]) {
        Some("no")
    } else {
        nearest(word, ["yes", "no"])
    }
}

/// For a line that is no setting.
fn of_line(what: AttributeError, text: &str) -> Help {
    match what {
        AttributeError::MissingName => Help::new("a name is expected"),
        AttributeError::MissingEquals => {
            let word = text.split_ascii_whitespace().next().unwrap_or_default();
            let names = || table::all().map(|spec| spec.name);
            let meant = nearest(word, names()).filter(|name| *name != word);
            Help::new("\"=\" is expected").or_rather(meant)
        }
    }
}

/// Where the equals sign is missing: after the first word.
fn spot(what: AttributeError, text: &str) -> std::ops::Range<usize> {
    let start = text.len() - text.trim_ascii_start().len();
    let body = text.trim_ascii_start();
    let word = body
        .find(|letter: char| letter.is_ascii_whitespace() || letter == '=')
        .unwrap_or(body.len());
    match what {
        AttributeError::MissingName => start..start + 1,
        AttributeError::MissingEquals => {
            let rest = body.get(word..).unwrap_or_default();
            let next = start + word + rest.len() - rest.trim_ascii_start().len();
            next..next + 1
        }
    }
}

impl Help {
    /// For a value that cannot be expanded; where in it the mistake is says [`expand::Error::find_in`].
    #[must_use]
    pub fn of_expansion(what: &expand::Error) -> Self {
        of_expansion(what)
    }
}

fn of_expansion(what: &expand::Error) -> Help {
    match what {
        expand::Error::Truncated(..) => Help::new("this bracket is not closed"),
        expand::Error::EmptyName(..) => {
            Help::new("a name is expected after the dollar sign; a dollar sign alone is $$")
        }
        expand::Error::Nesting(_) => Help::new("this leads back to itself"),
        expand::Error::TooMuch => Help::new("this expands to too much text"),
        expand::Error::Syntax(what, ..) => Help::new(*what),
        expand::Error::Level(_) => Help::new("a version is expected, such as 3.6"),
    }
}
