//! Building and updating LMDB files, for postmap(1) and postalias(1).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use heed::PutFlags;
use sys::lmdb::Access;

use super::file::{Failure, Pairs, Shared, growing, new_file, stored};

/// The longest key that LMDB stores, in bytes.
const LONGEST_KEY: usize = 511;

/// Whether keys and values are stored with a NUL at their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nulls {
    /// With a NUL, as the reference builds files on this system.
    #[default]
    Include,
    /// Without.
    Omit,
}

impl Nulls {
    fn stored(self, bytes: &[u8]) -> Vec<u8> {
        stored(bytes, self == Self::Include)
    }
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It was new.
    New,
    /// The key was there already; the entry replaced it, or not, as asked.
    Duplicate,
    /// The key is empty or longer than LMDB stores; nothing was added.
    Unusable,
}

/// Why a file could not be built or updated; `Display` names the file.
#[derive(Debug)]
pub struct BuildError {
    path: PathBuf,
    what: &'static str,
    failure: Failure,
}

impl BuildError {
    /// Whether the file is not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.failure.is_missing()
    }
}

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.what, self.path.display(), self.failure)
    }
}

impl std::error::Error for BuildError {}

/// A new file in the making: entries are gathered in memory, put in order by [`Builder::settle`] and written by
/// [`Builder::finish`].
#[derive(Debug, Default)]
pub struct Builder {
    nulls: Nulls,
    /// Keys and values as they are stored, one after the other.
    bytes: Vec<u8>,
    entries: Vec<Place>,
}

/// Where an entry stands in the bytes: its key, and directly after it its value.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: usize,
    key: u32,
    value: u32,
}

/// How many entries one transaction of a new file holds, as its pages are kept in memory.
const CHUNK: usize = 100_000;

impl Builder {
    /// An empty table.
    #[must_use]
    pub fn new(nulls: Nulls) -> Self {
        Self {
            nulls,
            ..Self::default()
        }
    }

    /// Add an entry. Whether its key is there already is found out by [`Builder::settle`].
    pub fn add(&mut self, key: &[u8], value: &[u8]) -> Added {
        let null: &[u8] = match self.nulls {
            Nulls::Include => &[0],
            Nulls::Omit => &[],
        };
        self.add_parts([key, null], [value, null])
    }

    /// Add an entry that is stored as it is, without a NUL.
    pub fn add_bare(&mut self, key: &[u8], value: &[u8]) {
        self.add_parts([key, &[]], [value, &[]]);
    }

    fn add_parts(&mut self, key: [&[u8]; 2], value: [&[u8]; 2]) -> Added {
        let length = |parts: [&[u8]; 2]| parts.iter().map(|part| part.len()).sum::<usize>();
        let (key_length, value_length) = (length(key), length(value));
        let (Ok(key_size), Ok(value_size)) =
            (u32::try_from(key_length), u32::try_from(value_length))
        else {
            return Added::Unusable;
        };
        if key_length == 0 || key_length > LONGEST_KEY {
            return Added::Unusable;
        }
        self.entries.push(Place {
            start: self.bytes.len(),
            key: key_size,
            value: value_size,
        });
        for part in key.into_iter().chain(value) {
            self.bytes.extend_from_slice(part);
        }
        Added::New
    }

    /// Put the entries in order. Of those with one key the first stays, or with `replace` the last; the keys of the
    /// others, without a NUL, come back in the order in which they were added.
    pub fn settle(&mut self, replace: bool) -> Vec<Vec<u8>> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable_by(|a, b| self.key(a).cmp(self.key(b)).then(a.start.cmp(&b.start)));
        let mut later = Vec::new();
        entries.dedup_by(|next, kept| {
            let same = self.key(next) == self.key(kept);
            if same {
                later.push(*next);
                if replace {
                    *kept = *next;
                }
            }
            same
        });
        self.entries = entries;
        later.sort_unstable_by_key(|place| place.start);
        let plain = |place| {
            let key = self.key(place);
            key.strip_suffix(&[0]).unwrap_or(key).to_vec()
        };
        later.iter().map(plain).collect()
    }

    fn key(&self, place: &Place) -> &[u8] {
        let end = place.start + place.key as usize;
        self.bytes.get(place.start..end).unwrap_or_default()
    }

    fn value(&self, place: &Place) -> &[u8] {
        let start = place.start + place.key as usize;
        let end = start + place.value as usize;
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Make these entries the whole content of the file at `path`. All or nothing, and readers see one or the other.
    ///
    /// A good file that is there is changed in one transaction and keeps its owner and mode, and programs that have it
    /// open see the new content at once. Otherwise a new file with this mode is written beside it and renamed.
    pub fn finish(self, path: &Path, mode: u32, map_size: usize) -> Result<(), BuildError> {
        if path.exists()
            && let Ok(there) = Updater::open(path, self.nulls, None, map_size)
        {
            return there.change("update database", |pairs, txn| {
                pairs.clear(txn)?;
                self.put(&self.entries, pairs, txn)
            });
        }
        let failed = |what| {
            move |failure: Failure| BuildError {
                path: path.to_owned(),
                what,
                failure,
            }
        };
        let temporary = temporary_name(path);
        let made = self.write(&temporary, mode, map_size);
        made.map_err(failed("open database"))
            .and_then(|()| {
                fs::rename(&temporary, path)
                    .map_err(Failure::from)
                    .map_err(failed("rename database"))
            })
            .inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    fn write(&self, path: &Path, mode: u32, map_size: usize) -> Result<(), Failure> {
        drop(new_file(path, mode)?);
        let mut env = sys::lmdb::open(path, map_size, Access::Write)?;
        // Nobody sees the file before it has its name. A table without entries is a transaction too.
        let chunks = self
            .entries
            .chunks(CHUNK)
            .chain(self.entries.is_empty().then_some(&[][..]));
        for chunk in chunks {
            growing(&mut env, |pairs, txn| self.put(chunk, pairs, txn))?;
        }
        Ok(())
    }

    /// Append entries, which are in order.
    fn put(&self, entries: &[Place], pairs: &Pairs, txn: &mut heed::RwTxn<'_>) -> heed::Result<()> {
        for place in entries {
            pairs.put_with_flags(txn, PutFlags::APPEND, self.key(place), self.value(place))?;
        }
        Ok(())
    }
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

/// LMDB wants a directory before the file name.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(path)
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    absolute(Path::new(&name)).unwrap_or_else(|_| PathBuf::from(name))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::table::{OpenOptions, Table};

    fn find(table: &Table, key: &str) -> Option<String> {
        crate::testing::now(table.find(key.as_bytes()))
            .unwrap()
            .map(|value| String::from_utf8(value).unwrap())
    }

    fn spec(directory: &tempfile::TempDir) -> (String, PathBuf) {
        let table = directory.path().join("map").display().to_string();
        (format!("hash:{table}"), super::super::file_name(&table))
    }

    #[test]
    fn built_then_updated_then_read() {
        let directory = tempfile::tempdir().unwrap();
        let (spec, file) = spec(&directory);
        for nulls in [Nulls::Include, Nulls::Omit] {
            let mut builder = Builder::new(nulls);
            assert_eq!(builder.add(b"a", b"1"), Added::New);
            assert_eq!(builder.add(b"a", b"2"), Added::New);
            assert_eq!(builder.add(&[b'x'; 600], b"2"), Added::Unusable);
            assert_eq!(builder.settle(false), [b"a"]);
            builder.finish(&file, 0o640, 1 << 20).unwrap();
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
            drop((table, again));
            fs::write(&file, "no LMDB file").unwrap();
            let mut builder = Builder::new(nulls);
            builder.add(b"c", b"5");
            builder.finish(&file, 0o644, 1 << 20).unwrap();
            let table = Table::open(&spec, &OpenOptions::default()).unwrap();
            assert_eq!(find(&table, "c").as_deref(), Some("5"));
            fs::remove_file(&file).unwrap();
            assert!(table.changed());
        }
    }

    #[test]
    fn the_first_or_the_last_of_a_key_stays() {
        for (replace, stays) in [(false, "1"), (true, "3")] {
            let directory = tempfile::tempdir().unwrap();
            let (spec, file) = spec(&directory);
            let mut builder = Builder::new(Nulls::Include);
            for (key, value) in [
                ("b", "1"),
                ("c", "x"),
                ("a", "y"),
                ("b", "2"),
                ("a", "z"),
                ("b", "3"),
            ] {
                builder.add(key.as_bytes(), value.as_bytes());
            }
            assert_eq!(builder.settle(replace), [b"b", b"a", b"b"]);
            builder.finish(&file, 0o644, 1 << 20).unwrap();
            let table = Table::open(&spec, &OpenOptions::default()).unwrap();
            assert_eq!(find(&table, "b").as_deref(), Some(stays));
            assert_eq!(find(&table, "c").as_deref(), Some("x"));
        }
    }

    #[test]
    fn a_small_map_grows() {
        let directory = tempfile::tempdir().unwrap();
        let (spec, file) = spec(&directory);
        let mut builder = Builder::new(Nulls::Include);
        for number in 0..20_000 {
            let text = format!("user{number}@example.com");
            builder.add(text.as_bytes(), &[b'v'; 40]);
        }
        assert!(builder.settle(false).is_empty());
        builder.finish(&file, 0o644, 65_536).unwrap();
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
