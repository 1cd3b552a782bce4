//! One lookup table, `type:name`: opened once, asked many times.
//!
//! Opened with [`Table::open`] in a daemon's `open`, or with [`Table::open_or_unavailable`], which turns a failure
//! into a table that fails each lookup, as daemons want it. Case folding, UTF-8 checks and the treatment of partial
//! keys are the same for all types and happen here. A table that was opened with [`Access::Change`] or [`Access::Create`] can be
//! changed, too. Logs a warning for each lookup that fails.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::pin::Pin;

use config::{Settings, params};

use crate::error::{LookupError, OpenError};
use crate::kinds::berkeley_db::BerkeleyDb;
use crate::kinds::cdb::Cdb;
use crate::kinds::cidr::Cidr;
use crate::kinds::combined::{Combined, How};
use crate::kinds::driver::{DriverTable, Drivers, TYPES, WRITABLE, wants_whole_keys};
use crate::kinds::internal::Internal;
use crate::kinds::lmdb::Lmdb;
use crate::kinds::pattern::{Language, Patterns};
use crate::kinds::proxy::{Proxied, ProxyService};
use crate::kinds::text::Text;
use crate::kinds::user_database::UserDatabase;
use crate::kinds::{environ, inline, lmdb, older};

/// What a table is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Lookups only.
    #[default]
    Read,
    /// Changes too, in a table that is there.
    Change,
    /// Changes too; a table in a file is made when it is not there.
    Create,
}

/// How tables are opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// What for.
    pub access: Access,
    /// Fold keys of tables with fixed strings to lower case, in the table and in the query.
    pub fold: bool,
    /// Keys and values must be UTF-8: other keys are never found, other values are errors (`smtputf8_enable`).
    pub utf8: bool,
    /// The initial memory map of LMDB files, in bytes (`lmdb_map_size`).
    pub lmdb_map_size: usize,
    /// Values in the text of a table name files, whose contents they stand for, in base64 (`postmap -F`).
    pub files: bool,
    /// Who is asked for `proxy:` tables; the tables opened with one value share its connections.
    pub proxy: ProxyService,
    /// The drivers of tables behind client libraries; the tables opened with one value share its processes.
    pub drivers: Drivers,
    /// What the values are used for.
    pub purpose: Purpose,
}

/// What values are used for, and so what may not have a say in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// Nothing that could harm.
    #[default]
    Plain,
    /// Which program mail is handed to, and where it goes: parts of addresses, which strangers choose, get into no value of a
    /// pattern; rules with `$1` are left out.
    Routing,
    /// What is run, what is written to, and as whom: also no answers of servers that nobody can be sure of, or of proxymap(8), whose
    /// tables are opened directly.
    Rights,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            access: Access::Read,
            fold: true,
            utf8: true,
            files: false,
            lmdb_map_size: lmdb::DEFAULT_MAP_SIZE,
            proxy: ProxyService::default(),
            drivers: Drivers::default(),
            purpose: Purpose::Plain,
        }
    }
}

impl OpenOptions {
    /// As main.cf says, for a daemon in the queue directory.
    pub fn from_settings(settings: &Settings) -> Result<Self, config::Error> {
        let types: params::tables::Types = settings.get()?;
        let smtputf8: params::core::Smtputf8 = settings.get()?;
        Ok(Self {
            access: Access::Read,
            fold: true,
            utf8: smtputf8.smtputf8_enable,
            files: false,
            lmdb_map_size: usize::try_from(types.lmdb_map_size).unwrap_or(lmdb::DEFAULT_MAP_SIZE),
            proxy: ProxyService::from_settings(settings, Path::new(""))?,
            drivers: Drivers::from_settings(settings)?,
            purpose: Purpose::Plain,
        })
    }

    /// The same for values of this use.
    #[must_use]
    pub fn for_purpose(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }

    /// The same without case folding.
    #[must_use]
    pub fn exact_case(self) -> Self {
        Self {
            fold: false,
            ..self
        }
    }
}

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// An open table.
#[derive(Debug)]
pub struct Table {
    name: String,
    fold: bool,
    utf8: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Text(Text),
    Static(Vec<u8>),
    Lmdb(Lmdb),
    Cdb(Cdb),
    /// The file of an older installation.
    BerkeleyDb(BerkeleyDb),
    UserDatabase(UserDatabase),
    Environ,
    Cidr(Cidr),
    Patterns(Patterns),
    Combined(Combined),
    /// The values of `randmap:`.
    Random(Vec<Vec<u8>>),
    Internal(Internal),
    Proxy(Proxied),
    Driver(DriverTable),
    Fail,
    Unavailable(String),
}

impl Table {
    /// Open the table `type:name`.
    pub fn open(spec: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        let (kind, name) = spec
            .split_once(':')
            .filter(|(kind, name)| !kind.is_empty() && !name.is_empty())
            .ok_or_else(|| OpenError::NotTypeName(spec.to_owned()))?;
        let kind = Kind::open(kind, name, options)?;
        Ok(Self {
            name: spec.to_owned(),
            fold: options.fold,
            utf8: options.utf8,
            kind,
        })
    }

    /// Open the table; when that fails, a table that fails each lookup and says why.
    #[must_use]
    pub fn open_or_unavailable(spec: &str, options: &OpenOptions) -> Self {
        Self::open(spec, options).unwrap_or_else(|error| Self {
            name: spec.to_owned(),
            fold: options.fold,
            utf8: options.utf8,
            kind: Kind::Unavailable(error.to_string()),
        })
    }

    /// `type:name`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether keys are patterns or networks, or a server answers for any key: such a table is asked only for whole keys, never for
    /// parts of them.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        match &self.kind {
            Kind::Cidr(_) | Kind::Patterns(_) => true,
            Kind::Proxy(table) => table.is_pattern(),
            Kind::Combined(tables) => tables.is_pattern(),
            Kind::Driver(table) => table.wants_whole_keys(),
            Kind::Text(_)
            | Kind::Static(_)
            | Kind::Lmdb(_)
            | Kind::Cdb(_)
            | Kind::BerkeleyDb(_)
            | Kind::UserDatabase(_)
            | Kind::Environ
            | Kind::Random(_)
            | Kind::Internal(_)
            | Kind::Fail
            | Kind::Unavailable(_) => false,
        }
    }

    /// Whether the file behind the table was replaced since it was opened, so that the process should be renewed.
    #[must_use]
    pub fn changed(&self) -> bool {
        match &self.kind {
            Kind::Lmdb(table) => table.changed(),
            Kind::Cdb(table) => table.changed(),
            Kind::BerkeleyDb(table) => table.changed(),
            Kind::Driver(table) => table.changed(),
            Kind::Combined(tables) => tables.changed(),
            Kind::Text(_)
            | Kind::Static(_)
            | Kind::UserDatabase(_)
            | Kind::Environ
            | Kind::Cidr(_)
            | Kind::Patterns(_)
            | Kind::Proxy(_)
            | Kind::Random(_)
            | Kind::Internal(_)
            | Kind::Fail
            | Kind::Unavailable(_) => false,
        }
    }

    /// Look a key up. A failure is logged.
    pub async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LookupError> {
        let found = self.find_quietly(key).await;
        if let Err(error) = &found {
            maillog::warning!("{error}");
        }
        found
    }

    /// As [`Self::find`], but a failure is only returned.
    pub async fn find_quietly(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LookupError> {
        let Some(key) = self.usable_key(key) else {
            return Ok(None);
        };
        let value = self.kind.find(&key).await.map_err(|fault| fault.of(self))?;
        match value {
            Some(value) if self.utf8 && std::str::from_utf8(&value).is_err() => {
                let key = String::from_utf8_lossy(&key);
                Err(Fault::Lookup(format!("key \"{key}\": non-UTF-8 value")).of(self))
            }
            value => Ok(value),
        }
    }

    /// A key as the table has it; `None`, and a warning, for one that no table can have.
    fn usable_key<'a>(&self, key: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        if self.utf8 && std::str::from_utf8(key).is_err() {
            let key = String::from_utf8_lossy(key);
            maillog::warning!(
                "{}: non-UTF-8 key \"{key}\": malformed UTF-8 or invalid codepoint",
                self.name
            );
            return None;
        }
        Some(match self.fold && !self.is_pattern() {
            true => fold(key).into(),
            false => key.into(),
        })
    }

    /// Set the value of a key, which may be there or not.
    pub async fn update(&self, key: &[u8], value: &[u8]) -> Result<(), LookupError> {
        let is_text = !self.utf8 || std::str::from_utf8(value).is_ok();
        let key = self.usable_key(key).filter(|_| is_text);
        let updated = match &key {
            Some(key) => self.kind.update(key, value).await,
            None => Err(Fault::Lookup("key or value is no UTF-8".to_owned())),
        };
        updated.map_err(|fault| fault.of(self))
    }

    /// Remove a key; whether it was there.
    pub async fn remove(&self, key: &[u8]) -> Result<bool, LookupError> {
        let Some(key) = self.usable_key(key) else {
            return Ok(false);
        };
        let removed = self.kind.remove(&key).await;
        removed.map_err(|fault| fault.of(self))
    }

    /// As [`Self::find_quietly`] for several keys, where that costs less than one after the other; `None` elsewhere, and
    /// where a key or value needs a word in the log, or a lookup fails.
    pub async fn find_all_quietly(&self, keys: &[Vec<u8>]) -> Option<Vec<Option<Vec<u8>>>> {
        if !matches!(self.kind, Kind::Lmdb(_) | Kind::Driver(_)) {
            return None;
        }
        let good = |bytes: &[u8]| !self.utf8 || std::str::from_utf8(bytes).is_ok();
        if !keys.iter().all(|key| good(key)) {
            return None;
        }
        let folded: Vec<Vec<u8>>;
        let keys = if self.fold {
            folded = keys.iter().map(|key| fold(key)).collect();
            &folded
        } else {
            keys
        };
        let found = self.kind.find_all(keys).await?;
        found
            .iter()
            .flatten()
            .all(|value| good(value))
            .then_some(found)
    }

    /// The keys and values behind a key, in an order of the table's own, until they are more than `most` bytes; nothing
    /// when there are no more. `None` for tables that cannot list them.
    pub async fn entries_after(
        &self,
        after: Option<&[u8]>,
        most: usize,
    ) -> Result<Option<Vec<Pair>>, LookupError> {
        let entries = match &self.kind {
            Kind::Text(table) => Ok(Some(some_after(table.entries(), after, most))),
            Kind::Internal(table) => Ok(Some(some_after(table.entries(), after, most))),
            Kind::Lmdb(table) => table.entries_after(after, most).map(Some),
            Kind::Cdb(table) => table.entries_after(after, most).map(Some),
            Kind::BerkeleyDb(table) => Ok(Some(some_after(table.entries(), after, most))),
            Kind::Proxy(table) => boxed(table.entries_after(after)).await,
            Kind::Driver(table) => boxed(table.entries_after(after, most)).await,
            Kind::Combined(tables) => boxed(tables.entries_after(after, most)).await,
            Kind::Static(_)
            | Kind::UserDatabase(_)
            | Kind::Environ
            | Kind::Cidr(_)
            | Kind::Patterns(_)
            | Kind::Random(_)
            | Kind::Fail
            | Kind::Unavailable(_) => Ok(None),
        };
        entries.map_err(|fault| Fault::Lookup(fault).of(self))
    }
}

/// The part of sorted entries that is behind a key, and not much more than so many bytes.
fn some_after(entries: Vec<Pair>, after: Option<&[u8]>, most: usize) -> Vec<Pair> {
    let mut size = 0;
    let behind = |(key, _): &Pair| after.is_none_or(|after| key.as_slice() > after);
    let fits = |(key, value): &Pair| {
        let fits = size <= most;
        size += key.len() + value.len();
        fits
    };
    entries
        .into_iter()
        .filter(behind)
        .take_while(fits)
        .collect()
}

impl Kind {
    fn open(kind: &str, name: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        let opened = Self::open_any(kind, name, options)?;
        if options.access != Access::Read && opened.is_for_lookups_only(kind) {
            return Err(OpenError::ReadOnly(format!("{kind}:{name}")));
        }
        Ok(opened)
    }

    fn open_any(kind: &str, name: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        Ok(match kind {
            "inline" => Self::Text(inline::open(name, options)?),
            "texthash" => Self::Text(Text::open(name, options)?),
            "static" => Self::Static(inline::static_value(name)?),
            "hash" | "btree" | "dbm" | "sdbm" => match older::open(kind, name, options)? {
                older::Opened::Lmdb(table) => Self::Lmdb(table),
                older::Opened::BerkeleyDb(table) => Self::BerkeleyDb(table),
            },
            "lmdb" => Self::Lmdb(Lmdb::open(kind, name, options)?),
            "cdb" => Self::Cdb(Cdb::open(name)?),
            "unix" => Self::UserDatabase(UserDatabase::open(name)?),
            "environ" => Self::Environ,
            "cidr" => Self::Cidr(Cidr::open(name)?),
            "regexp" => Self::Patterns(Patterns::open(
                Language::Regexp,
                name,
                options.purpose == Purpose::Plain,
            )?),
            "pcre" => Self::Patterns(Patterns::open(
                Language::Pcre,
                name,
                options.purpose == Purpose::Plain,
            )?),
            "proxy" if options.purpose == Purpose::Rights && name.contains(':') => {
                let (kind, name) = name.split_once(':').unwrap_or_default();
                Self::open(kind, name, options)?
            }
            "proxy" if name.contains(':') => Self::Proxy(Proxied::new(name, options)),
            "proxy" => return Err(OpenError::NotTypeName(name.to_owned())),
            "fail" => Self::Fail,
            "pipemap" => Self::Combined(Combined::open(How::Pipe, name, options)?),
            "unionmap" => Self::Combined(Combined::open(How::Union, name, options)?),
            "debug" => Self::Combined(Combined::open(How::Debug, name, options)?),
            "randmap" => Self::Random(inline::random_values(name)?),
            "internal" => Self::Internal(Internal::default()),
            "nis" | "nisplus" | "netinfo" => return Err(OpenError::Retired(kind.to_owned())),
            _ if wants_whole_keys(kind) && options.purpose == Purpose::Rights => {
                return Err(OpenError::Untrusted(format!("{kind}:{name}")));
            }
            _ if TYPES.contains(&kind) => Self::Driver(DriverTable::open(kind, name, options)?),
            _ => return Err(OpenError::UnknownType(kind.to_owned())),
        })
    }

    /// Whether such a table cannot be opened to be changed. `static:` and `fail:` can, and then refuse it.
    fn is_for_lookups_only(&self, kind: &str) -> bool {
        match self {
            Self::Text(_)
            | Self::Cdb(_)
            | Self::BerkeleyDb(_)
            | Self::UserDatabase(_)
            | Self::Environ
            | Self::Cidr(_)
            | Self::Patterns(_)
            | Self::Random(_) => true,
            Self::Combined(tables) => !tables.is_debug(),
            Self::Driver(_) => !WRITABLE.contains(&kind),
            Self::Static(_)
            | Self::Lmdb(_)
            | Self::Internal(_)
            | Self::Proxy(_)
            | Self::Fail
            | Self::Unavailable(_) => false,
        }
    }

    async fn update(&self, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        match self {
            Self::Lmdb(table) => table.update(key, value).map_err(Fault::Lookup),
            Self::Internal(table) => {
                table.update(key, value);
                Ok(())
            }
            Self::Proxy(table) => boxed(table.update(key, value)).await.map_err(Fault::Lookup),
            Self::Driver(table) => boxed(table.update(key, value)).await.map_err(Fault::Lookup),
            Self::Combined(tables) => boxed(tables.update(key, value))
                .await
                .map_err(Fault::Lookup),
            Self::Unavailable(reason) => Err(Fault::Unavailable(reason.clone())),
            Self::Fail => Err(Fault::Lookup("Application error".to_owned())),
            Self::Text(_)
            | Self::Static(_)
            | Self::Cdb(_)
            | Self::BerkeleyDb(_)
            | Self::UserDatabase(_)
            | Self::Environ
            | Self::Cidr(_)
            | Self::Patterns(_)
            | Self::Random(_) => Err(Fault::Unsupported("update")),
        }
    }

    async fn remove(&self, key: &[u8]) -> Result<bool, Fault> {
        match self {
            Self::Lmdb(table) => table.remove(key).map_err(Fault::Lookup),
            Self::Internal(table) => Ok(table.remove(key)),
            Self::Proxy(table) => boxed(table.remove(key)).await.map_err(Fault::Lookup),
            Self::Driver(table) => boxed(table.remove(key)).await.map_err(Fault::Lookup),
            Self::Combined(tables) => boxed(tables.remove(key)).await.map_err(Fault::Lookup),
            Self::Unavailable(reason) => Err(Fault::Unavailable(reason.clone())),
            Self::Text(_)
            | Self::Static(_)
            | Self::Cdb(_)
            | Self::BerkeleyDb(_)
            | Self::UserDatabase(_)
            | Self::Environ
            | Self::Cidr(_)
            | Self::Patterns(_)
            | Self::Random(_)
            | Self::Fail => Err(Fault::Unsupported("delete")),
        }
    }

    /// Several keys, in types that can do that.
    async fn find_all(&self, keys: &[Vec<u8>]) -> Option<Vec<Option<Vec<u8>>>> {
        match self {
            Self::Lmdb(table) => table.find_all(keys).ok(),
            Self::Driver(table) => boxed(table.find_all(keys)).await,
            Self::Text(_)
            | Self::Static(_)
            | Self::Cdb(_)
            | Self::BerkeleyDb(_)
            | Self::UserDatabase(_)
            | Self::Environ
            | Self::Cidr(_)
            | Self::Patterns(_)
            | Self::Combined(_)
            | Self::Random(_)
            | Self::Internal(_)
            | Self::Proxy(_)
            | Self::Fail
            | Self::Unavailable(_) => None,
        }
    }

    async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self {
            Self::Text(table) => Ok(table.find(key)),
            Self::Static(value) => Ok(Some(value.clone())),
            Self::Lmdb(table) => table.find(key).map_err(Fault::Lookup),
            Self::Cdb(table) => table.find(key).map_err(Fault::Lookup),
            Self::BerkeleyDb(table) => Ok(table.find(key)),
            Self::UserDatabase(table) => table.find(key).map_err(Fault::Lookup),
            Self::Environ => Ok(environ::find(key)),
            Self::Cidr(table) => Ok(table.find(key)),
            Self::Patterns(table) => table.find(key).map_err(Fault::Lookup),
            Self::Combined(tables) => boxed(tables.find(key)).await.map_err(Fault::Lookup),
            Self::Random(values) => Ok(any_of(values)),
            Self::Internal(table) => Ok(table.find(key)),
            Self::Proxy(table) => boxed(table.find(key)).await.map_err(Fault::Lookup),
            Self::Driver(table) => boxed(table.find(key)).await.map_err(Fault::Lookup),
            Self::Fail => Err(Fault::Lookup("Application error".to_owned())),
            Self::Unavailable(reason) => Err(Fault::Unavailable(reason.clone())),
        }
    }
}

/// What types that ask others do, in a box: tables can hold tables that hold tables, and a future of a future of a future has
/// no known size.
fn boxed<'a, T>(asking: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    Box::pin(asking)
}

/// A failure before it has the table's name.
enum Fault {
    Unavailable(String),
    Lookup(String),
    Unsupported(&'static str),
}

impl Fault {
    fn of(self, table: &Table) -> LookupError {
        let table = table.name.clone();
        match self {
            Self::Unavailable(reason) => LookupError::Unavailable { table, reason },
            Self::Lookup(reason) => LookupError::Failed { table, reason },
            Self::Unsupported(operation) => LookupError::Unsupported { table, operation },
        }
    }
}

/// One of the values, each as likely as the others. The hasher's own keys are random enough for sharing load.
fn any_of(values: &[Vec<u8>]) -> Option<Vec<u8>> {
    let random = RandomState::new().hash_one(values.len());
    let count = u64::try_from(values.len()).ok()?;
    let index = usize::try_from(random.checked_rem(count)?).ok()?;
    values.get(index).cloned()
}

/// A key in lower case; bytes that are no UTF-8 stay as they are, but for ASCII letters.
#[must_use]
pub fn fold(key: &[u8]) -> Vec<u8> {
    if key.is_ascii() {
        return key.to_ascii_lowercase();
    }
    match std::str::from_utf8(key) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => key.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;

    #[test]
    fn what_decides_about_rights_is_not_asked_of_just_anybody() {
        let options = OpenOptions::default().for_purpose(Purpose::Rights);
        for spec in [
            "tcp:host:17",
            "proxy:socketmap:inet:host:17:m",
            "unionmap:{tcp:host:17}",
        ] {
            let error = Table::open(spec, &options).unwrap_err().to_string();
            assert!(
                error.ends_with("map is not allowed for security sensitive data"),
                "{spec}: {error}"
            );
        }
        let direct = Table::open("proxy:static:x", &options).unwrap();
        assert_eq!(now(direct.find(b"k")), Ok(Some(b"x".to_vec())));
    }

    #[test]
    fn types_of_old_are_named() {
        for kind in ["nis", "nisplus", "netinfo"] {
            let error = Table::open(&format!("{kind}:mail.aliases"), &OpenOptions::default());
            let error = error.unwrap_err().to_string();
            assert!(error.contains("not supported any more"), "{error}");
        }
    }
}
