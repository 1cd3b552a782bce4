//! Everything below a folder, in the order of names, as `find -L` would go through it.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// A file or folder.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// What a link leads to, or the link itself where that is missing.
    pub(crate) metadata: Metadata,
    pub(crate) dead_link: bool,
}

/// How deep folders are followed; a link to a folder above would go on for ever.
const DEPTH: usize = 16;

/// A folder that is shown as `folder/.` and what is below it as `folder/./name`, as the reference shows them.
pub(crate) fn dotted(folder: &Path) -> Vec<Found> {
    let mut all = Vec::new();
    visit(
        PathBuf::from(format!("{}/.", folder.display())),
        DEPTH,
        &mut all,
    );
    all
}

/// A folder and what is below it.
pub(crate) fn plain(folder: &Path) -> Vec<Found> {
    let mut all = Vec::new();
    visit(folder.to_owned(), DEPTH, &mut all);
    all
}

fn visit(path: PathBuf, depth: usize, all: &mut Vec<Found>) {
    let (metadata, dead_link) = match fs::metadata(&path) {
        Ok(metadata) => (metadata, false),
        Err(_) => match fs::symlink_metadata(&path) {
            Ok(metadata) => (metadata, true),
            // Gone since the folder was read.
            Err(_) => return,
        },
    };
    let folder = metadata.is_dir().then(|| path.clone());
    all.push(Found {
        path,
        metadata,
        dead_link,
    });
    let Some(folder) = folder.filter(|_| depth > 0) else {
        return;
    };
    for name in names(&folder) {
        visit(folder.join(name), depth - 1, all);
    }
}

/// The names in a folder, sorted; none when it cannot be read.
pub(crate) fn names(folder: &Path) -> Vec<OsString> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.file_name()))
        .collect();
    names.sort_unstable();
    names
}

/// A path without the dots that [`dotted`] shows.
pub(crate) fn undotted(path: &Path) -> PathBuf {
    path.components().collect()
}
