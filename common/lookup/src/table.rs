//! One lookup table, `type:name`: opened once, asked many times.
//!
//! Opened with [`Table::open`] in a daemon's `open`, or with [`Table::open_or_unavailable`], which turns a failure
//! into a table that fails each lookup, as daemons want it. Case folding, UTF-8 checks and the treatment of partial
//! keys are the same for all types and happen here. A table that was opened with [`Access::Change`] or [`Access::Create`] can be
//! changed, too. Logs a warning for each lookup that fails.

use std::borrow::Cow;
use std::path::Path;

use config::{Settings, params};
use unicase::UniCase;

use crate::error::{LookupError, OpenError};
use crate::kind::{Fault, Kind};
use crate::kinds::driver::Drivers;
use crate::kinds::lmdb;
use crate::kinds::proxy::ProxyService;

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
        self.kind.is_pattern()
    }

    /// Whether the file behind the table was replaced since it was opened, so that the process should be renewed.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.kind.changed()
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
        let value = self
            .kind
            .find(&key)
            .await
            .map_err(|fault| fault.of(&self.name))?;
        match value {
            Some(value) if self.utf8 && std::str::from_utf8(&value).is_err() => {
                let key = String::from_utf8_lossy(&key);
                Err(Fault::Lookup(format!("key \"{key}\": non-UTF-8 value")).of(&self.name))
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
        Some(match self.folds() {
            true => fold(key).into(),
            false => key.into(),
        })
    }

    fn folds(&self) -> bool {
        self.fold && !self.is_pattern()
    }

    /// Set the value of a key, which may be there or not.
    pub async fn update(&self, key: &[u8], value: &[u8]) -> Result<(), LookupError> {
        let is_text = !self.utf8 || std::str::from_utf8(value).is_ok();
        let key = self.usable_key(key).filter(|_| is_text);
        let updated = match &key {
            Some(key) => self.kind.update(key, value).await,
            None => Err(Fault::Lookup("key or value is no UTF-8".to_owned())),
        };
        updated.map_err(|fault| fault.of(&self.name))
    }

    /// Remove a key; whether it was there.
    pub async fn remove(&self, key: &[u8]) -> Result<bool, LookupError> {
        let Some(key) = self.usable_key(key) else {
            return Ok(false);
        };
        let removed = self.kind.remove(&key).await;
        removed.map_err(|fault| fault.of(&self.name))
    }

    /// As [`Self::find_quietly`] for several keys, where that costs less than one after the other; `None` elsewhere, and
    /// where a key or value needs a word in the log, or a lookup fails.
    pub async fn find_all_quietly(&self, keys: &[Vec<u8>]) -> Option<Vec<Option<Vec<u8>>>> {
        let good = |bytes: &[u8]| !self.utf8 || std::str::from_utf8(bytes).is_ok();
        if !self.kind.finds_several() || !keys.iter().all(|key| good(key)) {
            return None;
        }
        let folded: Vec<Vec<u8>>;
        let keys = if self.folds() {
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
        let entries = self.kind.entries_after(after, most).await;
        entries.map_err(|fault| Fault::Lookup(fault).of(&self.name))
    }
}

/// A key in which large and small letters are the same, by Unicode's full case folding (so that ß is ss, too); bytes that are no
/// UTF-8 stay as they are, but for ASCII letters.
#[must_use]
pub fn fold(key: &[u8]) -> Vec<u8> {
    if key.is_ascii() {
        return key.to_ascii_lowercase();
    }
    match std::str::from_utf8(key) {
        Ok(text) => UniCase::unicode(text).to_folded_case().into_bytes(),
        Err(_) => key.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::now;

    proptest! {
        #[test]
        fn a_folded_key_stays_as_it_is(key: Vec<u8>, text: String) {
            for key in [key.as_slice(), text.as_bytes(), text.to_uppercase().as_bytes()] {
                let folded = fold(key);
                prop_assert_eq!(&fold(&folded), &folded);
            }
        }
    }

    #[test]
    fn large_and_small_letters_are_the_same() {
        for (one, other) in [
            ("GRÖßE", "grösse"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("K", "k"),
            ("ﬁn", "FIN"),
        ] {
            assert_eq!(fold(one.as_bytes()), fold(other.as_bytes()));
        }
        assert_eq!(fold(b"A\xffB"), b"a\xffb");
    }

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
