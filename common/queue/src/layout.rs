//! Where a queue file lies: main.cf `hash_queue_names` and `hash_queue_depth`.
//!
//! A hashed folder has subfolders named by single characters of the queue id: `deferred/4/3/4352498C13B`. A move between
//! folders is one rename; missing subfolders are made on the way.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use mail::QueueId;

use crate::Folder;

/// The deepest hashing that is accepted.
pub const MAX_DEPTH: usize = 16;

/// Which folders have subfolders, and how deep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    hashed: Vec<Folder>,
    depth: usize,
}

impl Layout {
    /// Hash the named folders to a depth of 0 to [`MAX_DEPTH`]. Names that are no queue folder have no effect.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, depth: usize) -> Self {
        Self {
            hashed: names.into_iter().filter_map(Folder::from_name).collect(),
            depth: depth.min(MAX_DEPTH),
        }
    }

    /// How many levels of subfolders a folder has.
    #[must_use]
    pub fn depth(&self, folder: Folder) -> usize {
        if self.hashed.contains(&folder) {
            self.depth
        } else {
            0
        }
    }

    /// The file's path, relative to the queue directory.
    #[must_use]
    pub fn path(&self, folder: Folder, id: &QueueId) -> PathBuf {
        PathBuf::from(self.path_text(folder, id))
    }

    fn path_text(&self, folder: Folder, id: &QueueId) -> String {
        let depth = self.depth(folder);
        let mut path =
            String::with_capacity(folder.name().len() + 2 * depth + id.as_str().len() + 2);
        path.push_str(folder.name());
        path.push('/');
        if depth > 0 {
            // A name shorter than the depth is filled up.
            for character in id
                .hash_text()
                .chars()
                .chain("_".chars().cycle())
                .take(depth)
            {
                path.push(character);
                path.push('/');
            }
        }
        path.push_str(id.as_str());
        path
    }

    /// Move a file between folders, in one rename.
    pub fn rename(&self, id: &QueueId, from: Folder, to: Folder) -> io::Result<()> {
        self.rename_path(&self.path(from, id), to, id)
    }

    /// Move a file that lies somewhere to its place in a folder.
    pub fn rename_path(&self, from: &Path, to: Folder, id: &QueueId) -> io::Result<()> {
        let path = self.path(to, id);
        self.with_subfolders(to, &path, || fs::rename(from, &path))
    }

    /// Remove a file.
    pub fn remove(&self, folder: Folder, id: &QueueId) -> io::Result<()> {
        fs::remove_file(self.path(folder, id))
    }

    /// Do something that makes `path`; when that fails because subfolders are missing, make them and try again.
    pub fn with_subfolders<T>(
        &self,
        folder: Folder,
        path: &Path,
        act: impl Fn() -> io::Result<T>,
    ) -> io::Result<T> {
        match act() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.depth(folder) > 0 => {
                if let Some(parent) = path.parent() {
                    DirBuilder::new()
                        .recursive(true)
                        .mode(0o700)
                        .create(parent)?;
                }
                act()
            }
            outcome => outcome,
        }
    }
}

impl Default for Layout {
    /// The defaults of main.cf.
    fn default() -> Self {
        Self::new(["deferred", "defer"], 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(layout: &Layout, folder: Folder, id: &str) -> String {
        QueueId::new(id).map_or_else(String::new, |id| layout.path_text(folder, &id))
    }

    #[test]
    fn short_and_long_ids_find_their_subfolder() {
        let deep = Layout::new(["deferred", "defer", "nonsense"], 3);
        assert_eq!(
            path(&deep, Folder::Deferred, "28DD998C203"),
            "deferred/2/8/D/28DD998C203"
        );
        assert_eq!(
            path(&deep, Folder::Defer, "4jWMtS11CYz1SRkv"),
            "defer/2/3/2/4jWMtS11CYz1SRkv"
        );
        assert_eq!(
            path(&deep, Folder::Active, "28DD998C203"),
            "active/28DD998C203"
        );
        assert_eq!(path(&deep, Folder::Defer, "AB"), "defer/A/B/_/AB");
    }
}
