//! `hash:`, `btree:`, `dbm:` and `sdbm:` where an older installation left a file of another format.
//!
//! These types are LMDB tables. Where there is no `name.lmdb` but `name.db` (or `name.pag`), the table is made of its source
//! text once, if that is there and may be written beside; else a Berkeley DB file is read as it is. The old file is never
//! changed, so that the older installation can have it back. Logs one line when it makes a table, and a warning when that
//! fails.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::berkeley_db::BerkeleyDb;
use super::indexed::{Added, BuildError, Entries, Format, Nulls, Over, warn_if_older};
use super::lmdb::Lmdb;
use crate::error::OpenError;
use crate::maintain::Syntax;
use crate::maintain::rebuild::{Made, Rights, rebuild};
use crate::table::{Access, OpenOptions};

/// The entry that postalias(1) puts into every alias table.
const ALIAS_MARK: &[u8] = b"YP_LAST_MODIFIED";

/// How much of a file is searched at once.
const PART: u64 = 64 * 1024;

/// How a table was opened.
#[derive(Debug)]
pub(crate) enum Opened {
    Lmdb(Lmdb),
    BerkeleyDb(BerkeleyDb),
}

/// Open a table of one of the four types.
pub(crate) fn open(kind: &str, name: &str, options: &OpenOptions) -> Result<Opened, OpenError> {
    match options.access {
        Access::Read => {}
        Access::Change => take_over(kind, name, options).map_err(OpenError::File)?,
        Access::Create => {
            // A new file is wanted anyhow, if need be without what the old one holds.
            if let Err(reason) = take_over(kind, name, options) {
                maillog::warning!("{kind}:{name}: {reason}");
            }
        }
    }
    if options.access != Access::Read {
        return Lmdb::open(kind, name, options).map(Opened::Lmdb);
    }
    if let Ok(table) = Lmdb::open(kind, name, options) {
        return Ok(Opened::Lmdb(table));
    }
    let Some(old) = OldFile::of(kind, name) else {
        // Another program may have made the file just now.
        return Lmdb::open(kind, name, options).map(Opened::Lmdb);
    };
    warn_if_older(&old.path, name);
    if old.replaced(options) {
        return Lmdb::open(kind, name, options).map(Opened::Lmdb);
    }
    old.read().map(Opened::BerkeleyDb).map_err(OpenError::File)
}

/// See to it that a table that is to be changed is in the file that will be changed: where there is only one of an older
/// installation, its entries come along.
pub(crate) fn take_over(kind: &str, name: &str, options: &OpenOptions) -> Result<(), String> {
    let Some(old) = OldFile::of(kind, name) else {
        return Ok(());
    };
    if old.replaced(options) {
        return Ok(());
    }
    old.convert(options)
}

/// A file of an older installation that nothing has replaced yet.
struct OldFile<'a> {
    kind: &'a str,
    name: &'a str,
    path: PathBuf,
    successor: PathBuf,
}

impl<'a> OldFile<'a> {
    fn of(kind: &'a str, name: &'a str) -> Option<Self> {
        let suffix = match kind {
            "hash" | "btree" => "db",
            "dbm" | "sdbm" => "pag",
            _ => return None,
        };
        let successor = Format::Lmdb.file_name(name);
        let path = PathBuf::from(format!("{name}.{suffix}"));
        let is_last = successor.symlink_metadata().is_err() && path.is_file();
        is_last.then_some(Self {
            kind,
            name,
            path,
            successor,
        })
    }

    /// Have the table made of its source; whether there is one now.
    fn replaced(&self, options: &OpenOptions) -> bool {
        let Self { kind, name, .. } = *self;
        let (old, new) = (self.path.display(), self.successor.display());
        match rebuild(kind, name, self.syntax(), options) {
            Ok(Made::Here) => {
                maillog::info!(
                    "{kind}:{name}: made {new} from {name}, to be used instead of {old}"
                );
                true
            }
            Ok(Made::Meanwhile) => true,
            Ok(Made::Not) => false,
            Err(failure) => {
                maillog::warning!("{kind}:{name}: cannot make {new} from {name}: {failure}");
                false
            }
        }
    }

    /// Which of the two commands made the file, and so what its source looks like.
    fn syntax(&self) -> Syntax {
        let is_alias = match contains(&self.path, ALIAS_MARK) {
            Ok(marked) => marked,
            Err(_) => self.name.ends_with("aliases"),
        };
        if is_alias { Syntax::Alias } else { Syntax::Map }
    }

    fn read(&self) -> Result<BerkeleyDb, String> {
        let path = self.path.display();
        if self.path.extension().is_some_and(|suffix| suffix == "pag") {
            let (kind, name) = (self.kind, self.name);
            let command = self.syntax().program();
            return Err(format!(
                "open database {path}: files of this format are not read (run \"{command} {kind}:{name}\")"
            ));
        }
        BerkeleyDb::open(&self.path, self.name)
            .map_err(|reason| format!("open database {path}: {reason}"))
    }

    /// Make the new file of the entries of the old one, for its owner and with its mode.
    fn convert(&self, options: &OpenOptions) -> Result<(), String> {
        let Some(rights) = Rights::beside(&self.path).map_err(|failure| failure.to_string())?
        else {
            return Err(format!("{}: no right to replace it", self.path.display()));
        };
        let old = self.read()?;
        let mut entries = Format::Lmdb.entries(Nulls::Include);
        for (key, value) in old.stored() {
            if entries.add_bare(key, value) == Added::Unusable {
                let (kind, name, key) = (self.kind, self.name, String::from_utf8_lossy(key));
                maillog::warning!("{kind}:{name}: key too long -- ignoring this entry: \"{key}\"");
            }
        }
        entries.settle(false);
        self.write(&entries, rights.mode(), options.lmdb_map_size)
            .map_err(|error| error.to_string())
    }

    fn write(&self, entries: &Entries, mode: u32, map_size: usize) -> Result<(), BuildError> {
        let path: &Path = &self.successor;
        if Format::Lmdb.write(entries, path, Over::Keep, mode, map_size)? {
            let Self { kind, name, .. } = *self;
            let (old, new) = (self.path.display(), path.display());
            maillog::info!("{kind}:{name}: made {new} from {old}");
        }
        Ok(())
    }
}

/// Whether these bytes stand anywhere in a file, which is read part by part: files of dbm are long, and mostly holes.
fn contains(path: &Path, wanted: &[u8]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut part = Vec::new();
    loop {
        let read = file.by_ref().take(PART).read_to_end(&mut part)?;
        if memchr::memmem::find(&part, wanted).is_some() {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        // They may stand across the border.
        let kept = part.len().saturating_sub(wanted.len());
        part.drain(..kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_found_wherever_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.pag");
        for at in [0, 1, 65_530, 65_536, 131_060] {
            let mut bytes = vec![0; 131_072];
            bytes.splice(at..at, ALIAS_MARK.iter().copied());
            std::fs::write(&path, &bytes).unwrap();
            assert!(contains(&path, ALIAS_MARK).unwrap(), "{at}");
            bytes[at + 3] = b'x';
            std::fs::write(&path, &bytes).unwrap();
            assert!(!contains(&path, ALIAS_MARK).unwrap(), "{at}");
        }
    }
}
