//! Tables that postmap(1) makes: a file beside the source text, with a suffix that tells its format.
//!
//! [`Format::of`] says which format a type has. [`Entries`] are gathered and put in order in memory, then
//! [`Format::write`] makes the file of them. Never changes the source. Logs a warning for a file that is older than its
//! source.

mod entries;
pub(crate) mod install;

pub use entries::{Added, Entries, Nulls};
pub use install::{BuildError, Over};

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{cdb, lmdb};

/// How old a change of the source must be before the file counts as forgotten: postmap may be about to run.
const GRACE: Duration = Duration::from_secs(100);

/// The format of an indexed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// LMDB: changed in place while others read.
    Lmdb,
    /// A constant database: never changed, only replaced.
    Cdb,
}

impl Format {
    /// The format of the tables of a type; `None` for types that have no indexed file.
    #[must_use]
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            "hash" | "btree" | "dbm" | "sdbm" | "lmdb" => Some(Self::Lmdb),
            "cdb" => Some(Self::Cdb),
            _ => None,
        }
    }

    /// The file of a table.
    #[must_use]
    pub fn file_name(self, table: &str) -> PathBuf {
        let suffix = match self {
            Self::Lmdb => "lmdb",
            Self::Cdb => "cdb",
        };
        PathBuf::from(format!("{table}.{suffix}"))
    }

    /// Whether keys and values of such files usually end in a NUL; those of the reference do where ours do.
    #[must_use]
    pub const fn nulls(self) -> Nulls {
        match self {
            Self::Lmdb => Nulls::Include,
            Self::Cdb => Nulls::Omit,
        }
    }

    /// Entries for a file of this format.
    #[must_use]
    pub fn entries(self, nulls: Nulls) -> Entries {
        let key_lengths = match self {
            Self::Lmdb => 1..=lmdb::LONGEST_KEY,
            Self::Cdb => 0..=usize::MAX,
        };
        Entries::new(nulls, key_lengths)
    }

    /// Make entries, which are settled, the whole content of a file; `false` when another file is there and stays.
    pub fn write(
        self,
        entries: &Entries,
        path: &Path,
        over: Over,
        mode: u32,
        map_size: usize,
    ) -> Result<bool, BuildError> {
        match self {
            Self::Lmdb => lmdb::write(entries, path, over, mode, map_size),
            Self::Cdb => cdb::write(entries, path, over, mode),
        }
    }
}

/// The files that may be behind `kind:name`, by suffix, the one that is used first.
#[must_use]
pub fn suffixes(kind: &str) -> &'static [&'static str] {
    match kind {
        "hash" | "btree" => &[".lmdb", ".db"],
        "dbm" | "sdbm" => &[".lmdb", ".pag"],
        "lmdb" => &[".lmdb"],
        "cdb" => &[".cdb"],
        _ => &[""],
    }
}

/// What the log says about a file that could not be opened.
pub(crate) fn unopened(kind: &str, name: &str, path: &Path, missing: bool, reason: &str) -> String {
    let path = path.display();
    if !missing {
        return format!("open database {path}: {reason}");
    }
    let command = match name.ends_with("aliases") {
        true => "postalias",
        false => "postmap",
    };
    format!(
        "open database {path}: {reason} (the map is not built; run \"{command} {kind}:{name}\")"
    )
}

/// Warn when the source was changed after the file was made, unless that is only a moment ago.
pub(crate) fn warn_if_older(path: &Path, source: &str) {
    let modified = |path: &Path| fs::metadata(path).and_then(|about| about.modified());
    let (Ok(file), Ok(text)) = (modified(path), modified(Path::new(source))) else {
        return;
    };
    if text > file && SystemTime::now().duration_since(text).unwrap_or_default() > GRACE {
        maillog::warning!(
            "database {} is older than source file {source}",
            path.display()
        );
    }
}

/// An open file, and what it was like when it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) size: u64,
    modified: (i64, i64),
}

impl Opened {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::of(File::open(path)?)
    }

    pub(crate) fn of(file: File) -> io::Result<Self> {
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(Self {
            file,
            size: about.len(),
            modified: modified(&about),
        })
    }

    /// Whether the file was written to since, or its name removed or given to another.
    pub(crate) fn changed(&self) -> bool {
        self.file.metadata().is_ok_and(|about| {
            about.nlink() == 0 || about.len() != self.size || modified(&about) != self.modified
        })
    }
}

fn modified(about: &Metadata) -> (i64, i64) {
    (about.mtime(), about.mtime_nsec())
}
