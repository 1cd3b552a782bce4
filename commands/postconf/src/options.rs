//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use config::Loader;
use lexopt::prelude::*;

use crate::features::Feature;

/// What the command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Parameters of main.cf.
    MainCf,
    /// -M: whole entries of master.cf.
    Entries,
    /// -F: fields of entries.
    Fields,
    /// -P: `-o name=value` of entries.
    Parameters,
    /// -a, -A, -l, -m.
    Feature(Feature),
    /// -T: nothing to say without TLS.
    Tls,
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

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) subject: Subject,
    pub(crate) action: Action,
    pub(crate) values: Values,
    pub(crate) classes: Classes,
    pub(crate) directory: PathBuf,
    pub(crate) overrides: Vec<String>,
    pub(crate) expand: bool,
    pub(crate) fold: bool,
    pub(crate) hide_names: bool,
    pub(crate) hide_values: bool,
    pub(crate) quiet: bool,
    pub(crate) words: Vec<String>,
}

const USAGE: &str = "usage: postconf [-a (server SASL types)] [-A (client SASL types)] [-c config_dir] \
[-C param_class] [-d (parameter defaults)] [-e (edit configuration)] [-f (fold lines)] [-F (master.cf fields)] \
[-h (no names)] [-H (no values)] [-l (lock types)] [-m (map types)] [-M (master.cf)] [-n (non-default parameters)] \
[-o name=value (override parameter value)] [-p (main.cf, default)] [-P (master.cf parameters)] \
[-q (no deprecation warnings)] [-T compile-version|run-version|public-key-algorithms] [-v (verbose)] \
[-x (expand parameter values)] [-X (exclude)] [-# (comment-out)] [name...]";

impl Options {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Self::stock();
        let mut flags = Flags::default();
        let mut directory = None;
        let mut parser = lexopt::Parser::from_iter(arguments);
        while let Some(argument) = parser.next().map_err(usage)? {
            match argument {
                Short('c') => directory = Some(PathBuf::from(parser.value().map_err(usage)?)),
                Short('C') => options.classes = classes(&text(parser.value())?)?,
                Short('o') => options.overrides.push(text(parser.value())?),
                Short('T') => {
                    flags.subject(Subject::Tls, 'T')?;
                    let _ = text(parser.value())?;
                }
                Short(letter) => options.letter(letter, &mut flags)?,
                Value(word) => options.words.push(word.to_string_lossy().into_owned()),
                Long(_) => return Err(USAGE.to_owned()),
            }
        }
        let loader = Loader::new("postconf");
        options.directory = match directory {
            Some(directory) => directory,
            None => loader.chosen(),
        };
        options.settle(&flags)
    }

    const fn stock() -> Self {
        Self {
            subject: Subject::MainCf,
            action: Action::Show,
            values: Values::Actual,
            classes: Classes {
                builtin: true,
                service: true,
                user: true,
            },
            directory: PathBuf::new(),
            overrides: Vec::new(),
            expand: false,
            fold: false,
            hide_names: false,
            hide_values: false,
            quiet: false,
            words: Vec::new(),
        }
    }

    fn letter(&mut self, letter: char, flags: &mut Flags) -> Result<(), String> {
        match letter {
            'a' => flags.subject(Subject::Feature(Feature::ServerSasl), letter),
            'A' => flags.subject(Subject::Feature(Feature::ClientSasl), letter),
            'l' => flags.subject(Subject::Feature(Feature::Locks), letter),
            'm' => flags.subject(Subject::Feature(Feature::Tables), letter),
            'M' => flags.subject(Subject::Entries, letter),
            'F' => flags.subject(Subject::Fields, letter),
            'P' => flags.subject(Subject::Parameters, letter),
            'p' => flags.subject(Subject::MainCf, letter),
            'e' => flags.action(Action::Set, letter),
            'X' => flags.action(Action::Exclude, letter),
            '#' => flags.action(Action::Comment, letter),
            'd' => flags.values(Values::Stock),
            'n' => flags.values(Values::Explicit),
            'x' => set(&mut self.expand),
            'f' => set(&mut self.fold),
            'h' => set(&mut self.hide_names),
            'H' => set(&mut self.hide_values),
            'q' => set(&mut self.quiet),
            'v' => Ok(()),
            _ => Err(USAGE.to_owned()),
        }
    }

    /// Put the options together and refuse what cannot stand together.
    fn settle(mut self, flags: &Flags) -> Result<Self, String> {
        self.subject = flags
            .subject
            .map_or(Subject::MainCf, |(subject, _)| subject);
        self.values = flags.values.unwrap_or(Values::Actual);
        self.action = match flags.action {
            Some((action, _)) => action,
            None if self.words.iter().any(|word| word.contains('=')) => Action::Set,
            None => Action::Show,
        };
        if self.action != Action::Show {
            self.check_edit(flags)?;
        }
        Ok(self)
    }

    fn check_edit(&self, flags: &Flags) -> Result<(), String> {
        let letter = flags.action.map_or('e', |(_, letter)| letter);
        let shown = [
            (self.expand, 'x'),
            (self.fold, 'f'),
            (self.hide_names, 'h'),
            (self.hide_values, 'H'),
        ];
        if let Some((_, other)) = shown.into_iter().find(|(is_set, _)| *is_set) {
            return Err(format!("specify one of -{letter} -{other}"));
        }
        match flags.values {
            Some(Values::Stock) => return Err(format!("specify one of -d -{letter}")),
            Some(Values::Explicit) => return Err(format!("specify one of -{letter} -n")),
            Some(Values::Actual) | None => {}
        }
        if self.words.is_empty() {
            return Err("-e, -X, or -# requires non-option argument".to_owned());
        }
        if self.words.iter().any(|word| word.contains('\n')) {
            return Err("-e, -X, or -# accepts no multi-line input".to_owned());
        }
        if self.action != Action::Set && self.words.iter().any(|word| word.contains('=')) {
            return Err("-X or -# requires parameter names without value".to_owned());
        }
        Ok(())
    }
}

/// Options of which only one can be given.
#[derive(Default)]
struct Flags {
    subject: Option<(Subject, char)>,
    action: Option<(Action, char)>,
    values: Option<Values>,
}

impl Flags {
    fn subject(&mut self, subject: Subject, letter: char) -> Result<(), String> {
        match self.subject.replace((subject, letter)) {
            Some((old, before)) if old != subject => {
                Err(format!("specify one of -{before} -{letter}"))
            }
            _ => Ok(()),
        }
    }

    fn action(&mut self, action: Action, letter: char) -> Result<(), String> {
        match self.action.replace((action, letter)) {
            // -e adds nothing to -X and -#, which refuse values themselves.
            Some((Action::Exclude, _)) if action == Action::Set => {
                set_back(&mut self.action, Action::Exclude, 'X')
            }
            Some((Action::Comment, _)) if action == Action::Set => {
                set_back(&mut self.action, Action::Comment, '#')
            }
            Some((old, before)) if old != action && old != Action::Set => {
                Err(format!("specify one of -{before} -{letter}"))
            }
            _ => Ok(()),
        }
    }

    fn values(&mut self, values: Values) -> Result<(), String> {
        match self.values.replace(values) {
            Some(old) if old != values => Err("specify one of -d -n".to_owned()),
            _ => Ok(()),
        }
    }
}

fn set_back(slot: &mut Option<(Action, char)>, action: Action, letter: char) -> Result<(), String> {
    *slot = Some((action, letter));
    Ok(())
}

fn set(flag: &mut bool) -> Result<(), String> {
    *flag = true;
    Ok(())
}

fn usage(_: lexopt::Error) -> String {
    USAGE.to_owned()
}

fn text(value: Result<OsString, lexopt::Error>) -> Result<String, String> {
    Ok(value.map_err(usage)?.to_string_lossy().into_owned())
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
            "all" => {
                classes = Classes {
                    builtin: true,
                    service: true,
                    user: true,
                }
            }
            _ => return Err(format!("unknown -C option value \"{word}\" in \"{list}\"")),
        }
    }
    Ok(classes)
}
