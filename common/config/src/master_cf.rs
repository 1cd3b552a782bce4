//! master.cf: which services there are, and how each is run (master(5)).
//!
//! [`entries`] reads the lines as eight fields and arguments, which is what postconf(1) edits; [`MasterCf`] makes typed
//! services of them, which is what master(8) runs. A mistake names the file, the line, the word and what is expected.

mod disable;
mod service;

use std::ops::Range;
use std::path::{Path, PathBuf};

use text::token;

use crate::error::{Error, Mistake};
use crate::help::{Help, Place};
use crate::lines::{self, Line};
use crate::settings::Settings;

pub use disable::{Disabled, DisabledError};
pub use service::{BadField, Service, ServiceType, Wakeup, check, overrides};

/// The names of the fields, as postconf(1) calls them; the last one stands for the command and its arguments.
pub const FIELDS: [&str; 8] = [
    "service",
    "type",
    "private",
    "unprivileged",
    "chroot",
    "wakeup",
    "process_limit",
    "command",
];

/// One logical line of master.cf, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub line: Line,
    /// The fields before the arguments, as they are written.
    pub fields: [String; 8],
    /// What is wrong with the braces of the arguments, if anything.
    pub broken: Option<String>,
    /// The arguments of the command; what was in `{ }` is one argument, `-o { name = value }` is `-o` and `name=value`.
    pub arguments: Vec<String>,
}

/// The entries of a file, and what an administrator should know about it.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    /// In the order of the file.
    pub entries: Vec<Entry>,
    /// Lines that are not used, and braces that are wrong.
    pub warnings: Vec<String>,
}

/// The services of master.cf.
#[derive(Debug, Clone, Default)]
pub struct MasterCf {
    /// Where it was read.
    pub path: PathBuf,
    /// The services, each name and type once.
    pub services: Vec<Service>,
    /// Duplicates and lines that are not used.
    pub warnings: Vec<String>,
    /// Services that are jailed only because compatibility_level is old.
    pub old_jails: Vec<String>,
}

impl MasterCf {
    /// Read the master.cf beside main.cf; the compatibility level decides what `-` means for chroot.
    pub fn read(settings: &Settings) -> Result<Self, Error> {
        let path = settings.directory().join("master.cf");
        let bytes = std::fs::read(&path).map_err(|error| Error::file(&path, &error))?;
        let jailed = settings.expand("${{$compatibility_level} <level {1}}")? == "true";
        let ports = settings.text("known_tcp_ports")?.unwrap_or_default();
        Self::parse(&path, &bytes, jailed, &ports)
    }

    /// Read the bytes of a file: `path` is for messages, `jailed` what `-` means for chroot, `ports` is
    /// known_tcp_ports, by which `25` and `smtp` are the same inet service.
    pub fn parse(path: &Path, bytes: &[u8], jailed: bool, ports: &str) -> Result<Self, Error> {
        let found = entries(path, bytes)?;
        let mut master = Self {
            path: path.to_owned(),
            services: Vec::new(),
            warnings: found.warnings,
            old_jails: Vec::new(),
        };
        for entry in found.entries {
            if let Some(what) = &entry.broken {
                let word = entry.line.text.find('{').unwrap_or_default()..entry.line.text.len();
                let help = Help::new("every brace needs its partner, and blank space after that");
                return Err(wrong(path, &entry.line, what.clone(), word, help));
            }
            let service = Service::read(&entry, jailed).map_err(|field| {
                let (word, help) = (entry.word(field.field), field.help());
                wrong(path, &entry.line, field.to_string(), word, help)
            })?;
            if jailed && entry.fields[4] == "-" {
                let place = format!("{}: {}", path.display(), entry.line.place());
                let setting = "using backwards-compatible default setting chroot=y";
                master.old_jails.push(format!("{place}: {setting}"));
            }
            let same = |other: &Service| {
                other.kind == service.kind && other.identity(ports) == service.identity(ports)
            };
            match master.services.iter_mut().find(|other| same(other)) {
                None => master.services.push(service),
                Some(old) => {
                    let (name, path) = (&old.name, old.path());
                    let path = path.as_deref().unwrap_or(name);
                    master.warnings.push(format!(
                        "duplicate master.cf entry for service \"{name}\" ({path}) -- using the last entry"
                    ));
                    *old = service;
                }
            }
        }
        Ok(master)
    }
}

/// The lines of master.cf as fields and arguments.
pub fn entries(path: &Path, bytes: &[u8]) -> Result<Entries, Error> {
    let found = lines::logical(bytes);
    let shown = path.display();
    let mut result = Entries::default();
    for line in &found.orphans {
        let text = line.text.trim_ascii_end();
        result.warnings.push(format!(
            "{shown}: logical line must not start with whitespace: \"{text}\""
        ));
    }
    for line in found.lines {
        let entry = entry(line).map_err(|(line, what)| {
            let end = line.text.trim_ascii_end().len() + 1;
            let help = Help::new(format!("{} are expected", FIELDS.join(", ")));
            wrong(path, &line, what, end..end, help)
        })?;
        let broken = entry.broken.as_ref();
        result
            .warnings
            .extend(broken.map(|what| format!("master.cf: {what}")));
        result.entries.push(entry);
    }
    Ok(result)
}

impl Entry {
    /// What a person is told about a wrong word of this entry, at its place in the file.
    #[must_use]
    pub fn help(&self, path: &Path, mistake: &BadField) -> Help {
        let word = self.word(mistake.field);
        let place = Place::in_file(path, *self.line.numbers.start(), |_| word);
        mistake.help().at(place)
    }

    /// The bytes of a field in the text of the line.
    fn word(&self, field: &str) -> Range<usize> {
        let text = &self.line.text;
        let mut at = 0;
        for name in FIELDS {
            let rest = text.get(at..).unwrap_or_default();
            at += rest.len() - rest.trim_ascii_start().len();
            let rest = rest.trim_ascii_start();
            let length = rest.find(|c: char| c.is_ascii_whitespace());
            let end = at + length.unwrap_or(rest.len());
            if name == field {
                return at..end;
            }
            at = end;
        }
        at..at
    }
}

/// A mistake in a line.
fn wrong(path: &Path, line: &Line, what: String, word: Range<usize>, help: Help) -> Error {
    Error::Master {
        file: path.to_owned(),
        number: *line.numbers.start(),
        place: format!("{}: {}", path.display(), line.place()),
        what,
        mistake: Box::new(Mistake { word, help }),
    }
}

/// One line.
fn entry(line: Line) -> Result<Entry, (Line, String)> {
    let mut rest = line.text.as_str();
    let mut fields: [String; 8] = Default::default();
    for (count, field) in fields.iter_mut().enumerate() {
        rest = rest.trim_ascii_start();
        let (word, after) = rest.split_at(
            rest.find(|c: char| c.is_ascii_whitespace())
                .unwrap_or(rest.len()),
        );
        if word.is_empty() {
            let what = format!(
                "bad field count: {count} fields, {} expected: \"{}\"",
                FIELDS.len(),
                line.text.trim()
            );
            return Err((line, what));
        }
        word.clone_into(field);
        rest = after;
    }
    let (arguments, broken) = arguments(rest);
    Ok(Entry {
        line,
        fields,
        broken,
        arguments,
    })
}

/// The arguments, and what is wrong with their braces.
fn arguments(text: &str) -> (Vec<String>, Option<String>) {
    let mut result: Vec<String> = Vec::new();
    let mut broken = None;
    for word in token::split(text, token::SPACE, true) {
        let is_override = result.last().is_some_and(|last| last == "-o");
        if !word.starts_with('{') {
            result.push(word.to_owned());
            continue;
        }
        let inside = token::inside(word).unwrap_or_else(|error| {
            broken = Some(format!("{error} in \"{word}\""));
            let end = token::balanced(word.as_bytes()).map_or(word.len(), |length| length - 1);
            word.get(1..end).unwrap_or_default().trim_ascii()
        });
        result.push(match inside.split_once('=') {
            Some((name, value)) if is_override => {
                format!("{}={}", name.trim_ascii_end(), value.trim_ascii_start())
            }
            _ => inside.to_owned(),
        });
    }
    (result, broken)
}

#[cfg(test)]
mod tests;
