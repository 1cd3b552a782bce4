//! Everything below a folder, in the order of names. Links are looked through, but folders are not entered by them, so that
//! none leads in a circle or through the whole machine.

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

/// A folder that is shown as `folder/.` and what is below it as `folder/./name`, as the reference shows them.
pub(crate) fn dotted(folder: &Path) -> Vec<Found> {
    let mut all = Vec::new();
    visit(folder.join("."), &mut all);
    all
}

/// A folder and what is below it.
pub(crate) fn plain(folder: &Path) -> Vec<Found> {
    let mut all = Vec::new();
    visit(folder.to_owned(), &mut all);
    all
}

fn visit(path: PathBuf, all: &mut Vec<Found>) {
    // Gone since the folder was read.
    let Ok(itself) = fs::symlink_metadata(&path) else {
        return;
    };
    let target = fs::metadata(&path).ok();
    let folder = itself.is_dir().then(|| path.clone());
    all.push(Found {
        path,
        dead_link: target.is_none(),
        metadata: target.unwrap_or(itself),
    });
    let Some(folder) = folder else {
        return;
    };
    for name in names(&folder) {
        visit(folder.join(name), all);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn circles_of_links_end() {
        let place = tempfile::tempdir().unwrap();
        let top = place.path();
        fs::create_dir(top.join("sub")).unwrap();
        fs::write(top.join("sub/file"), "").unwrap();
        for name in ["a", "b"] {
            symlink(top, top.join(name)).unwrap();
            symlink(top, top.join("sub").join(name)).unwrap();
        }
        symlink("/no/such", top.join("dead")).unwrap();
        let found = dotted(top);
        let shown: Vec<_> = found
            .iter()
            .map(|found| found.path.strip_prefix(top).unwrap().display().to_string())
            .collect();
        assert_eq!(
            shown,
            ["", "a", "b", "dead", "sub", "sub/a", "sub/b", "sub/file"]
        );
        assert_eq!(found.iter().filter(|found| found.dead_link).count(), 1);
        assert!(found[1].path.display().to_string().ends_with("/./a"));
        assert_eq!(undotted(&found[1].path), top.join("a"));
    }
}
