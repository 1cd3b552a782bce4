//! Going through a queue folder a little at a time, with all its subfolders.
//!
//! Yields queue ids and where the file lies; says nothing about whether it is complete. Files that vanish meanwhile, and
//! names that are no queue ids, are passed over in silence. A file whose place does not fit the present
//! `hash_queue_names` and `hash_queue_depth` is found all the same.

use std::fs::{self, ReadDir};
use std::io;
use std::path::PathBuf;

use mail::QueueId;

use crate::Folder;
use crate::layout::MAX_DEPTH;

/// A scan of one folder.
#[derive(Debug)]
pub struct Scan {
    folder: Folder,
    open: Vec<ReadDir>,
}

/// A file that a scan found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub id: QueueId,
    /// Where it lies, relative to the queue directory.
    pub path: PathBuf,
    /// Whether it is a regular file, as far as the directory tells.
    pub is_file: bool,
}

impl Scan {
    /// Begin with a folder's first file.
    pub fn new(folder: Folder) -> io::Result<Self> {
        Ok(Self {
            folder,
            open: vec![fs::read_dir(folder.name())?],
        })
    }

    /// The folder.
    #[must_use]
    pub const fn folder(&self) -> Folder {
        self.folder
    }

    /// The next file; `None` at the end.
    pub fn next_file(&mut self) -> io::Result<Option<Found>> {
        loop {
            let Some(entries) = self.open.last_mut() else {
                return Ok(None);
            };
            let Some(entry) = entries.next() else {
                self.open.pop();
                continue;
            };
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                continue;
            };
            // Subfolders have names of one character, which no queue file has.
            if name.len() == 1 {
                self.enter(entry.path())?;
            } else if let Some(id) = QueueId::new(name) {
                return Ok(Some(Found {
                    id,
                    path: entry.path(),
                    is_file: entry.file_type().is_ok_and(|kind| kind.is_file()),
                }));
            }
        }
    }

    fn enter(&mut self, path: PathBuf) -> io::Result<()> {
        if self.open.len() > MAX_DEPTH {
            return Ok(());
        }
        match fs::read_dir(path) {
            Ok(entries) => self.open.push(entries),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Iterator for Scan {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_file().transpose()
    }
}
