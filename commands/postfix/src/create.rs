//! Missing folders are made, with the owner and mode that the install table has for them.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown};
use std::path::Path;

use command::Fatal;

use crate::instance::Instance;
use crate::owners::{self, Wanted};
use crate::table;

/// Make the folders that the mail system cannot be without.
pub(crate) fn missing(instance: &Instance) -> Result<(), Fatal> {
    for row in table::rows(&instance.settings)?
        .iter()
        .filter(|row| row.create)
    {
        let wanted = owners::wanted(row)?;
        folder(Path::new(&row.path), wanted)
            .map_err(|error| Fatal::io(format_args!("make directory {}", row.path), &error))?;
    }
    Ok(())
}

fn folder(path: &Path, wanted: Wanted) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    DirBuilder::new().mode(0o700).create(path)?;
    apply(path, wanted)
}

/// Give a file or folder its owner, group and mode, as far as it has others.
pub(crate) fn apply(path: &Path, wanted: Wanted) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if found.uid() != wanted.uid || wanted.gid.is_some_and(|gid| gid != found.gid()) {
        lchown(path, Some(wanted.uid), wanted.gid)?;
    }
    // A change of owner takes set-id bits away.
    if fs::symlink_metadata(path)?.mode() & 0o7777 != wanted.mode {
        fs::set_permissions(path, Permissions::from_mode(wanted.mode))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_folders_are_made_with_their_mode() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a/b");
        let uid = fs::metadata(place.path()).unwrap().uid();
        let wanted = Wanted {
            uid,
            gid: None,
            mode: 0o730,
        };
        folder(&path, wanted).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o730);
    }
}
