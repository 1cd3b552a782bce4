//! Opening a file in maildrop/, where any local user may have put anything.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use mail::QueueId;
use queue::claim::{Standing, standing};
use queue::scan::Found;
use sys::nix::libc;

/// Others may read a file that postdrop(1) made, but not one that came from another queue folder.
const OTHERS_READ: u32 = 0o004;

/// A complete file, open to read.
pub(crate) struct Claimed {
    pub(crate) id: QueueId,
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    /// Who made it.
    pub(crate) uid: u32,
    /// Whether others can read it.
    pub(crate) readable: bool,
}

/// Open what a scan found; `None` for what is not, or not yet, a letter.
pub(crate) fn claim(found: &Found) -> Option<Claimed> {
    let before = std::fs::symlink_metadata(&found.path).ok()?;
    if standing(&before) != Standing::Ready {
        return None;
    }
    match open(found) {
        Ok(claimed) => claimed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            maillog::warning!("open input file {}: {error}", found.path.display());
            None
        }
    }
}

/// The file may have been exchanged since it was looked at, so what counts is what is open.
fn open(found: &Found) -> io::Result<Option<Claimed>> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(&found.path)?;
    let about = file.metadata()?;
    if standing(&about) != Standing::Ready {
        return Ok(None);
    }
    if about.nlink() != 1 {
        let links = about.nlink();
        maillog::warning!("{}: file has {links} hard links", found.path.display());
        return Ok(None);
    }
    Ok(Some(Claimed {
        id: found.id.clone(),
        path: found.path.clone(),
        file,
        uid: about.uid(),
        readable: about.mode() & OTHERS_READ != 0,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn found(path: PathBuf) -> Found {
        let id = QueueId::new("ABC").unwrap();
        Found {
            id,
            path,
            is_file: true,
        }
    }

    #[test]
    fn only_complete_regular_files_with_one_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ABC");
        std::fs::write(&path, "x").unwrap();
        let set = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        set(0o600);
        assert!(claim(&found(path.clone())).is_none());
        set(0o744);
        assert!(claim(&found(path.clone())).is_some_and(|claimed| claimed.readable));
        let link = directory.path().join("LINK");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(claim(&found(link)).is_none());
        assert!(claim(&found(directory.path().to_owned())).is_none());
        std::fs::hard_link(&path, directory.path().join("HARD")).unwrap();
        assert!(claim(&found(path)).is_none());
    }
}
