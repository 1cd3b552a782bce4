//! set-permissions: owners and modes as the install table has them, after changing parameters that were given.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, lchown};
use std::path::{Path, PathBuf};

use command::Fatal;
use sys::nix::libc;

use crate::instance::Instance;
use crate::table::{self, Kind, Row};
use crate::{create, owners, tree};

/// Put everything right that is there; what is missing is named, and is a failure at the end.
pub(crate) fn set(instance: &Instance) -> Result<(), Fatal> {
    create::missing(instance)?;
    let shared = !instance.is_secondary();
    let mut missing = 0;
    for row in &table::rows(&instance.settings)? {
        if !shared && table::is_shared(row, &instance.directories) {
            continue;
        }
        let path = Path::new(&row.path);
        match fs::symlink_metadata(path) {
            Ok(found) if row.has_rights() && !found.is_symlink() => put_right(row, path)?,
            Ok(_) => {}
            Err(_) if row.optional || row.is_pattern() => {}
            Err(_) => {
                maillog::warning!("missing: {}", row.path);
                missing += 1;
            }
        }
    }
    if missing > 0 {
        return Err(Fatal::new(format!(
            "{missing} files are missing, the permissions of the others are set"
        )));
    }
    Ok(())
}

fn put_right(row: &Row, path: &Path) -> Result<(), Fatal> {
    let wanted = owners::wanted(row)?;
    create::apply(path, wanted)
        .map_err(|error| Fatal::io(format_args!("set permissions of {}", row.path), &error))?;
    if row.recursive && row.kind == Kind::Directory {
        own_below(path, wanted.uid)
            .map_err(|error| Fatal::io(format_args!("set owner below {}", row.path), &error))?;
    }
    Ok(())
}

/// Everything below a folder becomes the user's. The user may change names while this goes on, so each folder is held open,
/// is entered by no link, and what is in it is reached through it.
fn own_below(path: &Path, uid: u32) -> io::Result<()> {
    let folder = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW)
        .open(path)?;
    let held = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    for name in tree::names(&held) {
        let below = held.join(name);
        let Ok(found) = fs::symlink_metadata(&below) else {
            continue;
        };
        if found.uid() != uid {
            lchown(&below, Some(uid), None)?;
        }
        if found.is_dir() {
            own_below(&below, uid)?;
        }
    }
    Ok(())
}
