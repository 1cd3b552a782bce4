//! Which names mean something: those of the table, those of services, and those that values refer to.

mod databases;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};

use config::help::Help;
use config::{Explained, Kind, MainCf, Settings, table};
use text::{expand, token};

use crate::services::Service;
use databases::Databases;

/// Why a name is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Builtin,
    Service,
    User,
}

/// What main.cf and -o set, by name.
pub(crate) type Set<'a> = BTreeMap<&'a str, &'a str>;

/// The names that mean something, and the mistakes that show on the way.
#[derive(Debug, Default)]
pub(crate) struct Known {
    names: BTreeMap<String, Class>,
    /// Names that main.cf refers to and that some service sets.
    of_services: BTreeSet<String>,
    /// Names that main.cf refers to and nothing sets, each time; then those of master.cf.
    undefined: [Vec<String>; 2],
    /// Overrides that nothing uses: by service, then by name.
    unused_overrides: Vec<(String, String)>,
    databases: Databases,
}

/// Programs that deliver mail; their services have the parameters of transports.
const TRANSPORTS: [&str; 6] = ["error", "lmtp", "local", "pipe", "smtp", "virtual"];
/// Programs whose services have a time limit.
const LIMITED: [&str; 2] = ["pipe", "spawn"];

impl Known {
    /// The names of the table and of the services.
    pub(crate) fn stock(services: &[Service]) -> Self {
        let mut known = Self::default();
        known
            .names
            .extend(table::all().map(|spec| (spec.name.to_owned(), Class::Builtin)));
        for service in services {
            for pattern in table::patterns() {
                let limit = pattern.suffix == "time_limit";
                let programs: &[&str] = if limit { &LIMITED } else { &TRANSPORTS };
                if programs.contains(&service.program()) {
                    known
                        .names
                        .entry(format!("{}_{}", service.name(), pattern.suffix))
                        .or_insert(Class::Service);
                }
            }
        }
        known
    }

    /// Also the names that main.cf, -o and the overrides of master.cf make up and refer to.
    pub(crate) fn with_users(
        mut self,
        set: &Set<'_>,
        services: &[Service],
        settings: &Settings,
    ) -> Result<Self, Explained> {
        self.own_names_of_services(set, services);
        let by_services: BTreeSet<&str> = services
            .iter()
            .flat_map(Service::overrides)
            .map(|(name, _)| name)
            .collect();
        for (name, value) in set {
            if table::legacy(name).is_some() {
                self.names.insert((*name).to_owned(), Class::User);
            }
            let mentioned = self.mentioned(name, value).map_err(|what| {
                let wrong = what.find_in(value).and_then(|bytes| value.get(bytes));
                let help = Help::of_expansion(&what);
                settings.explained(name, wrong.unwrap_or_default(), unexpanded(&what), help)
            })?;
            for reference in mentioned {
                if set.contains_key(reference.as_str()) {
                    self.names.insert(reference, Class::User);
                } else if by_services.contains(reference.as_str()) {
                    self.of_services.insert(reference);
                } else {
                    self.undefined[0].push(reference);
                }
            }
            self.databases.scan(value)?;
        }
        let used: Vec<BTreeSet<String>> = services
            .iter()
            .map(|service| self.of_one(service, set))
            .collect::<Result<_, _>>()?;
        self.databases.name_parameters(set, &mut self.names);
        for (service, used) in services.iter().zip(&used) {
            for (name, value) in service.overrides().collect::<BTreeMap<_, _>>() {
                if !self.is_used(name) && !used.contains(name) {
                    self.unused_overrides
                        .push((name.to_owned(), value.to_owned()));
                }
            }
        }
        Ok(self)
    }

    /// Look at the overrides of one service: those of its own names that it uses.
    fn of_one(&mut self, service: &Service, set: &Set<'_>) -> Result<BTreeSet<String>, Explained> {
        let own: Set<'_> = service.overrides().collect();
        let mut used = BTreeSet::new();
        let mut databases = Databases::default();
        for (name, value) in &own {
            let mentioned = self.mentioned(name, value).map_err(|what| {
                let (service, kind) = (service.name(), service.kind());
                let help = Help::new(format!("{name} of {service}/{kind} cannot be expanded"));
                Explained {
                    text: unexpanded(&what),
                    help: Some(help.into()),
                }
            })?;
            for reference in mentioned {
                if own.contains_key(reference.as_str()) {
                    used.insert(reference);
                } else if set.contains_key(reference.as_str()) {
                    self.names.insert(reference, Class::User);
                } else {
                    self.undefined[1].push(reference);
                }
            }
            databases.scan(value)?;
        }
        let mut names = BTreeMap::new();
        databases.name_parameters(&own, &mut names);
        used.extend(names.into_keys());
        self.databases.append(databases);
        Ok(used)
    }

    /// The names in one value that are not stock names, each time that they stand there.
    fn mentioned(&self, name: &str, value: &str) -> Result<Vec<String>, expand::Error> {
        let is_raw = table::find(name).is_some_and(|spec| spec.kind == Kind::Raw);
        if is_raw {
            return Ok(Vec::new());
        }
        let mut found: Vec<String> = expand::checked_references(value.as_bytes())?
            .into_iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        if name == "smtpd_restriction_classes" {
            let classes = token::words(value).filter(|class| !class.starts_with('$'));
            found.extend(classes.map(str::to_owned));
        }
        let stock = |name: &String| {
            let class = self.names.get(name);
            matches!(class, Some(Class::Builtin | Class::Service)) || table::legacy(name).is_some()
        };
        found.retain(|name| !stock(name));
        Ok(found)
    }

    /// `<service>_sessions_per_process` is known where it is set.
    fn own_names_of_services(&mut self, set: &Set<'_>, services: &[Service]) {
        for service in services {
            let name = format!("{}_sessions_per_process", service.name());
            if set.contains_key(name.as_str()) {
                self.names.insert(name, Class::Service);
            }
        }
    }

    /// Why a name is known; `None` when nothing uses it.
    pub(crate) fn class(&self, name: &str) -> Option<Class> {
        self.names.get(name).copied()
    }

    fn is_used(&self, name: &str) -> bool {
        self.names.contains_key(name)
            || self.of_services.contains(name)
            || table::legacy(name).is_some()
    }

    /// Every known name of the table, of services, and of users, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, Class)> {
        self.names
            .iter()
            .map(|(name, class)| (name.as_str(), *class))
    }
}

/// Say what is wrong with a value; the text is what ends the command.
pub(crate) fn unexpanded(what: &expand::Error) -> String {
    maillog::warning!("{what}");
    "macro processing error".to_owned()
}

/// What main.cf and the overrides of the command line set.
pub(crate) fn set<'a>(main: &'a MainCf, overrides: &'a [(String, String)]) -> Set<'a> {
    let of_file = main
        .names()
        .into_iter()
        .map(|name| (name, main.value(name).unwrap_or_default()));
    let of_line = overrides
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    of_file.chain(of_line).collect()
}
