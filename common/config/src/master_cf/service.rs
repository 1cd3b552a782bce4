//! One service of master.cf, typed.

use std::fmt;

use text::token;

use super::Entry;
use crate::help::{Help, nearest};

/// How a service is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceType {
    /// A TCP port.
    Inet,
    /// A stream socket under the queue directory.
    Unix,
    /// A datagram socket under the queue directory.
    UnixDgram,
    /// A named pipe under the queue directory.
    Fifo,
    /// A stream socket that open connections are passed over.
    Pass,
}

/// When a service is woken without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wakeup {
    /// Every so many seconds; at least 1.
    pub seconds: u32,
    /// Not before the service was used once (`300?`).
    pub only_after_use: bool,
}

/// How one service is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `host:port`, a port, or a socket's name.
    pub name: String,
    /// How it is reached.
    pub kind: ServiceType,
    /// Whether its socket is in private/, not in public/; never for inet.
    pub private: bool,
    /// Whether it runs as mail_owner, not as root.
    pub unprivileged: bool,
    /// Whether it is jailed in the queue directory.
    pub chroot: bool,
    /// Whether and when it is woken.
    pub wakeup: Option<Wakeup>,
    /// The most clients at once: `None` is default_process_limit, `Some(0)` is no bound.
    pub process_limit: Option<u32>,
    /// The program, under daemon_directory.
    pub command: String,
    /// Its arguments, overrides as `-o` and `name=value`.
    pub arguments: Vec<String>,
}

/// A field with a word that cannot stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadField {
    /// The field, as [`super::FIELDS`] names it.
    pub field: &'static str,
    /// The word.
    pub word: String,
    /// What can stand there.
    pub expected: &'static str,
}

impl fmt::Display for BadField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            word,
            expected,
        } = self;
        match *field {
            "type" => write!(f, "bad transport type: {word} ({expected} expected)"),
            "wakeup" => write!(
                f,
                "field \"wakeup_time\": bad value: \"{word}\" ({expected} expected)"
            ),
            "process_limit" => write!(
                f,
                "field \"max_proc\": bad value: \"{word}\" ({expected} expected)"
            ),
            _ => write!(
                f,
                "field \"{field}\": bad value: \"{word}\" ({expected} expected)"
            ),
        }
    }
}

impl BadField {
    /// What a person is told at the word.
    #[must_use]
    pub fn help(&self) -> Help {
        let types = ServiceType::ALL.into_iter().map(|(name, _)| name);
        let meant = match self.field {
            "type" => nearest(&self.word, types),
            _ => None,
        };
        Help::new(format!("{} is expected", self.expected)).or_rather(meant)
    }
}

impl ServiceType {
    /// Every type, with its name in master.cf.
    pub const ALL: [(&'static str, Self); 5] = [
        ("inet", Self::Inet),
        ("unix", Self::Unix),
        ("unix-dgram", Self::UnixDgram),
        ("fifo", Self::Fifo),
        ("pass", Self::Pass),
    ];

    /// The type of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(name, _)| *name == text)
            .map(|(_, kind)| kind)
    }

    /// The name in master.cf.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inet => "inet",
            Self::Unix => "unix",
            Self::UnixDgram => "unix-dgram",
            Self::Fifo => "fifo",
            Self::Pass => "pass",
        }
    }
}

impl fmt::Display for ServiceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Service {
    /// Make a service of an entry.
    pub(super) fn read(entry: &Entry, jailed: bool) -> Result<Self, BadField> {
        let [
            name,
            kind,
            private,
            unprivileged,
            chroot,
            wakeup,
            limit,
            command,
        ] = &entry.fields;
        let kind = ServiceType::parse(kind).ok_or_else(|| {
            wrong(
                "type",
                kind,
                "\"inet\", \"unix\", \"unix-dgram\", \"fifo\" or \"pass\"",
            )
        })?;
        let service = Self {
            name: name.clone(),
            kind,
            private: flag("private", private, true)?,
            unprivileged: flag("unprivileged", unprivileged, true)?,
            chroot: flag("chroot", chroot, jailed)?,
            wakeup: wakeup_of(wakeup)?,
            process_limit: match limit.as_str() {
                "-" => None,
                digits => Some(number("process_limit", digits)?),
            },
            command: command.clone(),
            arguments: entry.arguments.clone(),
        };
        service.checked(private)
    }

    fn checked(self, private: &str) -> Result<Self, BadField> {
        let inside = |path: &str| {
            !path.is_empty() && !path.starts_with('/') && !path.split('/').any(|part| part == "..")
        };
        if self.kind == ServiceType::Inet && self.private {
            return Err(wrong("private", private, "\"n\" for an \"inet\" service"));
        }
        if self.kind != ServiceType::Inet && !inside(&self.name) {
            return Err(wrong(
                "service",
                &self.name,
                "a name under the queue directory",
            ));
        }
        if !inside(&self.command) {
            return Err(wrong(
                "command",
                &self.command,
                "a program under the daemon directory",
            ));
        }
        Ok(self)
    }

    /// What the service is known as: for inet the host in lower case and the number of the port, if `ports`
    /// (known_tcp_ports) has it.
    #[must_use]
    pub fn identity(&self, ports: &str) -> String {
        if self.kind != ServiceType::Inet {
            return self.name.clone();
        }
        let (host, port) = self.name.rsplit_once(':').unwrap_or(("", &self.name));
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_ascii_lowercase();
        format!("{host}:{}", port_number(port, ports).unwrap_or(port))
    }

    /// The socket's path under the queue directory; `None` for inet.
    #[must_use]
    pub fn path(&self) -> Option<String> {
        let folder = if self.private { "private" } else { "public" };
        (self.kind != ServiceType::Inet).then(|| format!("{folder}/{}", self.name))
    }

    /// The `-o name=value` overrides among the arguments.
    pub fn overrides(&self) -> impl Iterator<Item = (&str, &str)> {
        overrides(&self.arguments)
    }
}

/// The `-o name=value` overrides among the arguments of a command.
pub fn overrides(arguments: &[String]) -> impl Iterator<Item = (&str, &str)> {
    let mut last_was_option = false;
    arguments.iter().filter_map(move |argument| {
        let value = if last_was_option {
            Some(argument.as_str())
        } else {
            argument.strip_prefix("-o")
        };
        last_was_option = argument == "-o" && !last_was_option;
        value.filter(|value| !value.is_empty())?.split_once('=')
    })
}

/// What is wrong with an entry, if anything: which word, and what is expected.
pub fn check(entry: &Entry) -> Result<(), BadField> {
    Service::read(entry, false).map(|_| ())
}

/// The number of a port's name in `smtp=25, smtps=submissions=465`.
fn port_number<'a>(port: &str, ports: &'a str) -> Option<&'a str> {
    token::words(ports).find_map(|entry| {
        let (names, number) = entry.rsplit_once('=')?;
        names.split('=').any(|name| name == port).then_some(number)
    })
}

fn wrong(field: &'static str, word: &str, expected: &'static str) -> BadField {
    BadField {
        field,
        word: word.to_owned(),
        expected,
    }
}

fn flag(field: &'static str, word: &str, default: bool) -> Result<bool, BadField> {
    match word {
        "-" => Ok(default),
        "y" => Ok(true),
        "n" => Ok(false),
        _ => Err(wrong(field, word, "\"y\", \"n\" or \"-\"")),
    }
}

fn number(field: &'static str, word: &str) -> Result<u32, BadField> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { word.parse().ok() } else { None };
    number.ok_or_else(|| wrong(field, word, "a number or \"-\""))
}

fn wakeup_of(word: &str) -> Result<Option<Wakeup>, BadField> {
    if word == "-" {
        return Ok(None);
    }
    let (digits, only_after_use) = match word.strip_suffix('?') {
        Some(digits) => (digits, true),
        None => (word, false),
    };
    let seconds = number("wakeup", digits)
        .map_err(|_| wrong("wakeup", word, "seconds, with or without \"?\", or \"-\""))?;
    Ok((seconds != 0).then_some(Wakeup {
        seconds,
        only_after_use,
    }))
}
