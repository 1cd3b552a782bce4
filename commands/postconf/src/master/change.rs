//! Changing entries, fields and parameters.

use std::path::Path;

use config::Explained;
use config::lines::{self, Line};

use super::pattern::Pattern;
use super::show;
use crate::edit::{Change, Changes, Editing};
use crate::options::{Action, Options, Part};
use crate::services::{self, Service};

/// Make the changes of the command line.
pub(super) fn run(options: &Options, part: Part) -> Result<(), Explained> {
    let path = options.directory.join("master.cf");
    let requests: Vec<Request> = options
        .words
        .iter()
        .map(|word| Request::parse(options.action, part, word, &path))
        .collect::<Result<_, _>>()?;
    let editing = Editing::open(&path)?;
    let mut table = Table::read(&path, &editing.bytes);
    let done = requests
        .iter()
        .zip(&options.words)
        .try_for_each(|(request, word)| table.apply(request, word));
    editing.finish(done.map(|()| table.changes()))
}

/// One change.
enum Request {
    /// -Me: the services that match, or that have the new name and type, become this one.
    Replace(Pattern, Box<Service>),
    /// -MX, -M#
    Mark(Pattern, Action),
    /// -Fe: a field, by its number, and its value.
    Field(Pattern, usize, String),
    /// -Pe: a parameter and its value.
    Parameter(Pattern, String, String),
    /// -PX
    NoParameter(Pattern, String),
}

impl Request {
    fn parse(action: Action, part: Part, word: &str, path: &Path) -> Result<Self, Explained> {
        let (left, value) = if action == Action::Set {
            split(word)?
        } else {
            (word, "")
        };
        let pattern = |parts: usize, form: &str| {
            Pattern::parse_whole(left, parts).ok_or_else(|| Explained::from(form))
        };
        match part {
            Part::Fields => {
                let pattern = pattern(3, "-Fe or -FX requires service_name/type/field_name")?;
                let Some(name) = &pattern.item else {
                    return Err("-Fe does not accept wild-card field name".into());
                };
                let field = show::field(name)?;
                Ok(Self::Field(pattern, field, value.to_owned()))
            }
            Part::Parameters => {
                let pattern = pattern(3, "-Pe or -PX requires service_name/type/parameter")?;
                let Some(name) = pattern.item.clone() else {
                    return Err("-Pe does not accept wild-card parameter name".into());
                };
                Ok(if action == Action::Set {
                    Self::Parameter(pattern, name, value.to_owned())
                } else {
                    Self::NoParameter(pattern, name)
                })
            }
            Part::Entries => {
                let pattern = pattern(2, "-Me, -MX or -M# requires service_name/type")?;
                if action != Action::Set {
                    return Ok(Self::Mark(pattern, action));
                }
                let count = || Explained::from(format!("bad field count: \"{word}\""));
                let parsed = services::parse(path, value.as_bytes()).map_err(|error| {
                    if error.text.starts_with("invalid") {
                        error
                    } else {
                        count()
                    }
                })?;
                let new = parsed.into_iter().next().ok_or_else(count)?;
                Ok(Self::Replace(pattern, Box::new(new)))
            }
        }
    }
}

/// The entries of the file, and what becomes of each.
struct Table<'a> {
    path: &'a Path,
    old: Vec<(Line, Fate)>,
    new: Vec<Service>,
}

#[derive(Clone, PartialEq, Eq)]
enum Fate {
    Stays,
    Becomes(Box<Service>),
    Deleted,
    Commented,
}

impl<'a> Table<'a> {
    /// Lines that make no sense stay as they are, unless they must be read.
    fn read(path: &'a Path, bytes: &[u8]) -> Self {
        let lines = lines::logical(bytes).lines.into_iter();
        Self {
            path,
            old: lines.map(|line| (line, Fate::Stays)).collect(),
            new: Vec::new(),
        }
    }

    fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        for (line, fate) in &self.old {
            match fate {
                Fate::Stays => {}
                Fate::Becomes(service) => {
                    changes.change(line, Change::Replace(super::line(service, true)));
                }
                Fate::Deleted => changes.change(line, Change::Delete),
                Fate::Commented => changes.change(line, Change::Comment),
            }
        }
        for service in &self.new {
            changes.add(super::line(service, true));
        }
        changes
    }

    fn apply(&mut self, request: &Request, word: &str) -> Result<(), Explained> {
        let done = match request {
            Request::Replace(pattern, new) => {
                self.replace(pattern, new);
                true
            }
            Request::Mark(pattern, action) => {
                self.mark(pattern, *action);
                // The reference says nothing when no entry matches.
                true
            }
            Request::Field(pattern, field, value) => self.change(pattern, |service, path| {
                set_field(service, *field, value, path)
            })?,
            Request::Parameter(pattern, name, value) => self.change(pattern, |service, _| {
                set_parameter(service, name, value);
                Ok(())
            })?,
            Request::NoParameter(pattern, name) => self.change(pattern, |service, _| {
                for at in places(service, name).into_iter().rev() {
                    service.entry.arguments.drain(at.saturating_sub(1)..=at);
                }
                Ok(())
            })?,
        };
        if !done {
            maillog::warning!("unmatched service_name/type: \"{word}\"");
        }
        Ok(())
    }

    /// The first entry that matches, or that has the new name and type, becomes the new one; others go.
    fn replace(&mut self, pattern: &Pattern, new: &Service) {
        let mut is_placed = false;
        for (line, fate) in &mut self.old {
            let (name, kind) = names(line, fate);
            let same = name == new.name() && kind == new.kind();
            if *fate == Fate::Deleted || !(same || pattern.matches_names(name, kind)) {
                continue;
            }
            *fate = if is_placed {
                Fate::Deleted
            } else {
                Fate::Becomes(Box::new(new.clone()))
            };
            is_placed = true;
        }
        let added = |old: &Service| {
            pattern.matches(old) || (old.name() == new.name() && old.kind() == new.kind())
        };
        self.new.retain(|old| !added(old));
        if !is_placed {
            self.new.push(new.clone());
        }
    }

    fn mark(&mut self, pattern: &Pattern, action: Action) {
        for (line, fate) in &mut self.old {
            let (name, kind) = names(line, fate);
            if pattern.matches_names(name, kind) {
                *fate = if action == Action::Comment {
                    Fate::Commented
                } else {
                    Fate::Deleted
                };
            }
        }
    }

    /// Change every service that matches; `false` when there is none.
    fn change(
        &mut self,
        pattern: &Pattern,
        mut with: impl FnMut(&mut Service, &Path) -> Result<(), Explained>,
    ) -> Result<bool, Explained> {
        let mut any = false;
        for (line, fate) in &mut self.old {
            let (name, kind) = names(line, fate);
            if !pattern.matches_names(name, kind) {
                continue;
            }
            any = true;
            let mut service = match fate {
                Fate::Becomes(service) => service.clone(),
                Fate::Stays | Fate::Deleted | Fate::Commented => {
                    Box::new(read_line(self.path, line)?)
                }
            };
            with(&mut service, self.path)?;
            *fate = Fate::Becomes(service);
        }
        Ok(any)
    }
}

/// Name and type of a line, as it will be.
fn names<'a>(line: &'a Line, fate: &'a Fate) -> (&'a str, &'a str) {
    if let Fate::Becomes(service) = fate {
        return (service.name(), service.kind());
    }
    let mut words = line.text.split_ascii_whitespace();
    (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    )
}

/// The service of a line of the file; messages name the line.
fn read_line(path: &Path, line: &Line) -> Result<Service, Explained> {
    let mut bytes = vec![b'\n'; line.numbers.start() - 1];
    bytes.extend_from_slice(line.text.as_bytes());
    let parsed = services::parse(path, &bytes)?;
    parsed
        .into_iter()
        .next()
        .ok_or_else(|| Explained::from(format!("file {}: no entry", path.display())))
}

fn set_field(
    service: &mut Service,
    field: usize,
    value: &str,
    path: &Path,
) -> Result<(), Explained> {
    if value.is_empty() {
        return Err("-Fe does not accept an empty value".into());
    }
    if field + 1 < service.entry.fields.len() {
        if let Some(slot) = service.entry.fields.get_mut(field) {
            value.clone_into(slot);
        }
        return service.check(path, value);
    }
    let fields = service.entry.fields[..field].join(" ");
    let text = format!("{fields} {value}");
    if let Some(new) = services::parse(path, text.as_bytes())?.into_iter().next() {
        service.entry.fields = new.entry.fields;
        service.entry.arguments = new.entry.arguments;
    }
    Ok(())
}

fn set_parameter(service: &mut Service, name: &str, value: &str) {
    let assignment = format!("{name}={value}");
    let places = places(service, name);
    if places.is_empty() {
        let at = service.options_end();
        let new = ["-o".to_owned(), assignment];
        service.entry.arguments.splice(at..at, new);
        return;
    }
    for at in places {
        if let Some(slot) = service.entry.arguments.get_mut(at) {
            assignment.clone_into(slot);
        }
    }
}

/// Where in the arguments the values of a parameter are.
fn places(service: &Service, name: &str) -> Vec<usize> {
    let is_of = |at: &usize| {
        let argument = service.entry.arguments.get(*at);
        let set = argument.and_then(|argument| argument.split_once('='));
        set.is_some_and(|(set, _)| set.trim_ascii_end() == name)
    };
    service.override_places().filter(is_of).collect()
}

fn split(word: &str) -> Result<(&str, &str), Explained> {
    let (left, right) = word
        .split_once('=')
        .ok_or_else(|| format!("missing '=' after attribute name: \"{word}\""))?;
    Ok((left.trim_ascii(), right.trim_ascii()))
}
