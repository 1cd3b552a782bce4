//! Tables behind a server or a client library: `mysql:`, `pgsql:`, `sqlite:`, `ldap:`, `memcache:`, `redis:`, `mongodb:`, `tcp:`,
//! `socketmap:`.
//!
//! No daemon links such a library, or connects to such a server. Each of these types is a program of its own beside the daemons,
//! `mysql_table` and so on, and there is such a type where its program is. The table's configuration is read here, with the rights of
//! the one who opens it; the driver gets it as values, together with connected sockets. What is common to these types and needs no
//! library is done here too: the `domain` list that says which keys are asked for at all, and the `backup` table of a cache.
//!
//! A driver that ended is started again where programs can still be started; in a jail each lookup fails, and
//! [`DriverTable::changed`] says that the daemon should be renewed. Logs what drivers note, as a warning.

mod process;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use config::{MainCf, Settings, params};
use records::table::{Answer, Number, Parameter, Request};

use crate::error::OpenError;
use crate::match_list::{MatchList, Parents};
use crate::table::{OpenOptions, Pair, Table};
use process::{Driver, Started};

/// The types that are programs.
pub const TYPES: [&str; 9] = [
    "ldap",
    "memcache",
    "mongodb",
    "mysql",
    "pgsql",
    "redis",
    "socketmap",
    "sqlite",
    "tcp",
];

/// Those of them whose tables can be changed.
pub const WRITABLE: [&str; 2] = ["memcache", "redis"];

/// Whether tables of a type are asked for whole keys as they are, never for parts of them or in small letters.
pub(crate) fn wants_whole_keys(kind: &str) -> bool {
    matches!(kind, "socketmap" | "tcp")
}

/// Where a type's program is, whether it is there or not.
#[must_use]
pub fn program(daemon_directory: &Path, kind: &str) -> PathBuf {
    daemon_directory.join(format!("{kind}_table"))
}

/// The connections of a table that says nothing else, and the most that are used for keys that are asked for together.
const CONNECTIONS: usize = 4;
const MOST_CONNECTIONS: usize = 8;
/// Keys that are asked for together have so many bytes at most: sockets take them although no answer is read yet.
const MOST_BYTES: usize = 32 * 1024;

/// The running drivers that the tables of a program share.
#[derive(Clone)]
pub struct Drivers(Rc<Inner>);

struct Inner {
    daemon_directory: PathBuf,
    /// main.cf, for tables whose parameters are there.
    settings: Option<Settings>,
    started: Started,
}

impl Drivers {
    /// As main.cf says.
    pub fn from_settings(settings: &Settings) -> Result<Self, config::Error> {
        let directories: params::core::Directories = settings.get()?;
        let identity: params::core::Identity = settings.get()?;
        Ok(Self(Rc::new(Inner {
            daemon_directory: PathBuf::from(directories.daemon_directory),
            settings: Some(settings.clone()),
            started: Started::new(identity.mail_owner),
        })))
    }
}

impl Default for Drivers {
    fn default() -> Self {
        Self(Rc::new(Inner {
            daemon_directory: PathBuf::from("/usr/lib/postfix/sbin"),
            settings: None,
            started: Started::new("postfix".to_owned()),
        }))
    }
}

impl fmt::Debug for Drivers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Drivers")
    }
}

/// One table behind a driver.
pub(crate) struct DriverTable {
    name: String,
    driver: Rc<Driver>,
    number: Number,
    whole_keys: bool,
    domains: Option<MatchList>,
    backup: Option<Box<Table>>,
    /// How many keys are looked up at once, where several are asked for together.
    connections: usize,
}

impl fmt::Debug for DriverTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DriverTable({})", self.number)
    }
}

impl DriverTable {
    pub(crate) fn open(kind: &str, name: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        let inner = &options.drivers.0;
        let program = program(&inner.daemon_directory, kind);
        if !program.exists() {
            return Err(OpenError::MissingDriver {
                kind: kind.to_owned(),
                program,
            });
        }
        let settings = inner.settings.as_ref();
        let mut parameters = match kind {
            "tcp" => Vec::new(),
            "socketmap" => socketmap_parameters(settings)?,
            _ => parameters(name, settings)?,
        };
        if let Some(settings) = settings {
            add_named(&mut parameters, settings)?;
        }
        let set = |wanted: &str| {
            let mut all = parameters.iter();
            let found = all.find(|parameter| parameter.name == wanted);
            found.map(|parameter| parameter.value.as_str())
        };
        let domains = set("domain")
            .filter(|text| !text.trim().is_empty())
            .map(|text| MatchList::open(name, text, Parents::Dotted, options));
        let backup = set("backup")
            .filter(|spec| kind == "memcache" && !spec.is_empty())
            .map(|spec| Table::open(spec, options).map(Box::new))
            .transpose()?;
        let connections = set("max_connections").and_then(|number| number.parse().ok());
        let connections = connections.unwrap_or(CONNECTIONS).min(MOST_CONNECTIONS);
        let unopened = |reason: String| OpenError::File(format!("open {kind}:{name}: {reason}"));
        let driver = inner.started.driver(&program).map_err(unopened)?;
        let number = driver.open(name, parameters).map_err(OpenError::File)?;
        Ok(Self {
            name: format!("{kind}:{name}"),
            driver,
            number,
            whole_keys: wants_whole_keys(kind),
            domains,
            backup,
            connections,
        })
    }

    pub(crate) const fn wants_whole_keys(&self) -> bool {
        self.whole_keys
    }

    pub(crate) fn changed(&self) -> bool {
        self.driver.is_lost() || self.backup.as_ref().is_some_and(|table| table.changed())
    }

    pub(crate) async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        if !self.is_eligible(key).await? {
            return Ok(None);
        }
        let answer = self.driver.ask(&self.request(key)).await;
        self.settled(key, answer).await
    }

    /// As [`Self::find`] for several keys, some at once. `None` when one of them has no answer.
    pub(crate) async fn find_all(&self, keys: &[Vec<u8>]) -> Option<Vec<Option<Vec<u8>>>> {
        let mut found = Vec::with_capacity(keys.len());
        let mut rest = keys;
        while !rest.is_empty() {
            let (together, later) = rest.split_at_checked(that_fit(rest))?;
            self.find_together(together, &mut found).await?;
            rest = later;
        }
        Some(found)
    }

    async fn find_together(
        &self,
        keys: &[Vec<u8>],
        found: &mut Vec<Option<Vec<u8>>>,
    ) -> Option<()> {
        let mut requests = Vec::with_capacity(keys.len());
        let mut asked = Vec::with_capacity(keys.len());
        for key in keys {
            let eligible = self.is_eligible(key).await.ok()?;
            asked.push(eligible);
            if eligible {
                requests.push(self.request(key));
            }
        }
        let answers = self.driver.ask_all(&requests, self.connections).await?;
        let mut answers = answers.into_iter();
        for (key, asked) in keys.iter().zip(asked) {
            found.push(match asked {
                true => self.settled(key, Ok(answers.next()?)).await.ok()?,
                false => None,
            });
        }
        Some(())
    }

    fn request(&self, key: &[u8]) -> Request {
        Request::Find {
            table: self.number,
            key: key.to_vec(),
        }
    }

    /// What a lookup finds after the driver's answer: a cache may have another table behind it.
    async fn settled(
        &self,
        key: &[u8],
        answer: Result<Answer, String>,
    ) -> Result<Option<Vec<u8>>, String> {
        let found = match answer {
            Ok(Answer::Found(value)) => Ok(Some(value)),
            Ok(Answer::NotFound | Answer::Done) => Ok(None),
            Ok(Answer::Failed(reason)) | Err(reason) => Err(reason),
        };
        match (&self.backup, found) {
            (Some(backup), Ok(None)) => {
                let found = find_in(backup, key).await?;
                if let Some(value) = &found {
                    self.keep(key, value).await;
                }
                Ok(found)
            }
            (Some(backup), Err(reason)) => {
                maillog::warning!("{reason}");
                find_in(backup, key).await
            }
            (None, found) | (Some(_), found @ Ok(Some(_))) => found,
        }
    }

    /// Let a cache know what the table behind it says.
    async fn keep(&self, key: &[u8], value: &[u8]) {
        if let Err(reason) = self.set(key, value).await {
            maillog::warning!("{reason}");
        }
    }

    async fn set(&self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let request = Request::Update {
            table: self.number,
            key: key.to_vec(),
            value: value.to_vec(),
        };
        match self.driver.ask(&request).await? {
            Answer::Failed(reason) => Err(reason),
            Answer::Done | Answer::Found(_) | Answer::NotFound => Ok(()),
        }
    }

    /// Set the value of a key. With a table behind a cache that table counts, and the cache is told too.
    pub(crate) async fn update(&self, key: &[u8], value: &[u8]) -> Result<(), String> {
        if !self.is_eligible(key).await? {
            let (name, key) = (&self.name, String::from_utf8_lossy(key));
            maillog::warning!(
                "{name}: update of \"{key}\" is left out, as its domain is not listed"
            );
            return Ok(());
        }
        let Some(backup) = &self.backup else {
            return self.set(key, value).await;
        };
        self.keep(key, value).await;
        backup
            .update(key, value)
            .await
            .map_err(|error| error.to_string())
    }

    /// Remove a key; whether it was there. With a table behind a cache that table counts.
    pub(crate) async fn remove(&self, key: &[u8]) -> Result<bool, String> {
        if !self.is_eligible(key).await? {
            return Ok(false);
        }
        let request = Request::Remove {
            table: self.number,
            key: key.to_vec(),
        };
        let removed = match self.driver.ask(&request).await {
            Ok(Answer::Failed(reason)) | Err(reason) => Err(reason),
            Ok(answer) => Ok(answer == Answer::Done),
        };
        let Some(backup) = &self.backup else {
            return removed;
        };
        if let Err(reason) = removed {
            maillog::warning!("{reason}");
        }
        backup.remove(key).await.map_err(|error| error.to_string())
    }

    /// The entries of the table behind a cache; the types themselves list none.
    pub(crate) async fn entries_after(
        &self,
        after: Option<&[u8]>,
        most: usize,
    ) -> Result<Option<Vec<Pair>>, String> {
        let Some(backup) = &self.backup else {
            return Ok(None);
        };
        backup
            .entries_after(after, most)
            .await
            .map_err(|error| error.to_string())
    }

    /// Whether the `domain` list lets a key be asked for: without a list each one, else only addresses with a local part.
    async fn is_eligible(&self, key: &[u8]) -> Result<bool, String> {
        let Some(domains) = &self.domains else {
            return Ok(true);
        };
        match key.iter().rposition(|&byte| byte == b'@') {
            None | Some(0) => Ok(false),
            Some(at) => {
                let domain = key.get(at + 1..).unwrap_or_default();
                domains
                    .matches_string(domain)
                    .await
                    .map_err(|error| error.to_string())
            }
        }
    }
}

/// How many keys may be sent before an answer is read: one at least.
fn that_fit(keys: &[Vec<u8>]) -> usize {
    /// What a request is longer than its key.
    const AROUND: usize = 16;
    let sizes = keys.iter().map(|key| key.len() + AROUND);
    let sums = sizes.scan(0_usize, |sum, size| {
        *sum = sum.saturating_add(size);
        Some(*sum)
    });
    sums.take_while(|&sum| sum <= MOST_BYTES).count().max(1)
}

/// Ask the persistent table behind a cache.
async fn find_in(backup: &Table, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
    backup
        .find_quietly(key)
        .await
        .map_err(|error| error.to_string())
}

/// The table's configuration: a file where the name begins with `/` or `.`, else what main.cf has under `NAME_`.
fn parameters(name: &str, settings: Option<&Settings>) -> Result<Vec<Parameter>, OpenError> {
    if name.starts_with(['/', '.']) {
        return file_parameters(Path::new(name));
    }
    let Some(settings) = settings else {
        return Ok(Vec::new());
    };
    let prefix = format!("{name}_");
    let mut parameters = Vec::new();
    for full in settings.main_cf().names() {
        let Some(short) = full.strip_prefix(&prefix) else {
            continue;
        };
        let value = settings
            .text(full)
            .map_err(|error| OpenError::Syntax(error.to_string()))?;
        parameters.push(Parameter {
            name: short.to_owned(),
            value: value.unwrap_or_default(),
        });
    }
    Ok(parameters)
}

/// Add the parameters of main.cf that values of the table name as `%{name}`, under that name; the driver says which it misses.
fn add_named(parameters: &mut Vec<Parameter>, settings: &Settings) -> Result<(), OpenError> {
    let mut names = BTreeSet::new();
    for parameter in parameters.iter() {
        let behind = parameter.value.split("%{").skip(1);
        names.extend(
            behind.filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned())),
        );
    }
    for name in names {
        let value = settings
            .text(&name)
            .map_err(|error| OpenError::Syntax(error.to_string()))?;
        if let Some(value) = value {
            let name = format!("%{{{name}}}");
            parameters.push(Parameter { name, value });
        }
    }
    Ok(())
}

/// What main.cf says about all `socketmap:` tables; the rest is in their names.
fn socketmap_parameters(settings: Option<&Settings>) -> Result<Vec<Parameter>, OpenError> {
    let Some(settings) = settings else {
        return Ok(Vec::new());
    };
    let wrong = |error: config::Error| OpenError::Syntax(error.to_string());
    let limits: params::tables::Socketmap = settings.get().map_err(wrong)?;
    let directories: params::core::Directories = settings.get().map_err(wrong)?;
    let all = [
        (
            "max_query_size",
            limits.socketmap_max_query_size.to_string(),
        ),
        (
            "max_reply_size",
            limits.socketmap_max_reply_size.to_string(),
        ),
        ("queue_directory", directories.queue_directory),
    ];
    let all = all.map(|(name, value)| Parameter {
        name: name.to_owned(),
        value,
    });
    Ok(all.to_vec())
}

/// Values stand in a file as they are: passwords may have `$` in them.
fn file_parameters(path: &Path) -> Result<Vec<Parameter>, OpenError> {
    let bytes = std::fs::read(path).map_err(|error| {
        OpenError::File(format!("open {}: {}", path.display(), sys::reason(&error)))
    })?;
    let file = MainCf::parse(path, &bytes).map_err(|error| OpenError::Syntax(error.to_string()))?;
    for warning in &file.warnings {
        maillog::warning!("{warning}");
    }
    let all = file.names().into_iter().map(|name| Parameter {
        name: name.to_owned(),
        value: file.value(name).unwrap_or_default().to_owned(),
    });
    Ok(all.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Loader;

    fn pairs(parameters: Vec<Parameter>) -> Vec<(String, String)> {
        parameters
            .into_iter()
            .map(|parameter| (parameter.name, parameter.value))
            .collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_file_is_taken_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.cf");
        std::fs::write(&path, "password = a$b\n# no\nquery = SELECT\n  '%s'\n").unwrap();
        let found = parameters(path.to_str().unwrap(), None).unwrap();
        assert_eq!(
            pairs(found),
            [pair("password", "a$b"), pair("query", "SELECT  '%s'")]
        );
        std::fs::write(&path, "nonsense\n").unwrap();
        assert!(parameters(path.to_str().unwrap(), None).is_err());
        let missing = parameters("/nonexistent/t.cf", None).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "open /nonexistent/t.cf: No such file or directory"
        );
    }

    #[test]
    fn in_main_cf_names_have_a_prefix_and_values_are_expanded() {
        let main = b"who = alice\nusers_query = GET $who\nusers_hosts = h\nusersx_query = no\n";
        let main = MainCf::parse(Path::new("main.cf"), main).unwrap();
        let settings = Loader::new("test").over("/x".into(), main);
        let found = parameters("users", Some(&settings)).unwrap();
        assert_eq!(
            pairs(found),
            [pair("query", "GET alice"), pair("hosts", "h")]
        );
    }

    #[test]
    fn parameters_that_a_query_names_are_given_along() {
        let main = MainCf::parse(
            Path::new("main.cf"),
            b"who = alice\nmine = $who!\nempty =\n",
        );
        let settings = Loader::new("test").over("/x".into(), main.unwrap());
        let mut all = vec![Parameter {
            name: "query".to_owned(),
            value: "%{mine} %{empty} %{none} %{mine".to_owned(),
        }];
        add_named(&mut all, &settings).unwrap();
        assert_eq!(
            pairs(all.split_off(1)),
            [pair("%{empty}", ""), pair("%{mine}", "alice!")]
        );
    }

    #[test]
    fn keys_that_are_sent_together_are_short() {
        let keys = |lengths: &[usize]| -> Vec<Vec<u8>> {
            lengths.iter().map(|&length| vec![b'k'; length]).collect()
        };
        assert_eq!(that_fit(&keys(&[1, 2, 3])), 3);
        assert_eq!(that_fit(&keys(&[10, MOST_BYTES - 42, 1])), 2);
        assert_eq!(that_fit(&keys(&[MOST_BYTES, 1])), 1);
        assert_eq!(that_fit(&keys(&[0; 10_000])), MOST_BYTES / 16);
    }

    #[test]
    fn without_the_program_there_is_no_such_type() {
        let drivers = Drivers(Rc::new(Inner {
            daemon_directory: PathBuf::from("/nonexistent"),
            settings: None,
            started: Started::new("postfix".to_owned()),
        }));
        let options = OpenOptions {
            drivers,
            ..OpenOptions::default()
        };
        assert_eq!(
            Table::open("mysql:/x", &options).unwrap_err().to_string(),
            "unsupported dictionary type: mysql: there is no program /nonexistent/mysql_table"
        );
    }
}
