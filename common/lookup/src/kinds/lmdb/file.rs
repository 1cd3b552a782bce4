//! An LMDB file, its lock, and one transaction at a time on it.
//!
//! A file is opened once in a process, however many tables name it: LMDB allows no more.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};

use crate::kinds::indexed::install::Failure;
use crate::table::Pair;
use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, MdbError, RoTxn, RwTxn, WithoutTls};
use sys::lmdb::Access;
use sys::lock;

/// Keys and values as bytes.
pub(super) type Pairs = Database<'static, Bytes, Bytes>;

/// A file that the tables of this process share.
#[derive(Debug)]
pub(super) struct Shared {
    file: File,
    access: Access,
    env: RefCell<Env<WithoutTls>>,
    pairs: Pairs,
    opened: Cell<(u64, u64)>,
}

thread_local! {
    static OPEN: RefCell<HashMap<PathBuf, Weak<Shared>>> = RefCell::default();
}

impl Shared {
    /// Open a file that is there.
    pub(super) fn open(path: &Path, map_size: usize, access: Access) -> Result<Rc<Self>, Failure> {
        let path = path.canonicalize()?;
        if let Some(shared) = OPEN.with_borrow(|open| open.get(&path).and_then(Weak::upgrade)) {
            // LMDB cannot have a file open twice.
            return match (shared.access, access) {
                (Access::Read, Access::Write) => Err(io::Error::from(io::ErrorKind::ResourceBusy))?,
                _ => Ok(shared),
            };
        }
        let shared = Rc::new(Self::open_first(&path, map_size, access)?);
        OPEN.with_borrow_mut(|open| open.insert(path, Rc::downgrade(&shared)));
        Ok(shared)
    }

    fn open_first(path: &Path, map_size: usize, access: Access) -> Result<Self, Failure> {
        let (write, mode) = match access {
            Access::Read => (false, lock::Mode::Shared),
            Access::Write => (true, lock::Mode::Exclusive),
        };
        let file = OpenOptions::new().read(true).write(write).open(path)?;
        let about = file.metadata()?;
        let held = Held::take(&file, mode)?;
        let env = sys::lmdb::open(path, map_size, access)?;
        let pairs = match access {
            Access::Read => open_pairs(&env)?,
            Access::Write => create_pairs(&env)?,
        };
        drop(held);
        Ok(Self {
            file,
            access,
            env: RefCell::new(env),
            pairs,
            opened: Cell::new((about.dev(), about.ino())),
        })
    }

    /// The value of a key, which is stored with or without a NUL.
    pub(super) fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        self.read(|pairs, txn| find(pairs, txn, key))
    }

    /// The values of several keys, in one transaction.
    pub(super) fn find_all(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, String> {
        self.read(|pairs, txn| keys.iter().map(|key| find(pairs, txn, key)).collect())
    }

    /// The entries behind a key, in order, until they are more than `most` bytes.
    pub(super) fn entries_after(
        &self,
        after: Option<&[u8]>,
        most: usize,
    ) -> Result<Vec<Pair>, String> {
        // The key itself is stored with or without a NUL.
        let after = after.map(|key| stored(key, true));
        let start = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.read(|pairs, txn| {
            let mut size = 0;
            let mut entries = Vec::new();
            for pair in pairs.range(txn, &(start, Bound::Unbounded))? {
                let (key, value) = pair?;
                entries.push((without_null(key).to_vec(), without_null(value).to_vec()));
                size += key.len() + value.len();
                if size > most {
                    break;
                }
            }
            Ok(entries)
        })
    }

    /// Do something to the file in one transaction; a memory map that is too small is made larger.
    pub(super) fn change<T>(
        &self,
        job: impl Fn(&Pairs, &mut RwTxn<'_>) -> heed::Result<T>,
    ) -> Result<T, Failure> {
        let _held = Held::take(&self.file, lock::Mode::Exclusive)?;
        growing(&mut self.env.borrow_mut(), job)
    }

    /// Whether another file stands where this one stood: the name was removed or renamed over.
    pub(super) fn replaced(&self) -> bool {
        self.file.metadata().is_ok_and(|about| {
            about.nlink() == 0 || (about.dev(), about.ino()) != self.opened.get()
        })
    }

    fn read<T>(
        &self,
        job: impl Fn(&Pairs, &RoTxn<'_, WithoutTls>) -> heed::Result<T>,
    ) -> Result<T, String> {
        let _held =
            Held::take(&self.file, lock::Mode::Shared).map_err(|error| error.to_string())?;
        let first = self.attempt(&job);
        let result = match first {
            Err(heed::Error::Mdb(MdbError::MapResized)) => {
                let grown = sys::lmdb::grow(&mut self.env.borrow_mut(), 0);
                grown.and_then(|()| self.attempt(&job))
            }
            other => other,
        };
        result.map_err(|error| Failure::from(error).to_string())
    }

    fn attempt<T>(
        &self,
        job: impl Fn(&Pairs, &RoTxn<'_, WithoutTls>) -> heed::Result<T>,
    ) -> heed::Result<T> {
        let env = self.env.borrow();
        let txn = env.read_txn()?;
        job(&self.pairs, &txn)
    }
}

/// Run a write transaction; when the map is too small, double it and run it again.
pub(super) fn growing<T>(
    env: &mut Env<WithoutTls>,
    job: impl Fn(&Pairs, &mut RwTxn<'_>) -> heed::Result<T>,
) -> Result<T, Failure> {
    loop {
        match in_transaction(env, &job) {
            Err(heed::Error::Mdb(MdbError::MapFull)) => {
                let doubled = env.info().map_size.saturating_mul(2);
                sys::lmdb::grow(env, doubled)?;
            }
            Err(heed::Error::Mdb(MdbError::MapResized)) => sys::lmdb::grow(env, 0)?,
            other => return Ok(other?),
        }
    }
}

fn in_transaction<T>(
    env: &Env<WithoutTls>,
    job: impl Fn(&Pairs, &mut RwTxn<'_>) -> heed::Result<T>,
) -> heed::Result<T> {
    let pairs = create_pairs(env)?;
    let mut txn = env.write_txn()?;
    let result = job(&pairs, &mut txn)?;
    txn.commit()?;
    Ok(result)
}

/// A key or value as it is stored.
pub(super) fn stored(bytes: &[u8], null: bool) -> Vec<u8> {
    let mut stored = Vec::with_capacity(bytes.len() + 1);
    stored.extend_from_slice(bytes);
    if null {
        stored.push(0);
    }
    stored
}

fn find(pairs: &Pairs, txn: &RoTxn<'_, WithoutTls>, key: &[u8]) -> heed::Result<Option<Vec<u8>>> {
    if key.contains(&0) {
        return Ok(None);
    }
    let with_null = stored(key, true);
    for stored in [&with_null, key] {
        match pairs.get(txn, stored) {
            Ok(Some(value)) => return Ok(Some(without_null(value).to_vec())),
            Ok(None) | Err(heed::Error::Mdb(MdbError::BadValSize)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn open_pairs(env: &Env<WithoutTls>) -> Result<Pairs, Failure> {
    let txn = env.read_txn()?;
    let opened = env.open_databases_and_commit(txn, |opener, txn| {
        opener
            .open_database::<Bytes, Bytes>(txn, None)
            .map(CommitOrAbort::<_, ()>::Commit)
    })?;
    match opened.commit().flatten() {
        Some(pairs) => Ok(pairs),
        None => Err(Failure::Lmdb(heed::Error::Mdb(MdbError::Invalid))),
    }
}

fn create_pairs(env: &Env<WithoutTls>) -> heed::Result<Pairs> {
    let txn = env.write_txn()?;
    let opened: heed::Result<_> = env.create_databases_and_commit(txn, |opener, txn| {
        opener
            .create_database::<Bytes, Bytes>(txn, None)
            .map(CommitOrAbort::<_, ()>::Commit)
    });
    opened?.commit().ok_or(heed::Error::Mdb(MdbError::Invalid))
}

/// A key or value without the NUL that ends it in most files.
fn without_null(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(&[0]).unwrap_or(bytes)
}

/// The lock on a file, while this value lives.
pub(crate) struct Held<'a>(&'a File);

impl<'a> Held<'a> {
    pub(crate) fn take(file: &'a File, mode: lock::Mode) -> io::Result<Self> {
        loop {
            match lock::fcntl_lock(file, mode) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                taken => return taken.map(|()| Self(file)),
            }
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // Unlocking a file that is open cannot fail; a lock that stayed would end with the process.
        drop(lock::fcntl_lock(self.0, lock::Mode::Unlock));
    }
}
