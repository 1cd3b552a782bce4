//! Changing entries, fields and parameters.

use std::path::Path;

use config::master_cf::{self, BadField, Entries, Entry, FIELDS};

use super::pattern::Pattern;
use crate::edit::{Change, Changes, Editing};
use crate::options::{Action, Options, Subject};

/// Make the changes of the command line.
pub(super) fn run(options: &Options) -> Result<(), String> {
    let path = options.directory.join("master.cf");
    let editing = Editing::open(&path)?;
    match changes(options, &path, &editing.bytes) {
        Ok(changes) => {
            let text = changes.apply(&editing.bytes);
            editing.save(&text)
        }
        Err(error) => {
            editing.give_up();
            Err(error)
        }
    }
}

fn changes(options: &Options, path: &Path, bytes: &[u8]) -> Result<Changes, String> {
    let mut table = Table::read(path, bytes)?;
    for word in &options.words {
        let done = match (options.subject, options.action) {
            (Subject::Entries, Action::Set) => table.replace(word, path),
            (Subject::Entries, action) => table.mark(word, action),
            (Subject::Fields, Action::Set) => table.set_field(word),
            (Subject::Parameters, Action::Set) => table.set_parameter(word),
            (Subject::Parameters, Action::Exclude) => table.remove_parameter(word),
            _ => return Err("-F does not support -X or -#, -P does not support -#".to_owned()),
        }?;
        if !done {
            maillog::warning!("unmatched service_name/type: \"{word}\"");
        }
    }
    Ok(table.changes())
}

/// The entries of the file, and what becomes of each.
struct Table {
    old: Vec<(Entry, Fate)>,
    new: Vec<Entry>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    Changed,
    Deleted,
    Commented,
}

impl Table {
    fn read(path: &Path, bytes: &[u8]) -> Result<Self, String> {
        let Entries { entries, warnings } =
            master_cf::entries(path, bytes).map_err(|error| error.to_string())?;
        for warning in warnings {
            maillog::warning!("{warning}");
        }
        Ok(Self {
            old: entries
                .into_iter()
                .map(|entry| (entry, Fate::Stays))
                .collect(),
            new: Vec::new(),
        })
    }

    fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        for (entry, fate) in &self.old {
            match fate {
                Fate::Stays => {}
                Fate::Changed => {
                    changes.change(&entry.line, Change::Replace(super::line(entry, true)))
                }
                Fate::Deleted => changes.change(&entry.line, Change::Delete),
                Fate::Commented => changes.change(&entry.line, Change::Comment),
            }
        }
        for entry in &self.new {
            changes.add(super::line(entry, true));
        }
        changes
    }

    /// -Me: the first entry that matches, or that has the new name and type, becomes the new one; others go.
    fn replace(&mut self, word: &str, path: &Path) -> Result<bool, String> {
        let (left, text) = split(word)?;
        let pattern = Pattern::parse_whole(left, 2)?;
        let parsed = master_cf::entries(path, text.trim_ascii_start().as_bytes())
            .map_err(|_| format!("bad field count: \"{word}\""))?;
        let [new] = parsed.entries.as_slice() else {
            return Err(format!("bad field count: \"{word}\""));
        };
        master_cf::check(new).map_err(|bad| refused(&bad, text))?;
        let same = |entry: &Entry| entry.fields[..2] == new.fields[..2];
        let mut placed = false;
        for (entry, fate) in &mut self.old {
            if *fate == Fate::Deleted || !(pattern.matches(entry) || same(entry)) {
                continue;
            }
            *fate = if placed { Fate::Deleted } else { Fate::Changed };
            if !placed {
                let line = entry.line.clone();
                *entry = Entry {
                    line,
                    ..new.clone()
                };
                placed = true;
            }
        }
        if !placed {
            self.new.push(new.clone());
        }
        Ok(true)
    }

    /// -MX and -M#.
    fn mark(&mut self, word: &str, action: Action) -> Result<bool, String> {
        let pattern = Pattern::parse_whole(word, 2)?;
        let fate = if action == Action::Comment {
            Fate::Commented
        } else {
            Fate::Deleted
        };
        for (entry, old) in &mut self.old {
            if pattern.matches(entry) {
                *old = fate;
            }
        }
        // The reference says nothing when no entry matches.
        Ok(true)
    }

    /// -Fe
    fn set_field(&mut self, word: &str) -> Result<bool, String> {
        let (left, value) = split(word)?;
        let pattern = Pattern::parse_whole(left, 3)?;
        let item = pattern.item.clone().unwrap_or_default();
        let Some(field) = FIELDS.iter().position(|field| *field == item) else {
            return Err(format!("invalid service attribute name: \"{item}\""));
        };
        self.change(&pattern, |entry| {
            if item == "command" {
                let [a, b, c, d, e, f, g, _] = &entry.fields;
                let text = [a, b, c, d, e, f, g, value].join(" ");
                let mut parsed = master_cf::entries(Path::new("master.cf"), text.as_bytes())
                    .map_err(|_| format!("bad command: \"{value}\""))?;
                let Some(new) = parsed.entries.pop() else {
                    return Err(format!("bad command: \"{value}\""));
                };
                entry.fields = new.fields;
                entry.arguments = new.arguments;
            } else if let Some(slot) = entry.fields.get_mut(field) {
                value.clone_into(slot);
            }
            master_cf::check(entry).map_err(|bad| refused(&bad, value))
        })
    }

    /// -Pe
    fn set_parameter(&mut self, word: &str) -> Result<bool, String> {
        let (left, value) = split(word)?;
        let pattern = Pattern::parse_whole(left, 3)?;
        let name = pattern
            .item
            .clone()
            .ok_or_else(|| format!("need service/type/name in \"{left}\""))?;
        self.change(&pattern, |entry| {
            let assignment = format!("{name}={value}");
            match places(entry, &name).first() {
                Some(at) => entry.arguments[*at] = assignment,
                None => {
                    let at = options_end(entry);
                    entry
                        .arguments
                        .splice(at..at, ["-o".to_owned(), assignment]);
                }
            }
            Ok(())
        })
    }

    /// -PX
    fn remove_parameter(&mut self, word: &str) -> Result<bool, String> {
        let pattern = Pattern::parse_whole(word, 3)?;
        let name = pattern
            .item
            .clone()
            .ok_or_else(|| format!("need service/type/name in \"{word}\""))?;
        self.change(&pattern, |entry| {
            for at in places(entry, &name).into_iter().rev() {
                entry.arguments.drain(at.saturating_sub(1)..=at);
            }
            Ok(())
        })
    }

    fn change(
        &mut self,
        pattern: &Pattern,
        mut with: impl FnMut(&mut Entry) -> Result<(), String>,
    ) -> Result<bool, String> {
        let mut any = false;
        for (entry, fate) in &mut self.old {
            if pattern.matches(entry) {
                with(entry)?;
                *fate = Fate::Changed;
                any = true;
            }
        }
        Ok(any)
    }
}

fn refused(bad: &BadField, text: &str) -> String {
    let BadField { field, word, .. } = bad;
    format!("invalid {field} field \"{word}\" in \"{text}\"")
}

/// Where in the arguments the values of a parameter are.
fn places(entry: &Entry, name: &str) -> Vec<usize> {
    let pairs = entry.arguments.windows(2).enumerate();
    let of_name = |pair: &[String]| match pair {
        [option, value] => {
            option == "-o" && value.split_once('=').is_some_and(|(set, _)| set == name)
        }
        _ => false,
    };
    pairs
        .filter(|(_, pair)| of_name(pair))
        .map(|(at, _)| at + 1)
        .collect()
}

/// Where the daemon's own options end and a command's arguments begin.
fn options_end(entry: &Entry) -> usize {
    let mut at = 0;
    while let Some(argument) = entry.arguments.get(at) {
        match argument.as_str() {
            "-o" => at += 2,
            option if option.starts_with('-') => at += 1,
            _ => break,
        }
    }
    at.min(entry.arguments.len())
}

fn split(word: &str) -> Result<(&str, &str), String> {
    let (left, right) = word
        .split_once('=')
        .ok_or_else(|| format!("missing '=' after attribute name: \"{word}\""))?;
    Ok((left.trim_ascii(), right.trim_ascii()))
}
