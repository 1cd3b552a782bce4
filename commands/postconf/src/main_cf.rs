//! Parameters of main.cf: listing and changing.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use config::master_cf::{self, Entries};
use config::{Loader, MainCf, Settings, lines, table};
use text::attributes;

use crate::edit::{Change, Changes, Editing};
use crate::known::{Class, Known};
use crate::options::{Action, Options, Values};
use crate::print;

/// Do what the command line says about main.cf.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    if options.action == Action::Show {
        show(options)
    } else {
        edit(options)
    }
}

fn show(options: &Options) -> Result<(), String> {
    let stock = options.values == Values::Stock;
    let main = if stock {
        MainCf::default()
    } else {
        main_cf(options)?
    };
    let services = services(&options.directory, stock)?;
    let known = Known::of_services(&services).with_users(&main, &services);
    let settings = settings(options, main.clone())?;
    if !stock {
        known.warn_undefined(&main.path.display().to_string());
    }
    let listing = Listing {
        options,
        settings: &settings,
        known: &known,
        main: &main,
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    listing.print(&mut out)?;
    out.flush().map_err(|error| format!("write: {error}"))?;
    if !stock {
        known.warn_unused(&main, options.quiet);
        known.warn_unused_overrides(&services, &master_path(options));
    }
    Ok(())
}

/// Read main.cf and say what is odd about it.
pub(crate) fn main_cf(options: &Options) -> Result<MainCf, String> {
    let main =
        MainCf::read(&options.directory.join("main.cf")).map_err(|error| error.to_string())?;
    for warning in &main.warnings {
        maillog::warning!("{warning}");
    }
    Ok(main)
}

/// The services of master.cf; stock values can be shown without.
pub(crate) fn services(directory: &Path, optional: bool) -> Result<Entries, String> {
    let path = directory.join("master.cf");
    match std::fs::read(&path) {
        Ok(bytes) => master_cf::entries(&path, &bytes).map_err(|error| error.to_string()),
        Err(_) if optional => Ok(Entries::default()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Entries::default()),
        Err(error) => Err(format!("open {}: {error}", path.display())),
    }
}

/// The path of master.cf, as messages name it.
pub(crate) fn master_path(options: &Options) -> String {
    options.directory.join("master.cf").display().to_string()
}

fn settings(options: &Options, main: MainCf) -> Result<Settings, String> {
    let mut loader = Loader::new("postconf");
    for assignment in &options.overrides {
        loader = loader.set(assignment).map_err(|error| error.to_string())?;
    }
    Ok(loader.over(options.directory.clone(), main))
}

struct Listing<'a> {
    options: &'a Options,
    settings: &'a Settings,
    known: &'a Known,
    main: &'a MainCf,
}

impl Listing<'_> {
    fn print(&self, out: &mut impl Write) -> Result<(), String> {
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
                maillog::warning!("{name}: unknown parameter");
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

    fn one(&self, out: &mut impl Write, name: &str) -> Result<(), String> {
        if self.options.values == Values::Explicit && !self.is_set(name) {
            return Ok(());
        }
        let value = self.value(name).map_err(|error| error.to_string())?;
        print::setting(out, name, &value, self.options).map_err(|error| format!("write: {error}"))
    }

    fn is_set(&self, name: &str) -> bool {
        name == "config_directory"
            || self.settings.set(name).is_some()
            || self.main.value(name).is_some()
    }

    fn value(&self, name: &str) -> Result<String, config::Error> {
        let value = if self.options.values == Values::Stock && name == "config_directory" {
            Some(config::DEFAULT_DIRECTORY.into())
        } else {
            self.settings.unexpanded(name)?
        };
        let value = value.unwrap_or_default();
        if self.options.expand {
            self.settings.expand_value(name, &value)
        } else {
            Ok(value.into_owned())
        }
    }
}

/// -e, -X and -#.
fn edit(options: &Options) -> Result<(), String> {
    let wanted = Wanted::parse(options)?;
    let path = options.directory.join("main.cf");
    let editing = Editing::open(&path)?;
    match wanted.changes(&editing.bytes, &path, options.action) {
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

/// The names of the command line, with the values that -e gives them.
struct Wanted(Vec<(String, String)>);

impl Wanted {
    fn parse(options: &Options) -> Result<Self, String> {
        let mut wanted: Vec<(String, String)> = Vec::new();
        for word in &options.words {
            let (name, value) = if options.action == Action::Set {
                attributes::name_value(word).map_err(|error| format!("{error}: \"{word}\""))?
            } else {
                (word.trim(), "")
            };
            match wanted.iter_mut().find(|(known, _)| known == name) {
                Some((_, old)) => value.clone_into(old),
                None => wanted.push((name.to_owned(), value.to_owned())),
            }
        }
        Ok(Self(wanted))
    }

    fn changes(&self, bytes: &[u8], path: &Path, action: Action) -> Result<Changes, String> {
        let mut changes = Changes::default();
        let mut seen = BTreeSet::new();
        for line in lines::logical(bytes).lines {
            let Ok((name, _)) = attributes::name_value(&line.text) else {
                let what = format!(
                    "{}, {}: missing '=' after attribute name",
                    path.display(),
                    line.place()
                );
                return Err(format!("{what}: \"{}\"", line.text.trim_ascii_end()));
            };
            let Some((name, value)) = self.0.iter().find(|(wanted, _)| wanted == name) else {
                continue;
            };
            if !seen.insert(name.as_str()) {
                maillog::warning!("{}: multiple entries for \"{name}\"", path.display());
            }
            changes.change(
                &line,
                match action {
                    Action::Comment => Change::Comment,
                    Action::Exclude => Change::Delete,
                    Action::Set | Action::Show => Change::Replace(format!("{name} = {value}")),
                },
            );
        }
        for (name, value) in self
            .0
            .iter()
            .filter(|(name, _)| action == Action::Set && !seen.contains(name.as_str()))
        {
            changes.add(format!("{name} = {value}"));
        }
        Ok(changes)
    }
}
