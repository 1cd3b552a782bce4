//! `lmdb:` and, on the same file, `hash:`, `btree:`, `dbm:` and `sdbm:`: an LMDB file named `name.lmdb`.
//!
//! Files are the reference's: keys and values end in a NUL unless they were built without, and both are read. Each
//! transaction is made under an fcntl lock on the file, as the reference's programs do, so both can use one file.
//! [`Updater`] changes a file in place.

mod build;
mod file;

pub use build::Updater;
pub(crate) use build::{LONGEST_KEY, write};
pub(crate) use file::Held;

use std::rc::Rc;

use super::indexed::{Added, Format, unopened, warn_if_older};
use crate::error::OpenError;
use crate::table::{Access, OpenOptions, Pair};
use file::Shared;

/// `lmdb_map_size` when nothing else is said.
pub const DEFAULT_MAP_SIZE: usize = 16 * 1024 * 1024;
/// The mode of a file that a daemon creates.
const CREATED_MODE: u32 = 0o600;

/// An open table.
#[derive(Debug)]
pub(crate) struct Lmdb {
    file: Rc<Shared>,
    /// Nothing in a table that is open for lookups only.
    updater: Option<Updater>,
}

impl Lmdb {
    pub(crate) fn open(kind: &str, name: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        let path = Format::Lmdb.file_name(name);
        let create = match options.access {
            Access::Read => {
                let file = Shared::open(&path, options.lmdb_map_size, sys::lmdb::Access::Read);
                let file = file.map_err(|reason| {
                    let missing = reason.is_missing();
                    OpenError::File(unopened(kind, name, &path, missing, &reason.to_string()))
                })?;
                warn_if_older(&path, name);
                let updater = None;
                return Ok(Self { file, updater });
            }
            Access::Change => None,
            Access::Create => Some(CREATED_MODE),
        };
        let updater = Updater::open(&path, Format::Lmdb.nulls(), create, options.lmdb_map_size)
            .map_err(|error| OpenError::File(format!("{kind}:{name}: {error}")))?;
        Ok(Self {
            file: updater.file(),
            updater: Some(updater),
        })
    }

    /// Look a key up with and without the NUL that ends keys, whichever the file has.
    pub(crate) fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        self.file.find(key)
    }

    /// Look several keys up, at the price of one lock.
    pub(crate) fn find_all(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, String> {
        self.file.find_all(keys)
    }

    /// The entries behind a key, in order, until they are more than `most` bytes.
    pub(crate) fn entries_after(
        &self,
        after: Option<&[u8]>,
        most: usize,
    ) -> Result<Vec<Pair>, String> {
        self.file.entries_after(after, most)
    }

    pub(crate) fn update(&self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let added = self.updater()?.add(&[(key.to_vec(), value.to_vec())], true);
        match added.map_err(|error| error.to_string())?.as_slice() {
            [Added::Unusable] => Err("the key is too long".to_owned()),
            _ => Ok(()),
        }
    }

    pub(crate) fn remove(&self, key: &[u8]) -> Result<bool, String> {
        let removed = self.updater()?.remove(key);
        removed.map_err(|error| error.to_string())
    }

    pub(crate) fn changed(&self) -> bool {
        self.file.replaced()
    }

    fn updater(&self) -> Result<&Updater, String> {
        let read_only = || "the table is open for lookups only".to_owned();
        self.updater.as_ref().ok_or_else(read_only)
    }
}

#[cfg(test)]
mod tests {
    use crate::table::{Access, OpenOptions, Table};
    use crate::testing::now;

    fn open(spec: &str, access: Access) -> Result<Table, String> {
        let options = OpenOptions {
            access,
            ..OpenOptions::default()
        };
        Table::open(spec, &options).map_err(|error| error.to_string())
    }

    #[test]
    fn a_table_that_is_changed_is_made_and_listed_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let spec = format!("btree:{}", folder.path().join("cache").display());
        assert!(open(&spec, Access::Change).is_err());
        let table = open(&spec, Access::Create).unwrap();
        for number in 0..100 {
            let key = format!("Key{number:02}");
            now(table.update(key.as_bytes(), b"first")).unwrap();
        }
        now(table.update(b"key07", b"second")).unwrap();
        assert_eq!(now(table.remove(b"KEY08")), Ok(true));
        assert_eq!(now(table.remove(b"key08")), Ok(false));
        assert!(now(table.update(&[b'x'; 600], b"value")).is_err());
        let mut listed = Vec::new();
        let mut parts = 0;
        loop {
            let last = listed
                .last()
                .map(|(key, _): &(Vec<u8>, Vec<u8>)| key.clone());
            let some = now(table.entries_after(last.as_deref(), 200))
                .unwrap()
                .unwrap();
            if some.is_empty() {
                break;
            }
            listed.extend(some);
            parts += 1;
        }
        assert!(parts > 3, "{parts}");
        assert_eq!(listed.len(), 99);
        assert!(listed.is_sorted());
        assert_eq!(listed.get(7).unwrap().1, b"second");
        assert!(open(&spec, Access::Read).is_ok());
    }

    #[test]
    fn tables_that_cannot_be_changed_say_so() {
        assert_eq!(
            open("inline:{a=b}", Access::Create).unwrap_err(),
            "inline:{a=b} map requires O_RDONLY access mode"
        );
        let table = open("static:x", Access::Change).unwrap();
        assert_eq!(
            now(table.remove(b"k")).unwrap_err().to_string(),
            "table static:x: delete operation is not supported"
        );
        let table = open("debug:internal:x", Access::Create).unwrap();
        now(table.update(b"K", b"v")).unwrap();
        assert_eq!(now(table.find(b"k")), Ok(Some(b"v".to_vec())));
        assert_eq!(now(table.remove(b"k")), Ok(true));
    }
}
