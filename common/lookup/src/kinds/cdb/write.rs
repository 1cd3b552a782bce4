//! Making a constant database.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::{HEAD, hash};
use crate::kinds::indexed::install::install;
use crate::kinds::indexed::{BuildError, Entries, Over};

/// Make a file of entries beside the one that is there, if any, and put it in its place. Programs that have the old one
/// open go on with it until they look whether it was replaced.
pub(crate) fn write(
    entries: &Entries,
    path: &Path,
    over: Over,
    mode: u32,
) -> Result<bool, BuildError> {
    install(path, over, mode, |_, file| Ok(fill(entries, file)?))
}

fn fill(entries: &Entries, file: File) -> io::Result<()> {
    let mut out = Output {
        file: BufWriter::new(file),
        written: 0,
    };
    out.put(&[0; HEAD])?;
    let mut tables = vec![Vec::new(); 256];
    for (key, value) in entries.as_added() {
        let hash = hash(key);
        if let Some(table) = tables.get_mut((hash & 255) as usize) {
            table.push((hash, out.written));
        }
        out.pair(length(key)?, length(value)?)?;
        out.put(key)?;
        out.put(value)?;
    }
    let mut head = Vec::with_capacity(HEAD);
    for table in &tables {
        let slots = spread(table);
        head.extend_from_slice(&out.written.to_le_bytes());
        head.extend_from_slice(&u32::try_from(slots.len()).map_err(too_large)?.to_le_bytes());
        for (hash, at) in slots {
            out.pair(hash, at)?;
        }
    }
    out.file.seek(SeekFrom::Start(0))?;
    out.file.write_all(&head)?;
    let file = out
        .file
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()
}

/// The entries of a hash table, each in the first free place from that of its hash on; half of the places stay free.
fn spread(table: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut slots = vec![(0, 0); table.len() * 2];
    for &(hash, at) in table {
        let Some(first) = (hash as usize >> 8).checked_rem(slots.len()) else {
            continue;
        };
        let (before, after) = slots.split_at_mut(first);
        let mut places = after.iter_mut().chain(before);
        if let Some(free) = places.find(|slot| slot.1 == 0) {
            *free = (hash, at);
        }
    }
    slots
}

/// A file in the making, whose positions have four bytes.
struct Output {
    file: BufWriter<File>,
    written: u32,
}

impl Output {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.written.checked_add(length(bytes)?);
        self.written = written.ok_or_else(|| too_large(()))?;
        self.file.write_all(bytes)
    }

    fn pair(&mut self, first: u32, second: u32) -> io::Result<()> {
        self.put(&first.to_le_bytes())?;
        self.put(&second.to_le_bytes())
    }
}

fn length(bytes: &[u8]) -> io::Result<u32> {
    u32::try_from(bytes.len()).map_err(too_large)
}

fn too_large<T>(_: T) -> io::Error {
    io::Error::other("a cdb file holds no more than 4 GB")
}
