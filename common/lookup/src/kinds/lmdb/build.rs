//! Building and updating LMDB files, for postmap(1) and postalias(1).

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use heed::PutFlags;
use sys::lmdb::Access;

use super::file::{Pairs, Shared, growing};
use crate::kinds::indexed::install::{Failure, install, new_file};
use crate::kinds::indexed::{Added, BuildError, Entries, Nulls, Over};

/// The longest key that LMDB stores, in bytes.
pub(crate) const LONGEST_KEY: usize = 511;

/// How many entries one transaction of a new file holds, as its pages are kept in memory.
const CHUNK: usize = 100_000;

/// Make entries the whole content of the file at `path`. All or nothing, and readers see one or the other.
///
/// A good file that is there and may be replaced is changed in one transaction and keeps its owner and mode, and programs
/// that have it open see the new content at once. Otherwise a new file with this mode is made.
pub(crate) fn write(
    entries: &Entries,
    path: &Path,
    over: Over,
    mode: u32,
    map_size: usize,
) -> Result<bool, BuildError> {
    if over == Over::Replace
        && path.exists()
        && let Ok(there) = Updater::open(path, Nulls::Include, None, map_size)
    {
        there.change("update database", |pairs, txn| {
            pairs.clear(txn)?;
            put(entries, 0..entries.len(), pairs, txn)
        })?;
        return Ok(true);
    }
    install(path, over, mode, |path, _| {
        let mut env = sys::lmdb::open(path, map_size, Access::Write)?;
        // Nobody sees the file before it has its name. A table without entries is a transaction too.
        for start in (0..entries.len().max(1)).step_by(CHUNK) {
            let end = entries.len().min(start + CHUNK);
            growing(&mut env, |pairs, txn| put(entries, start..end, pairs, txn))?;
        }
        Ok(())
    })
}

/// Append entries, which are in order.
fn put(
    entries: &Entries,
    range: Range<usize>,
    pairs: &Pairs,
    txn: &mut heed::RwTxn<'_>,
) -> heed::Result<()> {
    for (key, value) in entries.sorted(range) {
        pairs.put_with_flags(txn, PutFlags::APPEND, key, value)?;
    }
    Ok(())
}

/// A file that is changed in place, under its exclusive lock, in one transaction a call.
#[derive(Debug)]
pub struct Updater {
    path: PathBuf,
    nulls: Nulls,
    file: Rc<Shared>,
}

impl Updater {
    /// Open a file, or create it with this mode when `create` says so.
    pub fn open(
        path: &Path,
        nulls: Nulls,
        create: Option<u32>,
        map_size: usize,
    ) -> Result<Self, BuildError> {
        let failed = |failure| BuildError {
            path: path.to_owned(),
            what: "open database",
            failure,
        };
        if let Some(mode) = create {
            match new_file(path, mode) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(failed(Failure::Io(error)));
                }
                Ok(_) | Err(_) => {}
            }
        }
        Ok(Self {
            path: path.to_owned(),
            nulls,
            file: Shared::open(path, map_size, Access::Write).map_err(failed)?,
        })
    }

    /// The file, for lookups.
    pub(super) fn file(&self) -> Rc<Shared> {
        Rc::clone(&self.file)
    }

    /// Add entries; says of each what became of it. A key that is there already keeps its value unless `replace`.
    pub fn add(
        &self,
        entries: &[(Vec<u8>, Vec<u8>)],
        replace: bool,
    ) -> Result<Vec<Added>, BuildError> {
        let nulls = self.nulls;
        self.change("update database", |pairs, txn| {
            entries
                .iter()
                .map(|(key, value)| {
                    let key = nulls.stored(key);
                    if key.is_empty() || key.len() > LONGEST_KEY {
                        return Ok(Added::Unusable);
                    }
                    let known = pairs.get(txn, &key)?.is_some();
                    if !known || replace {
                        pairs.put(txn, &key, &nulls.stored(value))?;
                    }
                    Ok(if known { Added::Duplicate } else { Added::New })
                })
                .collect()
        })
    }

    /// Remove an entry, stored with or without a NUL; whether it was there.
    pub fn remove(&self, key: &[u8]) -> Result<bool, BuildError> {
        self.change("update database", |pairs, txn| {
            let mut removed = false;
            for nulls in [Nulls::Include, Nulls::Omit] {
                let key = nulls.stored(key);
                if !key.is_empty() && key.len() <= LONGEST_KEY {
                    removed |= pairs.delete(txn, &key)?;
                }
            }
            Ok(removed)
        })
    }

    fn change<T>(
        &self,
        what: &'static str,
        job: impl Fn(&Pairs, &mut heed::RwTxn<'_>) -> heed::Result<T>,
    ) -> Result<T, BuildError> {
        self.file.change(job).map_err(|failure| BuildError {
            path: self.path.clone(),
            what,
            failure,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::indexed::Format;
    use crate::table::{OpenOptions, Table};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn find(table: &Table, key: &str) -> Option<String> {
        crate::testing::now(table.find(key.as_bytes()))
            .unwrap()
            .map(|value| String::from_utf8(value).unwrap())
    }

    fn spec(directory: &tempfile::TempDir) -> (String, PathBuf) {
        let table = directory.path().join("map").display().to_string();
        (format!("hash:{table}"), Format::Lmdb.file_name(&table))
    }

    fn finish(entries: &mut Entries, file: &Path, mode: u32, map_size: usize) {
        entries.settle(false);
        assert!(write(entries, file, Over::Replace, mode, map_size).unwrap());
    }

    #[test]
    fn built_then_updated_then_read() {
        let directory = tempfile::tempdir().unwrap();
        let (spec, file) = spec(&directory);
        for nulls in [Nulls::Include, Nulls::Omit] {
            let mut entries = Format::Lmdb.entries(nulls);
            assert_eq!(entries.add(b"a", b"1"), Added::New);
            assert_eq!(entries.add(&[b'x'; 600], b"2"), Added::Unusable);
            finish(&mut entries, &file, 0o640, 1 << 20);
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o640);

            let updater = Updater::open(&file, nulls, None, 1 << 20).unwrap();
            let more = [
                (b"a".to_vec(), b"3".to_vec()),
                (b"b".to_vec(), b"4".to_vec()),
            ];
            assert_eq!(
                updater.add(&more, true).unwrap(),
                [Added::Duplicate, Added::New]
            );
            assert!(updater.remove(b"b").unwrap());
            assert!(!updater.remove(b"b").unwrap());
            drop(updater);

            let table = Table::open(&spec, &OpenOptions::default()).unwrap();
            let again = Table::open(&spec, &OpenOptions::default()).unwrap();
            assert_eq!(find(&table, "A").as_deref(), Some("3"));
            assert_eq!(find(&again, "b"), None);
            assert!(!table.changed());
            let mut entries = Format::Lmdb.entries(nulls);
            entries.add(b"d", b"6");
            let kept = write(&entries, &file, Over::Keep, 0o644, 1 << 20).unwrap();
            assert!(!kept && find(&table, "d").is_none());
            drop((table, again));
            finish(&mut entries, &file, 0o644, 1 << 20);
            let table = Table::open(&spec, &OpenOptions::default()).unwrap();
            assert_eq!(find(&table, "d").as_deref(), Some("6"));
            assert_eq!(find(&table, "a"), None);
            drop(table);
            fs::write(&file, "no LMDB file").unwrap();
            let mut entries = Format::Lmdb.entries(nulls);
            entries.add(b"c", b"5");
            finish(&mut entries, &file, 0o644, 1 << 20);
            let table = Table::open(&spec, &OpenOptions::default()).unwrap();
            assert_eq!(find(&table, "c").as_deref(), Some("5"));
            fs::remove_file(&file).unwrap();
            assert!(table.changed());
        }
    }

    #[test]
    fn a_small_map_grows() {
        let directory = tempfile::tempdir().unwrap();
        let (spec, file) = spec(&directory);
        let mut entries = Format::Lmdb.entries(Nulls::Include);
        for number in 0..20_000 {
            let text = format!("user{number}@example.com");
            entries.add(text.as_bytes(), &[b'v'; 40]);
        }
        finish(&mut entries, &file, 0o644, 65_536);
        let options = OpenOptions {
            lmdb_map_size: 65_536,
            ..OpenOptions::default()
        };
        let table = Table::open(&spec, &options).unwrap();
        assert!(find(&table, "user19999@example.com").is_some());
        let entries = crate::testing::now(table.entries_after(None, usize::MAX));
        assert_eq!(entries.unwrap().unwrap().len(), 20_000);
    }

    #[test]
    fn an_unbuilt_map_says_so_at_each_lookup() {
        let table = Table::open_or_unavailable("hash:/nonexistent/map", &OpenOptions::default());
        let error = crate::testing::now(table.find(b"x"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("/nonexistent/map.lmdb"), "{error}");
        assert!(error.contains("postmap hash:/nonexistent/map"), "{error}");
    }
}
