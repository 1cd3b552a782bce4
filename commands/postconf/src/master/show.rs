//! Listing entries, fields and parameters.

use std::collections::BTreeMap;
use std::io::{self, Write};

use config::master_cf::{Entry, FIELDS};
use config::{Loader, MainCf, Settings};

use super::pattern::Pattern;
use crate::known::{Known, overrides};
use crate::main_cf::{self, master_path};
use crate::options::{Options, Subject};
use crate::print;

/// List what the command line asks for.
pub(super) fn run(options: &Options) -> Result<(), String> {
    let main = main_cf::main_cf(options)?;
    let services = main_cf::services(&options.directory, false)?;
    for warning in &services.warnings {
        maillog::warning!("{warning}");
    }
    let parts = if options.subject == Subject::Entries {
        2
    } else {
        3
    };
    let patterns: Vec<Pattern> = options
        .words
        .iter()
        .map(|word| Pattern::parse(word, parts))
        .collect::<Result<_, _>>()?;
    check_fields(options, &patterns)?;
    let known = Known::of_services(&services).with_users(&main, &services);
    known.warn_undefined(&main.path.display().to_string());
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut used = vec![false; patterns.len()];
    for entry in &services.entries {
        let wanted = |item: &str, used: &mut [bool]| wanted(&patterns, used, entry, item);
        show(&mut out, entry, options, &main, &mut |item| {
            wanted(item, &mut used)
        })?;
    }
    out.flush().map_err(|error| format!("write: {error}"))?;
    for (word, _) in options.words.iter().zip(&used).filter(|(_, used)| !**used) {
        maillog::warning!("unmatched request: \"{word}\"");
    }
    known.warn_unused_overrides(&services, &master_path(options));
    Ok(())
}

fn check_fields(options: &Options, patterns: &[Pattern]) -> Result<(), String> {
    let fields = options.subject == Subject::Fields;
    let unknown = |pattern: &&Pattern| {
        pattern
            .item
            .as_deref()
            .is_some_and(|item| !FIELDS.contains(&item))
    };
    match patterns.iter().find(unknown).filter(|_| fields) {
        Some(Pattern {
            item: Some(item), ..
        }) => Err(format!("invalid service attribute name: \"{item}\"")),
        _ => Ok(()),
    }
}

/// Whether any request is for this; all that are get marked.
fn wanted(patterns: &[Pattern], used: &mut [bool], entry: &Entry, item: &str) -> bool {
    let mut any = patterns.is_empty();
    for (pattern, used) in patterns.iter().zip(used) {
        if pattern.matches(entry) && pattern.wants(item) {
            *used = true;
            any = true;
        }
    }
    any
}

fn show(
    out: &mut impl Write,
    entry: &Entry,
    options: &Options,
    main: &MainCf,
    wanted: &mut dyn FnMut(&str) -> bool,
) -> Result<(), String> {
    let said = |error: io::Error| format!("write: {error}");
    let entry = if options.expand {
        &expanded(entry, options, main)?
    } else {
        entry
    };
    let [name, kind, ..] = &entry.fields;
    match options.subject {
        Subject::Fields => {
            for (field, value) in FIELDS.into_iter().zip(&entry.fields) {
                if wanted(field) {
                    let value = if field == "command" {
                        super::command(entry)
                    } else {
                        value.clone()
                    };
                    print::setting(out, &format!("{name}/{kind}/{field}"), &value, options)
                        .map_err(said)?;
                }
            }
        }
        Subject::Parameters => {
            for (parameter, value) in overrides(entry).collect::<BTreeMap<_, _>>() {
                if wanted(parameter) {
                    print::setting(out, &format!("{name}/{kind}/{parameter}"), value, options)
                        .map_err(said)?;
                }
            }
        }
        Subject::Entries | Subject::MainCf | Subject::Feature(_) | Subject::Tls => {
            if wanted("") {
                writeln!(out, "{}", super::line(entry, options.fold)).map_err(said)?;
            }
        }
    }
    Ok(())
}

/// The entry with `$name` replaced, as its program would see it.
fn expanded(entry: &Entry, options: &Options, main: &MainCf) -> Result<Entry, String> {
    let settings = scope(entry, options, main).map_err(|error| error.to_string())?;
    let mut result = entry.clone();
    let mut after_option = false;
    for argument in &mut result.arguments {
        if after_option {
            *argument = settings
                .expand(argument)
                .map_err(|error| error.to_string())?;
        }
        after_option = argument == "-o";
    }
    Ok(result)
}

fn scope(entry: &Entry, options: &Options, main: &MainCf) -> Result<Settings, config::Error> {
    let [name, .., command] = &entry.fields;
    let mut loader = Loader::new(command).service(name);
    for (name, value) in overrides(entry) {
        loader = loader.set(&format!("{name}={value}"))?;
    }
    for assignment in &options.overrides {
        loader = loader.set(assignment)?;
    }
    Ok(loader.over(options.directory.clone(), main.clone()))
}
