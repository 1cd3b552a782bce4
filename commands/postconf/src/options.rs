//! The command line.

mod rules;

use std::ffi::OsString;
use std::path::PathBuf;

use command::{Given, UsageError};
use config::Loader;

use crate::features::Feature;

/// What the command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Parameters of main.cf.
    MainCf,
    /// master.cf.
    Master(Part),
    /// -b, -t: texts of notices, expanded or not.
    Templates { expanded: bool },
    /// -a, -A, -l, -m.
    Feature(Feature),
    /// -T: nothing to say without TLS.
    Tls,
}

/// A part of master.cf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// -M: whole entries.
    Entries,
    /// -F: fields of entries.
    Fields,
    /// -P: `-o name=value` of entries.
    Parameters,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Show,
    /// -e, or any `name=value`.
    Set,
    /// -X
    Exclude,
    /// -#
    Comment,
}

/// Which values of main.cf are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    Actual,
    /// -n
    Explicit,
    /// -d
    Stock,
}

/// Classes of names (-C).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Classes {
    pub(crate) builtin: bool,
    pub(crate) service: bool,
    pub(crate) user: bool,
}

impl Classes {
    const ALL: Self = Self {
        builtin: true,
        service: true,
        user: true,
    };
}

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) subject: Subject,
    pub(crate) action: Action,
    pub(crate) values: Values,
    pub(crate) classes: Classes,
    pub(crate) directory: PathBuf,
    /// The directory is one that the caller named: by -c, or in the environment.
    pub(crate) is_named_directory: bool,
    /// `name=value` of -o, unread.
    pub(crate) overrides: Vec<String>,
    pub(crate) expand: bool,
    pub(crate) fold: bool,
    pub(crate) json: bool,
    pub(crate) hide_names: bool,
    pub(crate) hide_values: bool,
    /// -q: nothing about names that will go away.
    pub(crate) quiet: bool,
    pub(crate) words: Vec<String>,
}

const LETTERS: &str = "aAbc:C:defFhHjlmMno:pPqtT:vxX#";

const USAGE: &str = "usage: postconf [-a (server SASL types)] [-A (client SASL types)] [-b (bounce templates)] \
[-c config_dir] [-C param_class] [-d (parameter defaults)] [-e (edit configuration)] [-f (fold lines)] \
[-F (master.cf fields)] [-h (no names)] [-H (no values)] [-j (JSON)] [-l (lock types)] [-m (map types)] [-M (master.cf)] \
[-n (non-default parameters)] [-o name=value (override parameter value)] [-p (main.cf, default)] \
[-P (master.cf parameters)] [-q (no deprecation warnings)] [-t (bounce templates)] \
[-T compile-version|run-version|public-key-algorithms] [-v (verbose)] [-x (expand parameter values)] [-X (exclude)] \
[-# (comment-out)] [name...]";

impl Options {
    /// Read what follows the name of the program.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let taken = command::options(arguments, LETTERS).map_err(|error| usage(&error))?;
        let mut letters = String::new();
        let mut options = Self::stock();
        for given in &taken.options {
            options.take(given)?;
            if "bt".contains(given.letter) && letters.contains(['b', 't']) {
                return Err("specify one of -b and -t".to_owned());
            }
            letters.push(given.letter);
        }
        options.words.extend(
            taken
                .operands
                .iter()
                .map(|word| word.to_string_lossy().into_owned()),
        );
        options.settle(letters)
    }

    fn stock() -> Self {
        Self {
            subject: Subject::MainCf,
            action: Action::Show,
            values: Values::Actual,
            classes: Classes::ALL,
            directory: Loader::new("postconf").chosen(),
            is_named_directory: std::env::var_os("MAIL_CONFIG").is_some(),
            overrides: Vec::new(),
            expand: false,
            fold: false,
            json: false,
            hide_names: false,
            hide_values: false,
            quiet: false,
            words: Vec::new(),
        }
    }

    fn take(&mut self, given: &Given) -> Result<(), String> {
        match given.letter {
            'a' => self.subject = Subject::Feature(Feature::ServerSasl),
            'A' => self.subject = Subject::Feature(Feature::ClientSasl),
            'l' => self.subject = Subject::Feature(Feature::Locks),
            'm' => self.subject = Subject::Feature(Feature::Tables),
            'b' => self.subject = Subject::Templates { expanded: true },
            't' => self.subject = Subject::Templates { expanded: false },
            'T' if self.subject == Subject::Tls => {
                return Err("At most one -T <mode> option may be specified".to_owned());
            }
            'T' => self.subject = Subject::Tls,
            'M' => self.subject = Subject::Master(Part::Entries),
            'F' => self.subject = Subject::Master(Part::Fields),
            'P' => self.subject = Subject::Master(Part::Parameters),
            'p' => self.subject = Subject::MainCf,
            'e' => self.action = Action::Set,
            'X' => self.action = Action::Exclude,
            '#' => self.action = Action::Comment,
            'd' => self.values = Values::Stock,
            'n' => self.values = Values::Explicit,
            'c' => {
                self.directory = PathBuf::from(given.value.clone().unwrap_or_default());
                self.is_named_directory = true;
            }
            'C' => self.classes = classes(&given.text())?,
            'o' => self.overrides.push(given.text()),
            'x' => self.expand = true,
            'f' => self.fold = true,
            'j' => self.json = true,
            'h' => self.hide_names = true,
            'H' => self.hide_values = true,
            'q' => self.quiet = true,
            _ => {}
        }
        Ok(())
    }

    /// Put the options together and refuse what cannot stand together.
    fn settle(mut self, mut letters: String) -> Result<Self, String> {
        let lists = matches!(self.subject, Subject::Feature(_) | Subject::Tls);
        let templates = matches!(self.subject, Subject::Templates { .. });
        let has_value = self.words.iter().any(|word| word.contains('='));
        if has_value && !lists && !templates && !letters.contains('e') {
            letters.push('e');
            if self.action == Action::Show {
                self.action = Action::Set;
            }
        }
        rules::check(&letters)?;
        if templates && self.words.len() > 1 {
            return Err("options -b and -t require at most one template file".to_owned());
        }
        if self.action != Action::Show {
            self.check_edit()?;
        }
        Ok(self)
    }

    fn check_edit(&self) -> Result<(), String> {
        if self.words.is_empty() {
            return Err(if self.action == Action::Set {
                "-e requires name=value argument".to_owned()
            } else {
                "missing service argument".to_owned()
            });
        }
        if self.words.iter().any(|word| word.contains('\n')) {
            return Err("-e, -X, or -# accepts no multi-line input".to_owned());
        }
        if self
            .words
            .iter()
            .any(|word| word.trim_ascii_start().starts_with('#'))
        {
            return Err("-e, -X, or -# accepts no comment input".to_owned());
        }
        Ok(())
    }
}

fn usage(error: &UsageError) -> String {
    error.tell("postconf");
    USAGE.to_owned()
}

fn classes(list: &str) -> Result<Classes, String> {
    let mut classes = Classes {
        builtin: false,
        service: false,
        user: false,
    };
    for word in text::token::words(list) {
        match word {
            "builtin" => classes.builtin = true,
            "service" => classes.service = true,
            "user" => classes.user = true,
            "all" => classes = Classes::ALL,
            _ => return Err(format!("unknown -C option value \"{word}\" in \"{list}\"")),
        }
    }
    Ok(classes)
}
