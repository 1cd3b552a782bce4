//! `lmdb:` and, on the same file, `hash:`, `btree:` and `dbm:`: an LMDB file named `name.lmdb`.
//!
//! Files are the reference's: keys and values end in a NUL unless they were built without, and both are read. Each
//! transaction is made under an fcntl lock on the file, as the reference's programs do, so both can use one file.
//! [`Builder`] makes a new file beside the old one and renames it into place; [`Updater`] changes a file in place.

mod build;
mod file;

pub use build::{Added, BuildError, Builder, Nulls, Updater};

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::error::OpenError;
use crate::table::{OpenOptions, Pair};
use file::Shared;

/// `lmdb_map_size` when nothing else is said.
pub const DEFAULT_MAP_SIZE: usize = 16 * 1024 * 1024;

/// A table for lookups.
#[derive(Debug)]
pub(crate) struct Lmdb {
    file: Rc<Shared>,
}

/// The file of a table: its name with `.lmdb`.
#[must_use]
pub fn file_name(table: &str) -> PathBuf {
    PathBuf::from(format!("{table}.lmdb"))
}

impl Lmdb {
    pub(crate) fn open(kind: &str, name: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        let path = file_name(name);
        let file = Shared::open(&path, options.lmdb_map_size)
            .map_err(|reason| OpenError::File(unopened(kind, name, &path, &reason)))?;
        Ok(Self { file })
    }

    /// Look a key up with and without the NUL that ends keys, whichever the file has.
    pub(crate) fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        self.file.find(key)
    }

    /// Look several keys up, at the price of one lock.
    pub(crate) fn find_all(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, String> {
        self.file.find_all(keys)
    }

    pub(crate) fn entries(&self) -> Result<Vec<Pair>, String> {
        self.file.entries()
    }

    pub(crate) fn changed(&self) -> bool {
        self.file.replaced()
    }
}

fn unopened(kind: &str, name: &str, path: &Path, reason: &file::Failure) -> String {
    let path = path.display();
    if reason.is_missing() {
        let command = match name.ends_with("aliases") {
            true => "postalias",
            false => "postmap",
        };
        return format!(
            "open database {path}: {reason} (the map is not built; run \"{command} {kind}:{name}\")"
        );
    }
    format!("open database {path}: {reason}")
}
