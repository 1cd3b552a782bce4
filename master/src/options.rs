//! The command line of master(8).

use std::path::PathBuf;
use std::time::Duration;

/// What the command line says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// `-c`: the configuration directory.
    pub(crate) directory: Option<PathBuf>,
    /// `-d`: stay in the foreground and keep the terminal.
    pub(crate) no_detach: bool,
    /// `-D`, or MAIL_DEBUG in the environment: run debugger_command once everything is ready.
    pub(crate) debug: bool,
    /// `-e`: end after this time.
    pub(crate) exit_after: Option<Duration>,
    /// `-i`: be the first process of a container.
    pub(crate) init: bool,
    /// `-s`: stay in the foreground and keep standard output and error.
    pub(crate) keep_standard: bool,
    /// `-t`: only tell whether another master runs.
    pub(crate) test: bool,
    /// `-v`: once or more.
    pub(crate) verbose: u8,
    /// `-w`: go to the background, and return once the system is up.
    pub(crate) wait: bool,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let Some(letters) = argument.strip_prefix('-').filter(|l| !l.is_empty()) else {
                return Err(format!("unexpected argument: {argument}"));
            };
            for (at, letter) in letters.char_indices() {
                if matches!(letter, 'c' | 'e') {
                    let glued = letters
                        .get(at + 1..)
                        .filter(|rest| !rest.is_empty())
                        .map(str::to_owned);
                    let value = glued.or_else(|| arguments.next());
                    options.valued(
                        letter,
                        &value.ok_or(format!("option -{letter} requires a value"))?,
                    )?;
                    break;
                }
                options.flag(letter)?;
            }
        }
        if options.init && options.wait {
            return Err("options -i and -w exclude each other".to_owned());
        }
        Ok(options)
    }

    fn flag(&mut self, letter: char) -> Result<(), String> {
        match letter {
            'd' => self.no_detach = true,
            'D' => self.debug = true,
            'i' => self.init = true,
            's' => self.keep_standard = true,
            't' => self.test = true,
            'v' => self.verbose = self.verbose.saturating_add(1),
            'w' => self.wait = true,
            _ => {
                return Err(format!(
                    "usage: master [-c config_dir] [-Dd] [-e exit_time] [-i] [-s] [-t] [-v] [-w]; unknown option -{letter}"
                ));
            }
        }
        Ok(())
    }

    fn valued(&mut self, letter: char, value: &str) -> Result<(), String> {
        if letter == 'c' {
            self.directory = Some(PathBuf::from(value));
        } else {
            let seconds = value
                .parse()
                .map_err(|_| format!("option -e: bad time \"{value}\""))?;
            self.exit_after = Some(Duration::from_secs(seconds));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, String> {
        Options::parse(words.iter().map(|w| (*w).to_owned()))
    }

    #[test]
    fn letters_are_clustered_and_values_glued_or_not() {
        let options = parse(&["-wvv", "-c", "/etc/x", "-e5"]).unwrap();
        assert!(options.wait && options.verbose == 2);
        assert_eq!(options.directory, Some(PathBuf::from("/etc/x")));
        assert_eq!(options.exit_after, Some(Duration::from_secs(5)));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(parse(&["-x"]).is_err());
        assert!(parse(&["-c"]).is_err());
        assert!(parse(&["-iw"]).is_err());
        assert!(parse(&["now"]).is_err());
    }
}
