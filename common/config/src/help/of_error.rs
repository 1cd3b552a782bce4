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
        match self {
            Self::In { setting, error } => error.in_setting(setting),
            Self::Line {
                file,
                number,
                what,
                text,
                ..
            } => {
                let help = of_line(*what, text);
                let place = match number {
                    0 => Some(Place::in_text("option -o", text, spot(*what, text))),
                    number => Place::in_file(file, *number, |text| spot(*what, text)),
                };
                Some(help.at(place))
            }
            Self::Master {
                file,
                number,
                mistake,
                ..
            } => {
                let place = Place::in_file(file, *number, |_| mistake.word.clone());
                Some(mistake.help.clone().at(place))
            }
            _ => self.expected().map(Help::new),
        }
    }

    fn in_setting(&self, setting: &Setting) -> Option<Help> {
        let (help, part) = match self {
            Self::Expansion { what, .. } => {
                let found = what.find_in(&setting.value);
                let part = found.map_or(Part::Value, Part::Within);
                (of_expansion(what), part)
            }
            Self::Boolean { value, .. } => {
                let rather = if ["true", "on", "1", "y", "enable", "enabled"]
                    .iter()
                    .any(|word| value.eq_ignore_ascii_case(word))
                {
                    Some("yes")
                } else {
                    nearest(value, ["yes", "no"])
                };
                (Help::new(self.expected()?).or_rather(rather), Part::Value)
            }
            Self::File { .. } => (Help::new("this file is to be read"), Part::Value),
            _ => (Help::new(self.expected()?), Part::Value),
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
            _ => return None,
        })
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

fn of_expansion(what: &expand::Error) -> Help {
    match what {
        expand::Error::Truncated(_) => Help::new("this bracket is not closed"),
        expand::Error::EmptyName(_) => {
            Help::new("a name is expected after the dollar sign; a dollar sign alone is $$")
        }
        expand::Error::Nesting(_) => Help::new("this leads back to itself"),
        expand::Error::TooMuch => Help::new("this expands to too much text"),
        expand::Error::Syntax(what, ..) => Help::new(*what),
        expand::Error::Level(_) => Help::new("a version is expected, such as 3.6"),
    }
}
