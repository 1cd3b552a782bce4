//! An LMDB file, its lock, and one transaction at a time on it.
//!
//! A file is opened once in a process, however many tables name it: LMDB allows no more.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};

use crate::table::Pair;
use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, MdbError, RoTxn, WithoutTls};
use sys::lmdb::Access;
use sys::lock;

/// Keys and values as bytes.
pub(super) type Pairs = Database<'static, Bytes, Bytes>;

/// Why a file could not be used.
#[derive(Debug)]
pub(crate) enum Failure {
    Io(io::Error),
    Lmdb(heed::Error),
}

impl Failure {
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) | Self::Lmdb(heed::Error::Io(error)) => {
                f.write_str(&sys::reason(error))
            }
            Self::Lmdb(error) => write!(f, "{error}"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<heed::Error> for Failure {
    fn from(error: heed::Error) -> Self {
        Self::Lmdb(error)
    }
}

/// A file that the tables of this process share.
#[derive(Debug)]
pub(super) struct Shared {
    file: File,
    env: RefCell<Env<WithoutTls>>,
    pairs: Pairs,
    opened: Cell<(u64, u64)>,
}

thread_local! {
    static OPEN: RefCell<HashMap<PathBuf, Weak<Shared>>> = RefCell::default();
}

impl Shared {
    pub(super) fn open(path: &Path, map_size: usize) -> Result<Rc<Self>, Failure> {
        let path = path.canonicalize()?;
        if let Some(shared) = OPEN.with_borrow(|open| open.get(&path).and_then(Weak::upgrade)) {
            return Ok(shared);
        }
        let shared = Rc::new(Self::open_first(&path, map_size)?);
        OPEN.with_borrow_mut(|open| open.insert(path, Rc::downgrade(&shared)));
        Ok(shared)
    }

    fn open_first(path: &Path, map_size: usize) -> Result<Self, Failure> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        let held = Held::take(&file, lock::Mode::Shared)?;
        let env = sys::lmdb::open(path, map_size, Access::Read)?;
        let pairs = open_pairs(&env)?;
        drop(held);
        Ok(Self {
            file,
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

    pub(super) fn entries(&self) -> Result<Vec<Pair>, String> {
        self.read(|pairs, txn| {
            pairs
                .iter(txn)?
                .map(|pair| {
                    let (key, value) = pair?;
                    Ok((without_null(key).to_vec(), without_null(value).to_vec()))
                })
                .collect()
        })
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

fn find(pairs: &Pairs, txn: &RoTxn<'_, WithoutTls>, key: &[u8]) -> heed::Result<Option<Vec<u8>>> {
    if key.contains(&0) {
        return Ok(None);
    }
    let mut with_null = Vec::with_capacity(key.len() + 1);
    with_null.extend_from_slice(key);
    with_null.push(0);
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

/// A key or value without the NUL that ends it in most files.
fn without_null(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(&[0]).unwrap_or(bytes)
}

/// The lock on a file, while this value lives.
pub(super) struct Held<'a>(&'a File);

impl<'a> Held<'a> {
    pub(super) fn take(file: &'a File, mode: lock::Mode) -> io::Result<Self> {
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
