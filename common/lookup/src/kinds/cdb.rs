//! `cdb:`, a constant database named `name.cdb`: read where it lies, never changed, only replaced by another.
//!
//! Files are those of the cdb library, which the reference uses: 256 pairs of position and size of a hash table, then the
//! entries, then the tables. Small ones are kept in memory, the others read by position, not through a memory map, so a file
//! that somebody cuts short is an error and no bus error. Keys are found with and without a NUL at their end; the first one that is found tells what
//! the others have. [`write`] makes a file.

mod write;

pub(crate) use write::write;

use std::cell::Cell;
use std::io;
use std::os::unix::fs::FileExt;

use super::indexed::{Format, Nulls, Opened, unopened, warn_if_older};
use crate::error::OpenError;
use crate::table::Pair;

/// The pairs at the beginning of a file, in bytes.
const HEAD: usize = 256 * 8;

/// How much of a hash table is read at once: most keys are within a few places of where they belong.
const SLOTS: usize = 8;

/// How much of a value is read together with its key.
const VALUE: usize = 256;

/// Up to this size a file is kept in memory.
const SMALL: u64 = 1024 * 1024;

/// A table for lookups.
#[derive(Debug)]
pub struct Cdb {
    opened: Opened,
    /// The beginning of the file, or all of it.
    head: Vec<u8>,
    /// Whether keys end in a NUL, when one was found.
    nulls: Cell<Option<Nulls>>,
}

/// Why a file gives no answer.
#[derive(Debug)]
enum Fault {
    Read(io::Error),
    Damaged,
}

impl Fault {
    fn text(&self) -> String {
        match self {
            Self::Read(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Damaged.text()
            }
            Self::Read(error) => sys::reason(error),
            Self::Damaged => "the file is damaged, or no cdb file".to_owned(),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl Cdb {
    pub(crate) fn open(name: &str) -> Result<Self, OpenError> {
        let path = Format::Cdb.file_name(name);
        let failed = |missing, reason: String| {
            OpenError::File(unopened("cdb", name, &path, missing, &reason))
        };
        let opened = Opened::open(&path).map_err(|error| {
            let missing = error.kind() == io::ErrorKind::NotFound;
            failed(missing, sys::reason(&error))
        })?;
        let table = Self::of(opened, SMALL).map_err(|fault| failed(false, fault.text()))?;
        warn_if_older(&path, name);
        Ok(table)
    }

    fn of(opened: Opened, small: u64) -> Result<Self, Fault> {
        let length = match opened.size {
            size if size <= small => usize::try_from(size).unwrap_or(HEAD).max(HEAD),
            _ => HEAD,
        };
        let mut head = vec![0; length];
        opened.file.read_exact_at(&mut head, 0)?;
        Ok(Self {
            opened,
            head,
            nulls: Cell::new(None),
        })
    }

    /// A file of any content, for tests with damaged ones; files up to `small` bytes are kept in memory.
    pub fn of_file(file: std::fs::File, small: u64) -> Result<Self, String> {
        let opened = Opened::of(file).map_err(|error| sys::reason(&error))?;
        Self::of(opened, small).map_err(|fault| fault.text())
    }

    /// Look a key up without and with the NUL that ends keys in some files.
    pub fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        if key.contains(&0) {
            return Ok(None);
        }
        let known = self.nulls.get();
        for nulls in [Nulls::Omit, Nulls::Include] {
            if known.is_some_and(|known| known != nulls) {
                continue;
            }
            let found = self.value(&nulls.stored(key));
            if let Some(value) = found.map_err(|fault| fault.text())? {
                self.nulls.set(Some(nulls));
                return Ok(Some(without_null(value)));
            }
        }
        Ok(None)
    }

    /// The keys and values behind a key, in the order of the file, until they are more than `most` bytes.
    pub fn entries_after(&self, after: Option<&[u8]>, most: usize) -> Result<Vec<Pair>, String> {
        self.pairs(after, most).map_err(|fault| fault.text())
    }

    pub(crate) fn changed(&self) -> bool {
        self.opened.changed()
    }

    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let hash = hash(key);
        let (position, slots) = self.table(hash & 255)?;
        let Some(first) = (hash >> 8).checked_rem(slots) else {
            return Ok(None);
        };
        let mut seen = 0;
        let mut slot = first;
        while seen < slots {
            // Up to the end of the table; then on from its beginning.
            let count = (slots - slot).min(slots - seen).min(to_u32(SLOTS)?);
            let mut bytes = [0; SLOTS * 8];
            let wanted = count as usize * 8;
            let bytes = bytes.get_mut(..wanted).ok_or(Fault::Damaged)?;
            let at = u64::from(position) + u64::from(slot) * 8;
            self.read(bytes, at)?;
            for pair in bytes.chunks_exact(8) {
                match two(pair)? {
                    (_, 0) => return Ok(None),
                    (other, at) if other == hash => {
                        if let Some(value) = self.value_at(at, key)? {
                            return Ok(Some(value));
                        }
                    }
                    _ => {}
                }
            }
            seen += count;
            slot = (slot + count).checked_rem(slots).unwrap_or_default();
        }
        Ok(None)
    }

    /// The value of the entry at a position, if its key is this one.
    fn value_at(&self, at: u32, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let most = 8 + key.len() + VALUE;
        let left = self.opened.size.saturating_sub(at.into());
        let mut bytes = vec![0; usize::try_from(left).unwrap_or(most).min(most)];
        self.read(&mut bytes, at.into())?;
        let (start, key_length, value_length) = self.lengths(at, &bytes)?;
        let rest = bytes.get(8..).unwrap_or_default();
        if key_length as usize != key.len() || !rest.starts_with(key) {
            return Ok(None);
        }
        let value = rest.get(key.len()..).unwrap_or_default();
        match value.get(..value_length as usize) {
            Some(value) => Ok(Some(value.to_vec())),
            None => self
                .bytes(start + u64::from(key_length), value_length)
                .map(Some),
        }
    }

    /// Where the key of the entry at a position begins, and the lengths of key and value, which are within the file.
    fn entry(&self, at: u32) -> Result<(u64, u32, u32), Fault> {
        let mut bytes = [0; 8];
        self.read(&mut bytes, at.into())?;
        self.lengths(at, &bytes)
    }

    fn lengths(&self, at: u32, bytes: &[u8]) -> Result<(u64, u32, u32), Fault> {
        let (key, value) = two(bytes)?;
        let start = u64::from(at) + 8;
        if start + u64::from(key) + u64::from(value) > self.opened.size {
            return Err(Fault::Damaged);
        }
        Ok((start, key, value))
    }

    fn bytes(&self, at: u64, length: u32) -> Result<Vec<u8>, Fault> {
        let mut bytes = vec![0; length as usize];
        self.read(&mut bytes, at)?;
        Ok(bytes)
    }

    fn read(&self, bytes: &mut [u8], at: u64) -> Result<(), Fault> {
        let start = usize::try_from(at).map_err(|_| Fault::Damaged)?;
        let known = self.head.get(start..);
        match known.and_then(|known| known.get(..bytes.len())) {
            Some(known) => bytes.copy_from_slice(known),
            None if self.head.len() > HEAD => return Err(Fault::Damaged),
            None => self.opened.file.read_exact_at(bytes, at)?,
        }
        Ok(())
    }

    /// Position and size of one of the hash tables.
    fn table(&self, number: u32) -> Result<(u32, u32), Fault> {
        let start = number as usize * 8;
        let pair = self.head.get(start..start + 8).ok_or(Fault::Damaged)?;
        let (position, slots) = two(pair)?;
        if u64::from(position) + u64::from(slots) * 8 > self.opened.size {
            return Err(Fault::Damaged);
        }
        Ok((position, slots))
    }

    fn pairs(&self, after: Option<&[u8]>, most: usize) -> Result<Vec<Pair>, Fault> {
        // The first table follows the last entry.
        let (end, _) = self.table(0)?;
        let mut at = to_u32(HEAD)?;
        let mut pairs = Vec::new();
        let mut is_behind = after.is_none();
        let mut size = 0;
        while at < end && size <= most {
            let (start, key, value) = self.entry(at)?;
            let next = start + u64::from(key) + u64::from(value);
            if next > u64::from(end) {
                return Err(Fault::Damaged);
            }
            let name = without_null(self.bytes(start, key)?);
            if is_behind {
                size += name.len() + value as usize;
                let value = self.bytes(start + u64::from(key), value)?;
                pairs.push((name, without_null(value)));
            } else {
                is_behind = after == Some(&name);
            }
            at = u32::try_from(next).map_err(|_| Fault::Damaged)?;
        }
        Ok(pairs)
    }
}

/// Two numbers of four bytes, the lowest byte first.
fn two(bytes: &[u8]) -> Result<(u32, u32), Fault> {
    let (first, rest) = bytes.split_first_chunk().ok_or(Fault::Damaged)?;
    let second = rest.first_chunk().ok_or(Fault::Damaged)?;
    Ok((u32::from_le_bytes(*first), u32::from_le_bytes(*second)))
}

fn to_u32(number: usize) -> Result<u32, Fault> {
    u32::try_from(number).map_err(|_| Fault::Damaged)
}

fn without_null(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// The hash that the format is built on.
fn hash(key: &[u8]) -> u32 {
    key.iter().fold(5381, |hash: u32, &byte| {
        hash.wrapping_mul(33) ^ u32::from(byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::indexed::{Entries, Nulls, Over};
    use std::fs;
    use std::path::{Path, PathBuf};

    fn made(folder: &Path, entries: &Entries) -> (String, PathBuf) {
        let name = folder.join("t").display().to_string();
        let path = Format::Cdb.file_name(&name);
        assert!(write(entries, &path, Over::Replace, 0o644).unwrap());
        (name, path)
    }

    fn numbered(count: usize, nulls: Nulls) -> Entries {
        let mut entries = Format::Cdb.entries(nulls);
        for number in 0..count {
            let key = format!("user{number}");
            entries.add(key.as_bytes(), key.to_uppercase().as_bytes());
        }
        assert!(entries.settle(false).is_empty());
        entries
    }

    #[test]
    fn what_was_written_is_found() {
        let folder = tempfile::tempdir().unwrap();
        for nulls in [Nulls::Omit, Nulls::Include] {
            let (name, _) = made(folder.path(), &numbered(3000, nulls));
            let table = Cdb::open(&name).unwrap();
            for number in 0..3000 {
                let found = table.find(format!("user{number}").as_bytes()).unwrap();
                assert_eq!(found, Some(format!("USER{number}").into_bytes()));
            }
            assert_eq!(table.find(b"user3000").unwrap(), None);
            assert_eq!(table.find(b"user1\0").unwrap(), None);
            let entries = table.entries_after(None, usize::MAX).unwrap();
            assert_eq!(entries.len(), 3000);
            assert_eq!(entries[7], (b"user7".to_vec(), b"USER7".to_vec()));
            let some = table.entries_after(Some(b"user7"), 50).unwrap();
            assert_eq!(some[..], entries[8..13]);
            assert_eq!(table.entries_after(Some(b"user2999"), 50).unwrap(), []);
            assert!(!table.changed());
            made(folder.path(), &numbered(0, nulls));
            assert!(table.changed());
            let empty = Cdb::open(&name).unwrap();
            assert_eq!(empty.find(b"user1").unwrap(), None);
            assert_eq!(empty.entries_after(None, usize::MAX).unwrap(), []);
        }
    }

    #[test]
    fn a_file_of_tinycdb() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("t").display().to_string();
        let file = include_bytes!("../../tests/cdb/tinycdb.cdb");
        fs::write(Format::Cdb.file_name(&name), file).unwrap();
        let table = Cdb::open(&name).unwrap();
        let pairs = [
            (&b"alice"[..], &b"one"[..]),
            (b"bob", b"two words"),
            (b"\xff\x80xy", b"\xfe!"),
        ];
        let entries = table.entries_after(None, usize::MAX).unwrap();
        assert!(
            entries
                .iter()
                .map(|(key, value)| (&**key, &**value))
                .eq(pairs)
        );
        for (key, value) in pairs {
            assert_eq!(table.find(key).unwrap().as_deref(), Some(value));
        }
        let mut entries = Format::Cdb.entries(Nulls::Omit);
        for (key, value) in pairs {
            entries.add(key, value);
        }
        entries.settle(false);
        let (_, path) = made(folder.path(), &entries);
        assert_eq!(fs::read(path).unwrap(), file, "ours is the same file");
    }

    #[test]
    fn any_length_and_any_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let mut entries = Format::Cdb.entries(Nulls::Omit);
        let long = vec![b'k'; 100_000];
        for (key, value) in [
            (&b""[..], &b"x"[..]),
            (&long, &long),
            (b"\xff\x80", b"\xfe"),
        ] {
            entries.add(key, value);
        }
        entries.settle(false);
        let (name, _) = made(folder.path(), &entries);
        let table = Cdb::open(&name).unwrap();
        assert_eq!(table.find(b"").unwrap().as_deref(), Some(&b"x"[..]));
        assert_eq!(table.find(&long).unwrap(), Some(long));
        let value = table.find(b"\xff\x80").unwrap();
        assert_eq!(value.as_deref(), Some(&b"\xfe"[..]));
    }

    #[test]
    fn a_file_cut_short_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (name, path) = made(folder.path(), &numbered(100, Nulls::Omit));
        let whole = fs::read(&path).unwrap();
        for length in [0, 8, 2047] {
            fs::write(&path, &whole[..length]).unwrap();
            let error = Cdb::open(&name).unwrap_err().to_string();
            assert!(error.ends_with("is damaged, or no cdb file"), "{error}");
        }
        for length in (2048..whole.len()).step_by(97) {
            fs::write(&path, &whole[..length]).unwrap();
            let table = Cdb::open(&name).unwrap();
            let lost = (0..100).filter(|number| {
                let found = table.find(format!("user{number}").as_bytes());
                assert!(matches!(found, Err(_) | Ok(Some(_))));
                found.is_err()
            });
            assert!(lost.count() > 0);
        }
        for count in [100, 50_000] {
            let (name, path) = made(folder.path(), &numbered(count, Nulls::Omit));
            let table = Cdb::open(&name).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_len(2048).unwrap();
            assert!(table.changed());
            let is_kept = count == 100;
            assert_eq!(table.find(b"user1").is_ok(), is_kept);
            assert_eq!(table.entries_after(None, usize::MAX).is_ok(), is_kept);
        }
    }

    #[test]
    fn tables_and_entries_that_lie_about_their_size_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let (name, path) = made(folder.path(), &numbered(1, Nulls::Omit));
        let whole = fs::read(&path).unwrap();
        let table = (hash(b"user0") & 255) as usize * 8;
        let numbers = [0, 4, table, table + 4].into_iter();
        for at in numbers.chain((HEAD..whole.len()).step_by(4)) {
            for number in [u32::MAX, 1 << 31, 2048, 1] {
                let mut bytes = whole.clone();
                let end = bytes.len().min(at + 4);
                bytes[at..end].copy_from_slice(&number.to_le_bytes()[..end - at]);
                fs::write(&path, bytes).unwrap();
                let table = Cdb::open(&name).unwrap();
                let _ = (table.find(b"user0"), table.entries_after(None, usize::MAX));
            }
        }
    }
}
