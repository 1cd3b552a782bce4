//! A Berkeley DB file, `name.db`, of an older installation: read into memory at once, never written.
//!
//! Both access methods that mail systems used, hash and btree, in the formats of Berkeley DB 4 and 5 and in either byte
//! order. Files with several databases, several values for a key, encryption or compression are refused. A file is hostile
//! until proven otherwise: every position is checked, no page of a tree or chain is visited twice, and no more is kept than
//! the file is long. Logs nothing.

mod btree;
mod content;
mod hash;
mod meta;
mod page;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sys::lock;

use super::indexed::{Entries, Format, Nulls, Opened};
use super::lmdb::Held;
use crate::table::Pair;
use content::Content;
use meta::{Meta, Method};

/// Why a file cannot be read; `Display` follows the name of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No Berkeley DB file of the methods hash and btree.
    Unknown,
    /// A format that is older or newer than those that are read.
    Version(u32),
    /// What no mail system makes.
    Unsupported(&'static str),
    /// The page with this number is not what it should be.
    Damaged(u32, &'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no Berkeley DB file of type hash or btree"),
            Self::Version(version) => {
                write!(
                    f,
                    "a Berkeley DB file of format {version}, which is not known"
                )
            }
            Self::Unsupported(what) => write!(f, "a Berkeley DB file with {what}"),
            Self::Damaged(page, what) => {
                write!(f, "a damaged Berkeley DB file: page {page}: {what}")
            }
        }
    }
}

/// All keys and values of a file, as they are stored.
pub fn entries(bytes: &[u8]) -> Result<Entries, Fault> {
    let meta = Meta::read(bytes)?;
    let mut content = Content::new(bytes, &meta);
    let mut entries = Entries::new(Nulls::Omit, 0..=usize::MAX);
    match meta.method {
        Method::Btree { root } => btree::collect(&mut content, root, &mut entries)?,
        Method::Hash {
            last_bucket,
            groups,
        } => hash::collect(&mut content, last_bucket, &groups, &mut entries)?,
    }
    entries.settle(false);
    Ok(entries)
}

/// A table for lookups.
#[derive(Debug)]
pub(crate) struct BerkeleyDb {
    entries: Entries,
    opened: Opened,
    path: PathBuf,
    /// What is used instead once it is there.
    successor: PathBuf,
}

impl BerkeleyDb {
    /// Read the file at `path` for the table `name`.
    pub(crate) fn open(path: &Path, name: &str) -> Result<Self, String> {
        let opened = Opened::open(path).map_err(|error| sys::reason(&error))?;
        let bytes = read(&opened).map_err(|error| sys::reason(&error))?;
        let entries = entries(&bytes).map_err(|fault| fault.to_string())?;
        Ok(Self {
            entries,
            opened,
            path: path.to_owned(),
            successor: Format::Lmdb.file_name(name),
        })
    }

    /// Look a key up with and without the NUL that ends keys in most files.
    pub(crate) fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        if key.contains(&0) {
            return None;
        }
        let mut with_null = key.to_vec();
        with_null.push(0);
        let stored = self.entries.find(&with_null);
        stored.or_else(|| self.entries.find(key)).map(without_null)
    }

    /// All keys and values, in the order of the keys.
    pub(crate) fn entries(&self) -> Vec<Pair> {
        self.stored()
            .map(|(key, value)| (without_null(key), without_null(value)))
            .collect()
    }

    /// All keys and values as they are stored.
    pub(crate) fn stored(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.entries.iter()
    }

    /// Whether the file was written to, or there is a newer one in its stead.
    pub(crate) fn changed(&self) -> bool {
        self.opened.changed() || (self.is_in_sight() && self.successor.exists())
    }

    /// Whether the name still leads to the file; in a jail it leads nowhere, or to another.
    fn is_in_sight(&self) -> bool {
        let ids = |about: std::fs::Metadata| (about.dev(), about.ino());
        let there = std::fs::metadata(&self.path).map(ids);
        let ours = self.opened.file.metadata().map(ids);
        matches!((there, ours), (Ok(there), Ok(ours)) if there == ours)
    }
}

/// The content of a file, while no program of the older installation writes to it.
fn read(opened: &Opened) -> std::io::Result<Vec<u8>> {
    let _held = Held::take(&opened.file, lock::Mode::Shared)?;
    let mut bytes = Vec::new();
    let mut file: &File = &opened.file;
    file.by_ref().take(opened.size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn without_null(bytes: &[u8]) -> Vec<u8> {
    bytes.strip_suffix(&[0]).unwrap_or(bytes).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Files that db5.3_load made: 150 pairs, and three that are long, or have no NUL, or are no text.
    const FILES: [&[u8]; 6] = [
        include_bytes!("../../tests/berkeley_db/btree-little-512.db"),
        include_bytes!("../../tests/berkeley_db/btree-big-1024.db"),
        include_bytes!("../../tests/berkeley_db/btree-checksums-512.db"),
        include_bytes!("../../tests/berkeley_db/hash-little-512.db"),
        include_bytes!("../../tests/berkeley_db/hash-big-1024.db"),
        include_bytes!("../../tests/berkeley_db/hash-checksums-512.db"),
    ];

    fn written(bytes: &[u8]) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("t").display().to_string();
        std::fs::write(format!("{name}.db"), bytes).unwrap();
        (folder, name)
    }

    fn opened(name: &str) -> BerkeleyDb {
        BerkeleyDb::open(Path::new(&format!("{name}.db")), name).unwrap()
    }

    fn fault(bytes: &[u8]) -> Option<Fault> {
        entries(bytes).err()
    }

    #[test]
    fn both_methods_either_byte_order_and_long_items() {
        for file in FILES {
            let (_folder, name) = written(file);
            let table = opened(&name);
            for number in 0..150 {
                let found = table.find(format!("user{number}").as_bytes());
                assert_eq!(found, Some(format!("value {number}").into_bytes()));
            }
            assert_eq!(table.find(b"long"), Some(vec![b'v'; 3000]));
            assert_eq!(table.find(&[b'k'; 1500]), Some(b"bare".to_vec()));
            assert_eq!(table.find(b"\xff\x80"), Some(b"\xfe".to_vec()));
            assert_eq!(table.find(b"user150"), None);
            assert_eq!(table.find(b"user1\0"), None);
            let entries = table.entries();
            assert_eq!(entries.len(), 153);
            assert!(entries.is_sorted());
        }
    }

    #[test]
    fn the_format_before_has_unsorted_pages() {
        let mut bytes = FILES[3].to_vec();
        bytes[16] = 8;
        for page in bytes.chunks_mut(512).skip(1).filter(|page| page[25] == 13) {
            page[25] = 2;
        }
        let (ours, theirs) = (entries(&bytes).unwrap(), entries(FILES[3]).unwrap());
        assert!(ours.iter().eq(theirs.iter()));
        bytes[16] = 10;
        assert_eq!(fault(&bytes), Some(Fault::Version(10)));
    }

    #[test]
    fn a_change_and_a_successor_are_noticed() {
        let (_folder, name) = written(FILES[0]);
        let table = opened(&name);
        assert!(!table.changed());
        std::fs::write(Format::Lmdb.file_name(&name), "").unwrap();
        assert!(table.changed());
        std::fs::remove_file(Format::Lmdb.file_name(&name)).unwrap();
        assert!(!table.changed());
        std::fs::write(format!("{name}.db"), FILES[3]).unwrap();
        assert!(table.changed());
    }

    #[test]
    fn other_files_are_refused() {
        let text = vec![b'x'; 5000];
        assert_eq!(fault(&text), Some(Fault::Unknown));
        assert_eq!(fault(b""), Some(Fault::Unknown));
        for (at, byte, wanted) in [
            (24, 1, Fault::Unsupported("encryption")),
            (48, 0x20, Fault::Unsupported("several databases")),
            (21, 3, Fault::Damaged(0, "impossible page size")),
            (88, 0, Fault::Damaged(0, "there is no such page")),
            (88, 200, Fault::Damaged(200, "there is no such page")),
        ] {
            let mut bytes = FILES[0].to_vec();
            bytes[at] = byte;
            assert_eq!(fault(&bytes), Some(wanted));
        }
    }

    #[test]
    fn a_file_cut_short_is_an_error() {
        for file in FILES {
            for length in (0..file.len()).step_by(100) {
                assert!(entries(&file[..length]).is_err());
            }
        }
    }

    #[test]
    fn a_tree_that_leads_back_is_an_error() {
        let mut bytes = FILES[0].to_vec();
        let root = u32::from_le_bytes(*bytes[88..].first_chunk().unwrap()) as usize * 512;
        assert_eq!(bytes[root + 25], 3, "the root is a branch");
        let first = u16::from_le_bytes(*bytes[root + 26..].first_chunk().unwrap()) as usize;
        let child = root + first + 4;
        bytes.copy_within(88..92, child);
        assert!(matches!(
            fault(&bytes),
            Some(Fault::Damaged(_, "reached twice"))
        ));
    }

    proptest! {
        #[test]
        fn damage_is_never_a_panic_and_never_makes_more_of_a_file(
            file in 0..FILES.len(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        ) {
            let mut bytes = FILES[file].to_vec();
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Ok(entries) = entries(&bytes) {
                let size: usize = entries.iter().map(|(key, value)| key.len() + value.len()).sum();
                prop_assert!(size <= bytes.len());
            }
        }
    }
}
