//! `:include:/file`: a list of destinations in a file.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use delivery::{Failure, Fate, Ids};
use mail::DsnStatus;
use sys::nix::libc;

use crate::forward_file::{lines, read};
use crate::job::Job;
use crate::place::{Origin, Place};
use crate::rights::borrow;

impl Job<'_> {
    /// Deliver to each destination of the file.
    pub(crate) fn include(&self, place: &Place, path: &[u8]) -> Fate {
        let name = String::from_utf8_lossy(path).into_owned();
        if !name.starts_with('/') {
            return self.failed(
                place,
                (5, 3, 5),
                format!(":include:{name} uses a relative path"),
            );
        }
        if !self.first_time("include", path) {
            return Fate::DONE;
        }
        let (bytes, owner) = match open(Path::new(&name), place.rights) {
            Ok(found) => found,
            Err(failure) => return self.failure(place, failure),
        };
        let mut inner = place.clone();
        inner.origin = Origin::Include;
        inner.level += 1;
        // A file of somebody else's, listed by root, is that user's word.
        if inner.user.is_none() && inner.rights.is_none_or(|ids| ids.uid == 0) {
            inner.rights = Some(owner);
        }
        if !self.config().propagate.has("include") {
            inner.unmatched.clear();
        }
        self.destinations(&inner, lines(&bytes, &name))
    }
}

/// The bytes of the file, read with the rights of who names it, and its owner.
fn open(path: &Path, rights: Option<Ids>) -> Result<(Vec<u8>, Ids), Failure> {
    let name = path.display();
    let failed =
        |error: &io::Error| Failure::system(&format!("cannot open include file {name}"), error);
    let _as_user = rights
        .map(borrow)
        .transpose()
        .map_err(|error| failed(&error))?;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path);
    let file = opened.map_err(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            return failed(&error);
        }
        let reason = sys::reason(&error);
        maillog::warning!("unable to lookup :include: file {name}: {reason}");
        Failure::new(DsnStatus::new(5, 3, 5), "mail system configuration error")
    })?;
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    let refuse = |what: &str| {
        maillog::warning!(":include: file {name} {what}");
        Err(Failure::new(
            DsnStatus::new(4, 3, 5),
            "mail system configuration error",
        ))
    };
    if !metadata.is_file() {
        return refuse("is not a regular file");
    }
    if metadata.mode() & libc::S_IWOTH != 0 {
        return refuse("is world writable");
    }
    let bytes = read(file).map_err(|error| failed(&error))?;
    let owner = Ids {
        uid: metadata.uid(),
        gid: metadata.gid(),
    };
    Ok((bytes, owner))
}
