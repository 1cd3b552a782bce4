//! The options that master starts a daemon with.

use std::time::Duration;

use crate::Fatal;

/// What the command line says. Daemons have no option of their own but `-o`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// `-c`: change the root directory to the queue directory.
    pub(crate) chroot: bool,
    /// `-u`: become mail_owner.
    pub(crate) drop_rights: bool,
    /// `-n`: the service's name in master.cf.
    pub(crate) service: String,
    /// `-t`: the service's type.
    pub(crate) kind: String,
    /// `-s`: how many listening sockets were inherited.
    pub(crate) sockets: usize,
    /// `-P`: how many clients this process may have at once.
    pub(crate) places: Option<usize>,
    /// `-l`: the service's process limit is 1; `-z`: it has none.
    pub(crate) limit: Limit,
    /// `-i`, `-m`: idle and use limit instead of the configured ones.
    pub(crate) max_idle: Option<Duration>,
    pub(crate) max_use: Option<u64>,
    /// `-o name=value`.
    pub(crate) overrides: Vec<String>,
    /// `-S`: one client, on standard input and output.
    pub(crate) standard: bool,
    /// `-v`, once or more.
    pub(crate) verbose: u8,
    /// `-D`: run `debugger_command` at the start.
    pub(crate) debug: bool,
    /// `-V`: log to standard error too.
    pub(crate) to_stderr: bool,
    /// What follows the options.
    pub(crate) arguments: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    One,
    Some,
    Unlimited,
}

impl Options {
    pub(crate) fn parse(
        name: &str,
        arguments: impl Iterator<Item = String>,
    ) -> Result<Self, Fatal> {
        let mut options = Self {
            chroot: false,
            drop_rights: false,
            service: name.to_owned(),
            kind: String::new(),
            sockets: 1,
            places: None,
            limit: Limit::Some,
            max_idle: None,
            max_use: None,
            overrides: Vec::new(),
            standard: false,
            verbose: 0,
            debug: false,
            to_stderr: false,
            arguments: Vec::new(),
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let Some(letters) = argument.strip_prefix('-').filter(|l| !l.is_empty()) else {
                options.arguments.push(argument);
                options.arguments.extend(arguments);
                break;
            };
            options.cluster(letters, &mut arguments)?;
        }
        Ok(options)
    }

    /// One argument of one or more letters; a letter that takes a value takes the rest, or the next argument.
    fn cluster(
        &mut self,
        letters: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<(), Fatal> {
        for (at, letter) in letters.char_indices() {
            if !"inmorstP".contains(letter) {
                self.flag(letter)?;
                continue;
            }
            let glued = letters.get(at + letter.len_utf8()..).unwrap_or_default();
            let value = if glued.is_empty() {
                rest.next()
            } else {
                Some(glued.to_owned())
            };
            let value =
                value.ok_or_else(|| Fatal::new(format!("option -{letter} requires a value")))?;
            return self.valued(letter, value);
        }
        Ok(())
    }

    fn flag(&mut self, letter: char) -> Result<(), Fatal> {
        match letter {
            'c' => self.chroot = true,
            'u' => self.drop_rights = true,
            'l' => self.limit = Limit::One,
            'z' => self.limit = Limit::Unlimited,
            'S' => self.standard = true,
            'v' => self.verbose = self.verbose.saturating_add(1),
            'V' => self.to_stderr = true,
            'D' => self.debug = true,
            'd' => {}
            _ => return Err(Fatal::new(format!("invalid option: -{letter}"))),
        }
        Ok(())
    }

    fn valued(&mut self, letter: char, value: String) -> Result<(), Fatal> {
        let bad = || Fatal::new(format!("option -{letter}: bad value \"{value}\""));
        match letter {
            'n' => self.service = value,
            't' => self.kind = value,
            's' => self.sockets = value.parse().map_err(|_| bad())?,
            'P' => self.places = Some(value.parse().map_err(|_| bad())?),
            'i' => self.max_idle = Some(Duration::from_secs(value.parse().map_err(|_| bad())?)),
            'm' => self.max_use = Some(value.parse().map_err(|_| bad())?),
            'o' => self.overrides.push(value),
            // The reference's retirement time; our use limits cover it.
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, Fatal> {
        Options::parse("smtpd", words.iter().map(|w| (*w).to_owned()))
    }

    #[test]
    fn what_master_writes_is_understood() {
        let options = parse(&[
            "-n", "25", "-t", "inet", "-uc", "-s2", "-o", "a = b", "-vvD", "x",
        ])
        .unwrap();
        assert!(options.chroot && options.drop_rights && options.debug && !options.standard);
        assert_eq!(
            (options.service.as_str(), options.sockets, options.verbose),
            ("25", 2, 2)
        );
        assert_eq!(
            (options.overrides, options.arguments),
            (vec!["a = b".to_owned()], vec!["x".to_owned()])
        );
    }

    #[test]
    fn an_unknown_letter_and_a_missing_value_are_errors() {
        assert!(parse(&["-Q"]).is_err());
        assert!(parse(&["-n"]).is_err());
        assert!(parse(&["-s", "many"]).is_err());
    }
}
