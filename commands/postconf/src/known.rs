//! Which names mean something: those of the table, those of services, and those that values refer to.

use std::collections::{BTreeMap, BTreeSet};

use config::master_cf::{Entries, Entry};
use config::{Kind, MainCf, table};
use text::{expand, token};

/// Why a name is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Builtin,
    Service,
    User,
}

/// The names that mean something, and the mistakes that show on the way.
#[derive(Debug, Default)]
pub(crate) struct Known {
    names: BTreeMap<String, Class>,
    /// `name` of `name:table` in legacy table settings, whose parameters are `name_...`.
    databases: BTreeSet<String>,
    undefined: BTreeSet<String>,
}

/// Programs that deliver mail; their services have the parameters of transports.
const TRANSPORTS: [&str; 6] = ["error", "lmtp", "local", "pipe", "smtp", "virtual"];
/// Programs whose services have a time limit.
const LIMITED: [&str; 2] = ["pipe", "spawn"];
/// Tables whose settings may be parameters of main.cf.
const DATABASES: [&str; 6] = ["ldap", "memcache", "mongodb", "mysql", "pgsql", "sqlite"];

impl Known {
    /// The names of the table and of the services.
    pub(crate) fn of_services(services: &Entries) -> Self {
        let mut known = Self::default();
        known
            .names
            .extend(table::all().map(|spec| (spec.name.to_owned(), Class::Builtin)));
        for entry in &services.entries {
            let [name, .., command] = &entry.fields;
            for pattern in table::patterns() {
                let limit = pattern.suffix == "time_limit";
                let programs: &[&str] = if limit { &LIMITED } else { &TRANSPORTS };
                if programs.contains(&command.as_str()) {
                    known
                        .names
                        .entry(format!("{name}_{}", pattern.suffix))
                        .or_insert(Class::Service);
                }
            }
        }
        known
    }

    /// Also the names that main.cf and the overrides of master.cf make up and refer to.
    pub(crate) fn with_users(mut self, main: &MainCf, services: &Entries) -> Self {
        let mut names: Vec<String> = main.names().into_iter().map(str::to_owned).collect();
        names.retain(|name| self.class(name).is_some() || table::legacy(name).is_some());
        names.extend(self.own_names_of_services(main, services));
        let legacy = names.iter().filter(|name| table::legacy(name).is_some());
        self.names
            .extend(legacy.map(|name| (name.clone(), Class::User)));
        while let Some(name) = names.pop() {
            if let Some(value) = main.value(&name).filter(|_| !is_raw(&name)) {
                names.extend(self.scan(&name, value, main));
            }
        }
        for entry in &services.entries {
            for (name, value) in overrides(entry) {
                if !is_raw(name) {
                    let more = self.scan(name, value, main);
                    self.follow(more, main);
                }
            }
        }
        self
    }

    fn follow(&mut self, mut names: Vec<String>, main: &MainCf) {
        while let Some(name) = names.pop() {
            if let Some(value) = main.value(&name) {
                names.extend(self.scan(&name, value, main));
            }
        }
    }

    /// `<service>_sessions_per_process` is known where it is set.
    fn own_names_of_services(&mut self, main: &MainCf, services: &Entries) -> Vec<String> {
        let own = |entry: &Entry| format!("{}_sessions_per_process", entry.fields[0]);
        let set: Vec<String> = services
            .entries
            .iter()
            .map(own)
            .filter(|name| main.value(name).is_some())
            .collect();
        self.names
            .extend(set.iter().map(|name| (name.clone(), Class::Service)));
        set
    }

    /// Find the names in one value; the result is those that are new and defined in main.cf.
    fn scan(&mut self, name: &str, value: &str, main: &MainCf) -> Vec<String> {
        let mut found = Vec::new();
        for reference in expand::references(value.as_bytes()) {
            let reference = String::from_utf8_lossy(reference).into_owned();
            if self.class(&reference).is_some() || table::legacy(&reference).is_some() {
                continue;
            }
            if main.value(&reference).is_some() {
                found.push(reference);
            } else {
                self.undefined.insert(reference);
            }
        }
        if name == "smtpd_restriction_classes" {
            found.extend(
                token::words(value)
                    .filter(|class| main.value(class).is_some())
                    .map(str::to_owned),
            );
        }
        for word in token::words(value) {
            let plain = word.strip_prefix("proxy:").unwrap_or(word);
            if let Some((kind, table)) = plain.split_once(':')
                && DATABASES.contains(&kind)
                && !table.starts_with(['/', '.'])
            {
                self.databases.insert(table.to_owned());
                let prefix = format!("{table}_");
                found.extend(
                    main.names()
                        .into_iter()
                        .filter(|name| name.starts_with(&prefix))
                        .map(str::to_owned),
                );
            }
        }
        found.retain(|name| !self.names.contains_key(name));
        self.names
            .extend(found.iter().map(|name| (name.clone(), Class::User)));
        found
    }

    /// Why a name is known; `None` when nothing uses it.
    pub(crate) fn class(&self, name: &str) -> Option<Class> {
        let of_database = || {
            let parameter = |database: &String| {
                name.strip_prefix(database.as_str())
                    .is_some_and(|rest| rest.starts_with('_'))
            };
            self.databases.iter().any(parameter).then_some(Class::User)
        };
        self.names.get(name).copied().or_else(of_database)
    }

    /// Every known name of the table, of services, and of users, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, Class)> {
        self.names
            .iter()
            .map(|(name, class)| (name.as_str(), *class))
    }

    /// Warn of references to nothing.
    pub(crate) fn warn_undefined(&self, path: &str) {
        for name in &self.undefined {
            maillog::warning!("{path}: undefined parameter: {name}");
        }
    }

    /// Warn of settings of main.cf that nothing uses, and of those that will go away.
    pub(crate) fn warn_unused(&self, main: &MainCf, quiet: bool) {
        let path = main.path.display();
        let mut set: Vec<_> = main.names();
        set.sort_unstable();
        for name in &set {
            let value = main.value(name).unwrap_or_default();
            if self.class(name).is_none() && table::legacy(name).is_none() {
                maillog::warning!("{path}: unused parameter: {name}={value}");
            } else if value
                .split_ascii_whitespace()
                .skip(1)
                .any(|word| word.starts_with('#'))
            {
                maillog::warning!(
                    "{path}: #comment after other text is not allowed: {name} = {value}"
                );
            }
            if let Some(advice) = table::outdated(name).filter(|_| !quiet) {
                maillog::warning!(
                    "{path}: support for parameter \"{name}\" will be removed; instead, {advice}"
                );
            }
        }
    }

    /// Warn of overrides in master.cf that nothing uses.
    pub(crate) fn warn_unused_overrides(&self, services: &Entries, path: &str) {
        for entry in &services.entries {
            let own: Vec<_> = overrides(entry)
                .flat_map(|(_, value)| expand::references(value.as_bytes()))
                .collect();
            for (name, value) in overrides(entry) {
                if self.class(name).is_none()
                    && table::legacy(name).is_none()
                    && !own.contains(&name.as_bytes())
                {
                    maillog::warning!("{path}: unused parameter: {name}={value}");
                }
            }
        }
    }
}

/// The `-o name=value` arguments of an entry.
pub(crate) fn overrides(entry: &Entry) -> impl Iterator<Item = (&str, &str)> {
    config::master_cf::overrides(&entry.arguments)
}

fn is_raw(name: &str) -> bool {
    table::find(name).is_some_and(|spec| spec.kind == Kind::Raw)
}
