//! The queue directory, as tools that read it see it.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders that hold letters.
pub const FOLDERS: [&str; 6] = [
    "incoming", "active", "deferred", "hold", "corrupt", "maildrop",
];

/// A queue directory.
#[derive(Clone, Debug)]
pub struct Spool {
    /// Its path.
    pub path: PathBuf,
}

impl Spool {
    /// The queue files in a folder, hashed or not, sorted.
    pub fn ids(&self, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.path.join(folder), &mut |path| {
            found.extend(
                path.file_name()
                    .and_then(|name| name.to_str())
                    .map(str::to_owned),
            );
        });
        found.sort();
        found
    }

    /// Where a queue file is.
    pub fn find(&self, id: &str) -> Option<(&'static str, PathBuf)> {
        FOLDERS
            .into_iter()
            .find_map(|folder| Some((folder, self.file(folder, id)?)))
    }

    /// The path of a file in a folder such as `defer`.
    pub fn file(&self, folder: &str, id: &str) -> Option<PathBuf> {
        let mut found = None;
        walk(&self.path.join(folder), &mut |path| {
            if path.file_name().is_some_and(|name| name == id) {
                found = Some(path.to_owned());
            }
        });
        found
    }

    /// How many letters are in all folders together.
    pub fn letters(&self) -> usize {
        FOLDERS.iter().map(|folder| self.ids(folder).len()).sum()
    }
}

fn walk(directory: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&entry.path(), visit),
            Ok(kind) if kind.is_file() => visit(&entry.path()),
            _ => {}
        }
    }
}
