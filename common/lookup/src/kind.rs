//! The types of tables behind one name: which there are, how each is opened, and what each can do.
//!
//! What is the same for all of them is in [`crate::table`].

use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;

use crate::error::{LookupError, OpenError};
use crate::kinds::berkeley_db::BerkeleyDb;
use crate::kinds::cdb::Cdb;
use crate::kinds::cidr::Cidr;
use crate::kinds::combined::{Combined, How};
use crate::kinds::driver::{DriverTable, TYPES, WRITABLE, wants_whole_keys};
use crate::kinds::internal::Internal;
use crate::kinds::lmdb::Lmdb;
use crate::kinds::pattern::{Language, Patterns};
use crate::kinds::proxy::Proxied;
use crate::kinds::text::Text;
use crate::kinds::user_database::UserDatabase;
use crate::kinds::{environ, inline, older};
use crate::table::{Access, OpenOptions, Pair, Purpose};

/// An open table of one type.
#[derive(Debug)]
pub(crate) enum Kind {
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

impl Kind {
    pub(crate) fn open(kind: &str, name: &str, options: &OpenOptions) -> Result<Self, OpenError> {
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

    /// Whether a table is asked for whole keys only.
    pub(crate) fn is_pattern(&self) -> bool {
        match self {
            Self::Cidr(_) | Self::Patterns(_) => true,
            Self::Proxy(table) => table.is_pattern(),
            Self::Combined(tables) => tables.is_pattern(),
            Self::Driver(table) => table.wants_whole_keys(),
            Self::Text(_)
            | Self::Static(_)
            | Self::Lmdb(_)
            | Self::Cdb(_)
            | Self::BerkeleyDb(_)
            | Self::UserDatabase(_)
            | Self::Environ
            | Self::Random(_)
            | Self::Internal(_)
            | Self::Fail
            | Self::Unavailable(_) => false,
        }
    }

    /// Whether the file behind the table was replaced.
    pub(crate) fn changed(&self) -> bool {
        match self {
            Self::Lmdb(table) => table.changed(),
            Self::Cdb(table) => table.changed(),
            Self::BerkeleyDb(table) => table.changed(),
            Self::Driver(table) => table.changed(),
            Self::Combined(tables) => tables.changed(),
            Self::Text(_)
            | Self::Static(_)
            | Self::UserDatabase(_)
            | Self::Environ
            | Self::Cidr(_)
            | Self::Patterns(_)
            | Self::Proxy(_)
            | Self::Random(_)
            | Self::Internal(_)
            | Self::Fail
            | Self::Unavailable(_) => false,
        }
    }

    /// Whether several keys cost less together.
    pub(crate) const fn finds_several(&self) -> bool {
        matches!(self, Self::Lmdb(_) | Self::Driver(_))
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

    pub(crate) async fn update(&self, key: &[u8], value: &[u8]) -> Result<(), Fault> {
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

    pub(crate) async fn remove(&self, key: &[u8]) -> Result<bool, Fault> {
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
    pub(crate) async fn find_all(&self, keys: &[Vec<u8>]) -> Option<Vec<Option<Vec<u8>>>> {
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

    pub(crate) async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
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

    /// Entries behind a key; `None` for tables that cannot list them.
    pub(crate) async fn entries_after(
        &self,
        after: Option<&[u8]>,
        most: usize,
    ) -> Result<Option<Vec<Pair>>, String> {
        match self {
            Self::Text(table) => Ok(Some(some_after(table.entries(), after, most))),
            Self::Internal(table) => Ok(Some(some_after(table.entries(), after, most))),
            Self::Lmdb(table) => table.entries_after(after, most).map(Some),
            Self::Cdb(table) => table.entries_after(after, most).map(Some),
            Self::BerkeleyDb(table) => Ok(Some(some_after(table.entries(), after, most))),
            Self::Proxy(table) => boxed(table.entries_after(after)).await,
            Self::Driver(table) => boxed(table.entries_after(after, most)).await,
            Self::Combined(tables) => boxed(tables.entries_after(after, most)).await,
            Self::Static(_)
            | Self::UserDatabase(_)
            | Self::Environ
            | Self::Cidr(_)
            | Self::Patterns(_)
            | Self::Random(_)
            | Self::Fail
            | Self::Unavailable(_) => Ok(None),
        }
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

/// What types that ask others do, in a box: tables can hold tables that hold tables, and a future of a future of a future has
/// no known size.
fn boxed<'a, T>(asking: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    Box::pin(asking)
}

/// A failure before it has the table's name.
pub(crate) enum Fault {
    Unavailable(String),
    Lookup(String),
    Unsupported(&'static str),
}

impl Fault {
    pub(crate) fn of(self, table: &str) -> LookupError {
        let table = table.to_owned();
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
