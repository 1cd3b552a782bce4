//! The services of master.cf, as they are listed and edited: eight fields, and a command's arguments.

use std::fs;
use std::io;
use std::path::Path;

use config::master_cf::{self, BadField, Entries, Entry};
use config::{Error, Explained, help};

/// One entry; among the arguments, `-oname=value` has become `-o` and `name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) entry: Entry,
}

/// What a missing master.cf is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A warning; there are no services.
    Warning,
    Error,
}

/// Read master.cf, and say what is odd about it.
pub(crate) fn read(directory: &Path, missing: Missing) -> Result<Vec<Service>, Explained> {
    let path = directory.join("master.cf");
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let what = format!("open {}: {}", path.display(), sys::reason(&error));
            if missing == Missing::Error || error.kind() != io::ErrorKind::NotFound {
                return Err(what.into());
            }
            maillog::warning!("{what}");
            return Ok(Vec::new());
        }
    };
    parse(&path, &bytes)
}

/// Make services of the bytes of a file.
pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<Service>, Explained> {
    let Entries { entries, warnings } =
        master_cf::entries(path, bytes).map_err(|error| field_count(&error))?;
    for warning in warnings {
        maillog::warning!("{warning}");
    }
    let services: Vec<Service> = entries.into_iter().map(Service::new).collect();
    for service in &services {
        service.check(path, service.entry.line.text.trim_ascii())?;
    }
    Ok(services)
}

fn field_count(error: &Error) -> Explained {
    let text = if let Error::Master { place, .. } = error {
        format!("file {place}: bad field count")
    } else {
        error.to_string()
    };
    let help = if help::is_wanted() {
        error.help()
    } else {
        None
    };
    Explained {
        text,
        help: help.map(Box::new),
    }
}

impl Service {
    /// Of an entry as it was read.
    pub(crate) fn new(mut entry: Entry) -> Self {
        let mut arguments = Vec::with_capacity(entry.arguments.len());
        let mut rest = std::mem::take(&mut entry.arguments).into_iter();
        while let Some(argument) = rest.next() {
            match argument.strip_prefix("-o") {
                Some("") => {
                    arguments.push(argument);
                    arguments.extend(rest.next());
                }
                Some(glued) => arguments.extend(["-o".to_owned(), glued.to_owned()]),
                None if argument.starts_with('-') => arguments.push(argument),
                None => {
                    arguments.push(argument);
                    break;
                }
            }
        }
        arguments.extend(rest);
        entry.arguments = arguments;
        Self { entry }
    }

    /// Refuse fields with words that cannot stand there; `shown` is for the message. Whether the words fit together is
    /// for master to say.
    pub(crate) fn check(&self, path: &Path, shown: &str) -> Result<(), Explained> {
        let Err(bad) = master_cf::check(&self.entry) else {
            return Ok(());
        };
        let BadField { field, word, .. } = &bad;
        if matches!(*field, "service" | "command")
            || (*field == "private" && matches!(word.as_str(), "y" | "-"))
        {
            return Ok(());
        }
        let text = format!("invalid {field} field \"{word}\" in \"{shown}\"");
        let help = help::is_wanted().then(|| self.entry.help(path, &bad).into());
        Err(Explained { text, help })
    }

    pub(crate) fn name(&self) -> &str {
        &self.entry.fields[0]
    }

    pub(crate) fn kind(&self) -> &str {
        &self.entry.fields[1]
    }

    pub(crate) fn program(&self) -> &str {
        &self.entry.fields[7]
    }

    /// Where the program's own options end and a command's arguments begin.
    pub(crate) fn options_end(&self) -> usize {
        let mut at = 0;
        while let Some(argument) = self.entry.arguments.get(at) {
            match argument.as_str() {
                "-o" => at += 2,
                option if option.starts_with('-') => at += 1,
                _ => break,
            }
        }
        at.min(self.entry.arguments.len())
    }

    /// Where the `name=value` of overrides are among the arguments.
    pub(crate) fn override_places(&self) -> impl Iterator<Item = usize> {
        let own = self
            .entry
            .arguments
            .get(..self.options_end())
            .unwrap_or_default();
        let mut at = 0;
        std::iter::from_fn(move || {
            while let Some(argument) = own.get(at) {
                at += 1;
                if argument == "-o" {
                    at += 1;
                    return own.get(at - 1).map(|_| at - 1);
                }
            }
            None
        })
    }

    /// The overrides, in their order.
    pub(crate) fn overrides(&self) -> impl Iterator<Item = (&str, &str)> {
        self.override_places()
            .filter_map(|at| self.entry.arguments.get(at)?.split_once('='))
            .map(|(name, value)| (name.trim_ascii_end(), value.trim_ascii_start()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(command: &str) -> Service {
        let text = format!("a unix - - n - - {command}");
        parse(Path::new("master.cf"), text.as_bytes())
            .unwrap()
            .remove(0)
    }

    #[test]
    fn overrides_end_where_a_command_begins() {
        let pipe = service("pipe -v -oa=1 -o { b = 2 3 } -o c flags=F -o d=4");
        let overrides: Vec<_> = pipe.overrides().collect();
        assert_eq!(overrides, [("a", "1"), ("b", "2 3")]);
        assert_eq!(pipe.entry.arguments[1..3], ["-o", "a=1"]);
        assert_eq!(pipe.entry.arguments[pipe.options_end()], "flags=F");
        assert_eq!(service("smtpd -o").overrides().count(), 0);
    }

    #[test]
    fn words_must_be_possible_where_they_stand() {
        let bad = parse(Path::new("x"), b"a unix - - q - - smtp").unwrap_err();
        assert_eq!(
            bad.text,
            "invalid chroot field \"q\" in \"a unix - - q - - smtp\""
        );
        let short = parse(Path::new("x"), b"a unix -").unwrap_err();
        assert_eq!(short.text, "file x: line 1: bad field count");
    }
}
