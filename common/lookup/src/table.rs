//! One lookup table, `type:name`: opened once, asked many times.
//!
//! Opened with [`Table::open`] in a daemon's `open`, or with [`Table::open_or_unavailable`], which turns a failure
//! into a table that fails each lookup, as daemons want it. Case folding, UTF-8 checks and the treatment of partial
//! keys are the same for all types and happen here. Logs a warning for each lookup that fails.

use std::hash::{BuildHasher, RandomState};

use config::{Settings, params};

use crate::error::{LookupError, OpenError};
use crate::kinds::cidr::Cidr;
use crate::kinds::combined::{Combined, How};
use crate::kinds::driver::{DriverTable, Drivers, TYPES};
use crate::kinds::lmdb::Lmdb;
use crate::kinds::pattern::{Language, Patterns};
use crate::kinds::proxy::{PROXYMAP, Proxied, ProxyService};
use crate::kinds::text::Text;
use crate::kinds::user_database::UserDatabase;
use crate::kinds::{environ, inline, lmdb};

/// How tables are opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
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
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            fold: true,
            utf8: true,
            files: false,
            lmdb_map_size: lmdb::DEFAULT_MAP_SIZE,
            proxy: ProxyService::default(),
            drivers: Drivers::default(),
        }
    }
}

impl OpenOptions {
    /// As main.cf says, for a daemon in the queue directory.
    pub fn from_settings(settings: &Settings) -> Result<Self, config::Error> {
        let types: params::tables::Types = settings.get()?;
        let smtputf8: params::core::Smtputf8 = settings.get()?;
        let ipc: params::core::Ipc = settings.get()?;
        Ok(Self {
            fold: true,
            utf8: smtputf8.smtputf8_enable,
            files: false,
            lmdb_map_size: usize::try_from(types.lmdb_map_size).unwrap_or(lmdb::DEFAULT_MAP_SIZE),
            proxy: ProxyService::new(PROXYMAP, ipc.ipc_timeout),
            drivers: Drivers::from_settings(settings)?,
        })
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
    UserDatabase(UserDatabase),
    Environ,
    Cidr(Cidr),
    Patterns(Patterns),
    Combined(Combined),
    /// The values of `randmap:`.
    Random(Vec<Vec<u8>>),
    /// `internal:`, which nobody has written to.
    Empty,
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

    /// Whether keys are patterns or networks: such a table is asked only for whole keys, never for parts of them.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        match &self.kind {
            Kind::Cidr(_) | Kind::Patterns(_) => true,
            Kind::Proxy(table) => table.is_pattern(),
            Kind::Combined(tables) => tables.is_pattern(),
            Kind::Text(_)
            | Kind::Static(_)
            | Kind::Lmdb(_)
            | Kind::UserDatabase(_)
            | Kind::Environ
            | Kind::Random(_)
            | Kind::Empty
            | Kind::Driver(_)
            | Kind::Fail
            | Kind::Unavailable(_) => false,
        }
    }

    /// Whether the file behind the table was replaced since it was opened, so that the process should be renewed.
    #[must_use]
    pub fn changed(&self) -> bool {
        match &self.kind {
            Kind::Lmdb(table) => table.changed(),
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
            | Kind::Empty
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
        if self.utf8 && std::str::from_utf8(key).is_err() {
            let key = String::from_utf8_lossy(key);
            maillog::warning!(
                "{}: non-UTF-8 key \"{key}\": malformed UTF-8 or invalid codepoint",
                self.name
            );
            return Ok(None);
        }
        let folded;
        let key = if self.fold && !self.is_pattern() {
            folded = fold(key);
            &folded
        } else {
            key
        };
        let value = self.kind.find(key).await.map_err(|fault| fault.of(self))?;
        match value {
            Some(value) if self.utf8 && std::str::from_utf8(&value).is_err() => {
                let key = String::from_utf8_lossy(key);
                Err(Fault::Lookup(format!("key \"{key}\": non-UTF-8 value")).of(self))
            }
            value => Ok(value),
        }
    }

    /// As [`Self::find_quietly`] for several keys, where that costs less than one after the other; `None` elsewhere, and
    /// where a key or value needs a word in the log.
    pub fn find_all_quietly(&self, keys: &[Vec<u8>]) -> Option<Vec<Option<Vec<u8>>>> {
        let Kind::Lmdb(table) = &self.kind else {
            return None;
        };
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
        let found = table.find_all(keys).ok()?;
        found
            .iter()
            .flatten()
            .all(|value| good(value))
            .then_some(found)
    }

    /// All keys and values, for tables that can list them; `None` for the others.
    pub fn entries(&self) -> Result<Option<Vec<Pair>>, LookupError> {
        match &self.kind {
            Kind::Text(table) => Ok(Some(table.entries())),
            Kind::Empty => Ok(Some(Vec::new())),
            Kind::Lmdb(table) => table
                .entries()
                .map(Some)
                .map_err(|fault| Fault::Lookup(fault).of(self)),
            Kind::Static(_)
            | Kind::UserDatabase(_)
            | Kind::Environ
            | Kind::Cidr(_)
            | Kind::Patterns(_)
            | Kind::Combined(_)
            | Kind::Random(_)
            | Kind::Proxy(_)
            | Kind::Driver(_)
            | Kind::Fail
            | Kind::Unavailable(_) => Ok(None),
        }
    }
}

impl Kind {
    fn open(kind: &str, name: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        Ok(match kind {
            "inline" => Self::Text(inline::open(name, options)?),
            "texthash" => Self::Text(Text::open(name, options)?),
            "static" => Self::Static(inline::static_value(name)?),
            "hash" | "btree" | "dbm" | "lmdb" => Self::Lmdb(Lmdb::open(kind, name, options)?),
            "unix" => Self::UserDatabase(UserDatabase::open(name)?),
            "environ" => Self::Environ,
            "cidr" => Self::Cidr(Cidr::open(name)?),
            "regexp" => Self::Patterns(Patterns::open(Language::Regexp, name)?),
            "pcre" => Self::Patterns(Patterns::open(Language::Pcre, name)?),
            "proxy" if name.contains(':') => {
                Self::Proxy(Proxied::new(options.proxy.clone(), name, options.fold))
            }
            "proxy" => return Err(OpenError::NotTypeName(name.to_owned())),
            "fail" => Self::Fail,
            "pipemap" => Self::Combined(Combined::open(How::Pipe, name, options)?),
            "unionmap" => Self::Combined(Combined::open(How::Union, name, options)?),
            "debug" => Self::Combined(Combined::open(How::Debug, name, options)?),
            "randmap" => Self::Random(inline::random_values(name)?),
            "internal" => Self::Empty,
            _ if TYPES.contains(&kind) => Self::Driver(DriverTable::open(kind, name, options)?),
            _ => return Err(OpenError::UnknownType(kind.to_owned())),
        })
    }

    async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self {
            Self::Text(table) => Ok(table.find(key)),
            Self::Static(value) => Ok(Some(value.clone())),
            Self::Lmdb(table) => table.find(key).map_err(Fault::Lookup),
            Self::UserDatabase(table) => table.find(key).map_err(Fault::Lookup),
            Self::Environ => Ok(environ::find(key)),
            Self::Cidr(table) => Ok(table.find(key)),
            Self::Patterns(table) => table.find(key).map_err(Fault::Lookup),
            Self::Combined(tables) => tables.find(key).await.map_err(Fault::Lookup),
            Self::Random(values) => Ok(any_of(values)),
            Self::Empty => Ok(None),
            Self::Proxy(table) => table.find(key).await.map_err(Fault::Lookup),
            Self::Driver(table) => table.find(key).await.map_err(Fault::Lookup),
            Self::Fail => Err(Fault::Lookup("Application error".to_owned())),
            Self::Unavailable(reason) => Err(Fault::Unavailable(reason.clone())),
        }
    }
}

/// A failure before it has the table's name.
enum Fault {
    Unavailable(String),
    Lookup(String),
}

impl Fault {
    fn of(self, table: &Table) -> LookupError {
        let table = table.name.clone();
        match self {
            Self::Unavailable(reason) => LookupError::Unavailable { table, reason },
            Self::Lookup(reason) => LookupError::Failed { table, reason },
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
