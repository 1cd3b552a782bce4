//! Parameters of main.cf: listing and changing.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use config::{Error, Explained, Kind, Loader, MainCf, Settings, lines, table};
use text::attributes;

use crate::edit::{Change, Changes, Editing};
use crate::known::{self, Class, Known, Set};
use crate::options::{Action, Options, Values};
use crate::print;
use crate::services::{self, Missing};

/// Do what the command line says about main.cf.
pub(crate) fn run(options: &Options) -> Result<(), Explained> {
    if options.action == Action::Show {
        show(options)
    } else {
        edit(options)
    }
}

fn show(options: &Options) -> Result<(), Explained> {
    let stock = options.values == Values::Stock;
    let main = if stock {
        MainCf::default()
    } else {
        main_cf(options)?
    };
    let overrides = overrides(options)?;
    let services = services::read(&options.directory, Missing::Warning)?;
    let set = known::set(&main, &overrides);
    let settings = settings(options, main.clone())?;
    let mut known = Known::stock(&services);
    if !stock {
        known = known.with_users(&set, &services, &settings)?;
        known.warn_undefined(&options.directory);
    }
    let listing = Listing {
        options,
        settings: &settings,
        known: &known,
        set: &set,
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    listing.print(&mut out)?;
    out.flush()
        .map_err(|error| format!("write: {}", sys::reason(&error)))?;
    if !stock {
        known.warn_main_cf(&options.directory, &set, options.quiet);
        known.warn_services(&options.directory, &services, options.quiet);
    }
    Ok(())
}

/// Read main.cf and say what is odd about it.
pub(crate) fn main_cf(options: &Options) -> Result<MainCf, Explained> {
    let main = MainCf::read(&options.directory.join("main.cf"))?;
    for warning in &main.warnings {
        maillog::warning!("{warning}");
    }
    Ok(main)
}

/// What -o says, as names and values.
pub(crate) fn overrides(options: &Options) -> Result<Vec<(String, String)>, Explained> {
    let read = |text: &String| {
        let (name, value) = attributes::name_value(text)
            .map_err(|what| format!("invalid parameter override: {text}: {what}"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    options.overrides.iter().map(read).collect()
}

pub(crate) fn settings(options: &Options, main: MainCf) -> Result<Settings, Explained> {
    let mut loader = Loader::new("postconf").service("");
    for assignment in &options.overrides {
        loader = loader.set(assignment)?;
    }
    Ok(loader.over(options.directory.clone(), main))
}

/// A value that cannot be expanded: the reason is a warning, as with the reference.
pub(crate) fn not_expanded(error: Error) -> Explained {
    let mut inner = &error;
    while let Error::In { error, .. } = inner {
        inner = error;
    }
    let Error::Expansion { what, .. } = inner else {
        return error.into();
    };
    Explained {
        text: known::unexpanded(what),
        ..error.into()
    }
}

struct Listing<'a> {
    options: &'a Options,
    settings: &'a Settings,
    known: &'a Known,
    set: &'a Set<'a>,
}

impl Listing<'_> {
    fn print(&self, out: &mut impl Write) -> Result<(), Explained> {
        if self.options.words.is_empty() {
            for (name, _) in self.known.names().filter(|(_, class)| self.wanted(*class)) {
                self.one(out, name)?;
            }
            return Ok(());
        }
        for name in &self.options.words {
            if self.known.class(name).is_some() || table::legacy(name).is_some() {
                self.one(out, name)?;
            } else {
                self.known.warn_unknown(name);
            }
        }
        Ok(())
    }

    fn wanted(&self, class: Class) -> bool {
        match class {
            Class::Builtin => self.options.classes.builtin,
            Class::Service => self.options.classes.service,
            Class::User => self.options.classes.user,
        }
    }

    fn one(&self, out: &mut impl Write, name: &str) -> Result<(), Explained> {
        let is_set = self.set.contains_key(name)
            || (name == "config_directory" && self.options.is_named_directory);
        if self.options.values == Values::Explicit && !is_set {
            return Ok(());
        }
        let value = self.value(name)?;
        print::setting(out, name, &value, self.options)
            .map_err(|error| format!("write: {}", sys::reason(&error)).into())
    }

    fn value(&self, name: &str) -> Result<String, Explained> {
        let value = match self.set.get(name) {
            _ if name != "config_directory" => {
                self.settings.unexpanded(name).map_err(not_expanded)?
            }
            Some(directory) => Some((*directory).into()),
            None if self.options.values == Values::Stock => Some(config::DEFAULT_DIRECTORY.into()),
            None => self.settings.unexpanded(name).map_err(not_expanded)?,
        };
        let value = value.unwrap_or_default();
        let is_raw = table::find(name).is_some_and(|spec| spec.kind == Kind::Raw);
        if self.options.expand && !is_raw {
            self.settings
                .expand_value(name, &value)
                .map_err(not_expanded)
        } else {
            Ok(value.into_owned())
        }
    }
}

/// -e, -X and -#.
fn edit(options: &Options) -> Result<(), Explained> {
    let wanted = Wanted::parse(options)?;
    let path = options.directory.join("main.cf");
    let editing = Editing::open(&path)?;
    let changes = wanted.changes(&editing.bytes, &path, options.action);
    editing.finish(Ok(changes))
}

/// The names of the command line in their order, with the values that -e gives them.
struct Wanted(Vec<(String, String)>);

impl Wanted {
    fn parse(options: &Options) -> Result<Self, Explained> {
        let mut wanted: Vec<(String, String)> = Vec::new();
        for word in &options.words {
            let (name, value) = if options.action == Action::Set {
                attributes::name_value(word)
                    .map_err(|error| format!("{error}: \"{}\"", word.trim_ascii()))?
            } else {
                (word.as_str(), "")
            };
            if name.trim_ascii().is_empty() {
                return Err("-X or -# requires non-blank parameter names".into());
            }
            match wanted.iter_mut().find(|(known, _)| known == name) {
                Some((_, old)) => {
                    if options.action == Action::Set {
                        maillog::warning!("ignoring earlier request: '{name} = {old}'");
                    }
                    value.clone_into(old);
                }
                None => wanted.push((name.to_owned(), value.to_owned())),
            }
        }
        Ok(Self(wanted))
    }

    /// Lines that make no sense stay as they are.
    fn changes(&self, bytes: &[u8], path: &Path, action: Action) -> Changes {
        let mut changes = Changes::default();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for line in lines::logical(bytes).lines {
            let Ok((name, _)) = attributes::name_value(&line.text) else {
                continue;
            };
            let Some((name, value)) = self.0.iter().find(|(wanted, _)| wanted == name) else {
                continue;
            };
            let count = seen.entry(name).or_default();
            *count += 1;
            if *count == 2 {
                maillog::warning!("{}: multiple entries for \"{name}\"", path.display());
            }
            let change = match action {
                Action::Comment => Change::Comment,
                Action::Exclude => Change::Delete,
                Action::Set | Action::Show => Change::Replace(format!("{name} = {value}")),
            };
            changes.change(&line, change);
        }
        if action == Action::Set {
            for (name, value) in &self.0 {
                if !seen.contains_key(name.as_str()) {
                    changes.add(format!("{name} = {value}"));
                }
            }
        }
        changes
    }
}
