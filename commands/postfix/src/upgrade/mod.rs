//! upgrade-configuration: what master.cf of an older release lacks is added, and what it has otherwise than this release needs is
//! changed. Comments, order and layout of everything else stay. main.cf needs no change: compatibility_level keeps the old
//! stock values, and inet_protocols is left alone (see docs/differences.md).

mod services;

use std::fs;
use std::path::Path;

use command::Fatal;

use crate::instance::Instance;
use crate::{edit, tell};
use services::{CHANGES, Change, SERVICES, Service};

/// Bring master.cf up to this release.
pub(crate) fn run(instance: &Instance) -> Result<(), Fatal> {
    let path = instance.settings.directory().join("master.cf");
    let failed = |error: &std::io::Error| Fatal::io(path.display(), error);
    let before = fs::read_to_string(&path).map_err(|error| failed(&error))?;
    let daemons = Path::new(&instance.directories.daemon_directory);
    let upgraded = upgrade(&before, |program| daemons.join(program).exists());
    if upgraded.text == before {
        return Ok(());
    }
    edit::replace(&path, &upgraded.text).map_err(|error| failed(&error))?;
    for line in upgraded.done {
        tell::print(format_args!("Editing {}, {line}", path.display()))?;
    }
    Ok(())
}

struct Upgraded {
    text: String,
    /// What was done, a line each.
    done: Vec<String>,
}

fn upgrade(text: &str, has_program: impl Fn(&str) -> bool) -> Upgraded {
    let mut text = text.to_owned();
    let mut done = Vec::new();
    for service in &SERVICES {
        // What this release has no program for would be started in vain.
        if has_program(service.program) && !service.is_in(&text) {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text += service.line;
            text.push('\n');
            done.push(format!("adding missing entry for {}", service.title));
        }
    }
    for change in &CHANGES {
        if let Some(changed) = change.apply(&text) {
            text = changed;
            done.push(change.title.to_owned());
        }
    }
    Upgraded { text, done }
}

/// The fields of an entry's first line; `None` for comments, continuation lines and empty ones.
fn fields(line: &str) -> Option<Vec<&str>> {
    if line.starts_with(|first: char| first.is_whitespace() || first == '#') || line.is_empty() {
        return None;
    }
    Some(line.split_ascii_whitespace().collect())
}

impl Service {
    /// Whether the file has such a service; one that was commented out on purpose counts.
    fn is_in(&self, text: &str) -> bool {
        text.lines().any(|line| {
            let line = if self.line.starts_with('#') {
                line.trim_start_matches('#')
            } else {
                line
            };
            fields(line).is_some_and(|fields| {
                fields.starts_with(self.key)
                    && self.command.is_none_or(|name| fields.get(7) == Some(&name))
            })
        })
    }
}

impl Change {
    /// The text with the change made; `None` where nothing has to be changed.
    fn apply(&self, text: &str) -> Option<String> {
        let mut changed = false;
        let lines = text.split_inclusive('\n').map(|line| {
            let applies = fields(line).is_some_and(|fields| (self.applies)(&fields));
            if !applies {
                return line.to_owned();
            }
            changed = true;
            let edits = self.fields.iter();
            edits.fold(line.to_owned(), |line, (at, value)| {
                with_field(&line, *at, value)
            })
        });
        let text = lines.collect();
        changed.then_some(text)
    }
}

/// The line with another word in the place of field `at`, white space as it was.
fn with_field(line: &str, at: usize, value: &str) -> String {
    let mut rest = line;
    for _ in 0..at {
        rest = rest.trim_start();
        rest = rest.trim_start_matches(|c: char| !c.is_whitespace());
    }
    rest = rest.trim_start();
    let (before, from) = line.split_at(line.len() - rest.len());
    let old = from.split(char::is_whitespace).next().unwrap_or_default();
    format!("{before}{value}{}", &from[old.len()..])
}

#[cfg(test)]
mod tests;
