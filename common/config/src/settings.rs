//! The settings of one program: main.cf under the `-o` overrides, over the stock values of the table.
//!
//! Nothing is expanded or checked until it is asked for, so a program pays for the groups that it uses.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::slice;

use text::expand::{self, MAX_DEPTH, MAX_NAMES, Names};

use crate::dynamic::{self, Dynamic};
use crate::error::{Error, Setting};
use crate::help::{self, Explained, Help, Part};
use crate::main_cf::MainCf;
use crate::table::{self, ClientGroup, Group, Prefix, Spec};
use crate::value::{Kind, Value};

/// Where the value of a parameter comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `-o name=value` of the command line or of master.cf.
    Override,
    /// main.cf.
    File,
    /// The stock value.
    Stock,
}

/// What this program is configured to do.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) directory: PathBuf,
    pub(crate) main: MainCf,
    pub(crate) overrides: HashMap<String, String>,
    pub(crate) process_name: String,
    pub(crate) service_name: String,
    pub(crate) dynamic: Dynamic,
    /// Values are listed, not used: one that is the name of a file stays that.
    pub(crate) is_listed: bool,
    /// How many names deep an expansion is.
    pub(crate) depth: Cell<usize>,
    /// How many names it has looked up.
    pub(crate) lookups: Cell<usize>,
}

impl Settings {
    /// A typed group of parameters.
    pub fn get<G: Group>(&self) -> Result<G, Error> {
        G::load(self)
    }

    /// A typed group of the SMTP or of the LMTP client.
    pub fn client<G: ClientGroup>(&self, prefix: Prefix) -> Result<G, Error> {
        G::load(self, prefix)
    }

    /// One parameter by its name, expanded unless it is raw; `None` when there is no such name. A name that main.cf
    /// or an override makes up is as good as one of the table.
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        if table::find(name).is_some_and(|spec| spec.kind == Kind::Raw) {
            return Ok(self.unexpanded(name)?.map(Cow::into_owned));
        }
        match self.unexpanded(name)? {
            None => Ok(None),
            Some(value) => self.expand_for(name, &value).map(Some),
        }
    }

    /// `<transport>_<suffix>`, as `for_transport("relay", "destination_concurrency_limit")`: what is set for that
    /// transport, or the common value.
    pub fn for_transport<T: Value>(&self, transport: &str, suffix: &str) -> Result<T, Error> {
        let name = format!("{transport}_{suffix}");
        let stock = table::find(&name).map(|spec| (spec.default, spec.min, spec.max));
        let pattern = table::pattern(&name).map(|(_, pattern)| (pattern.default, 0, 0));
        let (default, min, max) = stock.or(pattern).unwrap_or(("", 0, 0));
        let text = match self.unexpanded(&name)? {
            Some(value) => self.expand_for(&name, &value)?,
            None => self.expand_for(&name, default)?,
        };
        let base = default
            .strip_prefix('$')
            .and_then(table::find)
            .map_or(default, |spec| spec.default);
        let spec = Spec {
            name: suffix_name(suffix),
            kind: T::KIND,
            min,
            max,
            default: base,
            doc: "",
        };
        T::read(&spec, &text).map_err(|error| self.within(&name, error.renamed(&name)))
    }

    /// `<service>_<name>` if it is set, else `<name>`, as `per_service("smtp", "sessions_per_process")`.
    pub fn per_service<T: Value>(&self, service: &str, name: &str) -> Result<T, Error> {
        let own = format!("{service}_{name}");
        let Some(spec) = table::find(name) else {
            return self.for_transport(service, name);
        };
        let used = if self.unexpanded(&own)?.is_some() {
            own.as_str()
        } else {
            name
        };
        let text = self.text(used)?.unwrap_or_default();
        T::read(spec, &text).map_err(|error| self.within(used, error.renamed(used)))
    }

    /// Expand a text as the value of a parameter would be.
    pub fn expand(&self, template: &str) -> Result<String, Error> {
        self.expand_for("(text)", template)
    }

    /// Expand a value of `name` that is not, or not yet, its own; not if its program expands it when it is used.
    pub fn expand_value(&self, name: &str, value: &str) -> Result<String, Error> {
        if table::find(name).is_some_and(|spec| spec.kind == Kind::Raw) {
            return Ok(value.to_owned());
        }
        self.expand_for(name, value)
    }

    /// Where the value of a name comes from; `None` when there is no such name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<Source> {
        if self.overrides.contains_key(name) {
            Some(Source::Override)
        } else if self.main.value(name).is_some() {
            Some(Source::File)
        } else {
            table::find(name).is_some().then_some(Source::Stock)
        }
    }

    /// The value of a name before expansion: override, main.cf, stock value; `None` when there is no such name.
    pub fn unexpanded(&self, name: &str) -> Result<Option<Cow<'_, str>>, Error> {
        if let Some(value) = self.fixed(name) {
            return Ok(Some(value));
        }
        if let Some(value) = self.set(name) {
            return match name {
                "myhostname" | "myorigin" if value.starts_with('/') && !self.is_listed => {
                    let read = dynamic::from_file(name, Path::new(value));
                    read.map(|value| Some(Cow::Owned(value)))
                        .map_err(|error| self.within(name, error))
                }
                _ => Ok(Some(Cow::Borrowed(value))),
            };
        }
        if let Some(value) = self.dynamic.value(self, name)? {
            return Ok(Some(value));
        }
        if let Some(spec) = table::find(name) {
            return Ok(Some(Cow::Borrowed(spec.default)));
        }
        Ok(table::pattern(name).map(|(_, pattern)| Cow::Borrowed(pattern.default)))
    }

    /// What an override or main.cf says, before expansion.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<&str> {
        self.overrides
            .get(name)
            .map(String::as_str)
            .or_else(|| self.main.value(name))
    }

    /// What a program says about a word of a parameter's value: the text for the log, and help at that word (or at the
    /// value, where the word does not stand in it as it is).
    #[must_use]
    pub fn explained(&self, name: &str, word: &str, text: String, help: Help) -> Explained {
        if !help::is_wanted() {
            return text.into();
        }
        let place = self.setting(name).and_then(|setting| {
            let found = setting.value.find(word).filter(|_| !word.is_empty());
            let part = found.map_or(Part::Value, |at| Part::Within(at..at + word.len()));
            setting.place(&part)
        });
        Explained {
            text,
            help: Some(Box::new(help.at(place))),
        }
    }

    /// The directory of main.cf and master.cf.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// main.cf as it was read.
    #[must_use]
    pub const fn main_cf(&self) -> &MainCf {
        &self.main
    }

    /// What an administrator should know about the files; log it when the log is open.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.main.warnings
    }

    /// The parameters that are set to another than their stock value but that no program reads in this version.
    #[must_use]
    pub fn without_effect(&self) -> Vec<&str> {
        let overrides = self.overrides.keys().map(String::as_str);
        let mut names: Vec<_> = self.main.names().into_iter().chain(overrides).collect();
        names.retain(|name| {
            let stock = table::find(name).map(|spec| spec.default);
            stock != self.set(name) && table::is_without_effect(name)
        });
        names
    }

    /// Read the next parameter of a group; for the loaders that the table's macros make.
    pub(crate) fn next<T: Value>(&self, specs: &mut slice::Iter<'_, Spec>) -> Result<T, Error> {
        const END: Spec = Spec {
            name: "",
            kind: Kind::Text,
            min: 0,
            max: 0,
            default: "",
            doc: "",
        };
        let spec = specs.next().unwrap_or(&END);
        let value = self.unexpanded(spec.name)?.unwrap_or_default();
        if spec.kind == Kind::Raw || !value.contains('$') {
            return self.checked(spec, &value);
        }
        let value = self.expand_for(spec.name, &value)?;
        self.checked(spec, &value)
    }

    /// Read the text, and check the few texts that are checked wherever they are used.
    fn checked<T: Value>(&self, spec: &Spec, text: &str) -> Result<T, Error> {
        let value = T::read(spec, text).map_err(|error| self.within(spec.name, error))?;
        match dynamic::check(spec.name, text) {
            None => Ok(value),
            Some(what) => Err(self.within(
                spec.name,
                Error::Value {
                    file: self.main.path.clone(),
                    name: spec.name.to_owned(),
                    what,
                    value: text.to_owned(),
                },
            )),
        }
    }

    /// Say which setting a mistake is in: that of `name`, or for a mistake of the expansion language one that it refers
    /// to. Stock values are nobody's mistake.
    pub(crate) fn within(&self, name: &str, error: Error) -> Error {
        let name = if let Error::Expansion { what, .. } = &error {
            self.culprit(name, what)
        } else {
            name
        };
        match self.setting(name) {
            None => error,
            Some(setting) => Error::In {
                setting,
                error: Box::new(error),
            },
        }
    }

    /// What main.cf or an override says, and where.
    fn setting(&self, name: &str) -> Option<Setting> {
        let own = self.overrides.contains_key(name);
        Some(Setting {
            file: (!own).then(|| self.main.path.clone()),
            name: name.to_owned(),
            value: self.set(name)?.to_owned(),
        })
    }

    /// The setting with a mistake of the expansion language, among `name` and those that it refers to.
    fn culprit<'a>(&'a self, name: &'a str, what: &expand::Error) -> &'a str {
        let mut names = vec![name];
        let mut seen = 0;
        while let Some(name) = names.get(seen).copied() {
            seen += 1;
            let own = self.set(name);
            if let Some(value) = own
                && what.find_in(value).is_some()
            {
                return name;
            }
            let value = own.or_else(|| table::find(name).map(|spec| spec.default));
            for reference in expand::references(value.unwrap_or_default().as_bytes()) {
                let reference = std::str::from_utf8(reference).unwrap_or_default();
                if !names.contains(&reference) && names.len() < MAX_DEPTH {
                    names.push(reference);
                }
            }
        }
        name
    }

    /// Names that no file can change.
    fn fixed(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "config_directory" => Some(self.directory.to_string_lossy()),
            "process_name" => Some(Cow::Borrowed(&self.process_name)),
            "process_id" => Some(Cow::Owned(std::process::id().to_string())),
            "service_name" if !self.overrides.contains_key(name) => {
                Some(Cow::Borrowed(&self.service_name))
            }
            _ => None,
        }
    }

    fn expand_for(&self, name: &str, template: &str) -> Result<String, Error> {
        if !template.contains('$') {
            return Ok(template.to_owned());
        }
        let mut scope = Scope {
            settings: self,
            failed: None,
        };
        let expanded = expand::expand(template.as_bytes(), &mut scope);
        if let Some(error) = scope.failed {
            return Err(error);
        }
        let bytes = expanded.map_err(|what| {
            let name = name.to_owned();
            self.within(&name.clone(), Error::Expansion { name, what })
        })?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned()))
    }
}

/// Names of parameters, worth their expanded values.
struct Scope<'a> {
    settings: &'a Settings,
    /// An error that is none of the expansion language.
    failed: Option<Error>,
}

impl Names for Scope<'_> {
    fn value(&mut self, name: &[u8]) -> Result<Option<Cow<'_, [u8]>>, expand::Error> {
        let Ok(name) = std::str::from_utf8(name) else {
            return Ok(None);
        };
        let depth = self.settings.depth.get();
        if depth >= MAX_DEPTH {
            return Err(expand::Error::Nesting(name.to_owned()));
        }
        let lookups = match depth {
            0 => 0,
            _ => self.settings.lookups.get() + 1,
        };
        if lookups > MAX_NAMES {
            return Err(expand::Error::TooMuch);
        }
        self.settings.lookups.set(lookups);
        self.settings.depth.set(depth + 1);
        let value = self.nested(name);
        self.settings.depth.set(depth);
        value
    }

    fn function(&mut self, name: &[u8], argument: &[u8]) -> Option<Vec<u8>> {
        dynamic::function(name, argument)
    }
}

impl Scope<'_> {
    fn nested(&mut self, name: &str) -> Result<Option<Cow<'static, [u8]>>, expand::Error> {
        let value = match self.settings.unexpanded(name) {
            Ok(Some(value)) => value,
            Ok(None) => return Ok(None),
            Err(error) => {
                // Going on would only find the same again, in a circle for every name of each round.
                self.failed = Some(error);
                return Err(expand::Error::Nesting(name.to_owned()));
            }
        };
        if !value.contains('$') {
            return Ok(Some(Cow::Owned(value.into_owned().into_bytes())));
        }
        let expanded = expand::expand(value.as_bytes(), self);
        expanded.map(|value| Some(Cow::Owned(value)))
    }
}

/// Suffixes are few and known; the name in messages is put right by [`Error::renamed`].
fn suffix_name(suffix: &str) -> &'static str {
    crate::params::PATTERNS
        .iter()
        .find(|pattern| pattern.suffix == suffix)
        .map_or("transport", |pattern| pattern.suffix)
}

#[cfg(test)]
mod tests;
