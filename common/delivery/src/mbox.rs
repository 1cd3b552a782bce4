//! Delivery to a mailbox file: locked, appended, synced, and cut back to its old length when something fails.
//!
//! The file is opened and its lock file made with one identity (root's where users may not write the directory), the
//! letter is written with its owner's. A destination that is no regular file, such as /dev/null, is just written.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

use mail::DsnStatus;
use sys::nix::libc;
use sys::rights::borrow_identity;

use crate::content::Content;
use crate::copy::{Limited, Style, copy};
use crate::failure::Failure;
use crate::lock::Locking;

/// A user id and group id to work with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ids {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// A mailbox file.
#[derive(Clone, Copy, Debug)]
pub struct Mbox<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// Who writes it, and owns it if it is new.
    pub owner: Ids,
    /// Who opens it and makes the lock file.
    pub opener: Ids,
    /// How it is locked.
    pub locking: &'a Locking,
    /// The largest size in bytes; 0 for any.
    pub limit: u64,
    /// Whether a file that belongs to somebody else is refused (`strict_mailbox_ownership`).
    pub strict_ownership: bool,
    /// Whether mail is returned, and not deferred, when the file is out of reach.
    pub returned: bool,
}

impl Mbox<'_> {
    /// Append a letter: lines made before, then its content.
    pub fn deliver(&self, before: &[u8], content: &mut Content<'_>) -> Result<(), Failure> {
        let as_opener = self.take_on(self.opener)?;
        if std::fs::symlink_metadata(self.path).is_ok_and(|metadata| !metadata.is_file()) {
            let file = self.open()?;
            drop(as_opener);
            let _as_owner = self.take_on(self.owner)?;
            copy(before, content, STYLE, &file)?;
            return Ok(());
        }
        let dot = self.locking.dot(self.path).map_err(|failure| {
            let returned = self.returned && failure.status.class == 5;
            failure.returned_if(returned)
        })?;
        let written = self.open().and_then(|file| {
            self.check(&file)?;
            self.locking.kernel(&file)?;
            drop(as_opener);
            let _as_owner = self.take_on(self.owner)?;
            self.append(&file, before, content)
        });
        if let Some(dot) = dot {
            let _as_opener = self.take_on(self.opener)?;
            dot.release();
        }
        written
    }

    fn append(&self, file: &File, before: &[u8], content: &mut Content<'_>) -> Result<(), Failure> {
        // Under the lock: another delivery may have come first.
        let length = file
            .metadata()
            .map_err(|error| Failure::system("fstat", &error))?
            .len();
        let copied = copy(
            before,
            content,
            STYLE,
            Limited::new(file, self.limit, length),
        );
        let written = copied.map_err(Failure::from).and_then(|_| {
            file.sync_all()
                .map_err(|error| Failure::system("error writing message", &error))
        });
        if written.is_err() {
            file.set_len(length)
                .map_err(|error| Failure::system("truncate mailbox", &error))?;
        }
        written
    }

    fn open(&self) -> Result<File, Failure> {
        let failed = |what: &str, error: &io::Error| self.untouched(Failure::system(what, error));
        let unopened = |error: &io::Error| failed("cannot open file", error);
        let mut options = OpenOptions::new();
        options
            .append(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY);
        match options.open(self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            outcome => return outcome.map_err(|error| unopened(&error)),
        }
        let file = options
            .create_new(true)
            .mode(0o600)
            .open(self.path)
            .map_err(|error| failed("cannot create file", &error))?;
        let metadata = file.metadata().map_err(|error| unopened(&error))?;
        if metadata.uid() != self.owner.uid {
            // A directory that hands its group on keeps its say about the group.
            let gid = (!self.directory_gives_group()).then_some(self.owner.gid);
            fchown(&file, Some(self.owner.uid), gid).map_err(|error| unopened(&error))?;
        }
        Ok(file)
    }

    fn directory_gives_group(&self) -> bool {
        let parent = self.path.parent().map(std::fs::metadata);
        parent.is_some_and(|metadata| {
            metadata.is_ok_and(|metadata| metadata.mode() & libc::S_ISGID != 0)
        })
    }

    fn check(&self, file: &File) -> Result<(), Failure> {
        let refuse = |reason: String| Err(Failure::new(DsnStatus::new(4, 2, 0), reason));
        let metadata = file
            .metadata()
            .map_err(|error| Failure::system("fstat", &error))?;
        let (path, links) = (self.path.display(), metadata.nlink());
        if links != 1 {
            return refuse(format!("destination {path} has {links} hard links"));
        }
        if self.strict_ownership && metadata.uid() != self.owner.uid {
            return refuse(format!("destination {path} is not owned by recipient"));
        }
        Ok(())
    }

    /// Nothing was written yet, and trying again may not help.
    fn untouched(&self, failure: Failure) -> Failure {
        failure.returned_if(self.returned)
    }

    fn take_on(&self, ids: Ids) -> Result<sys::rights::Borrowed, Failure> {
        borrow_identity(ids.uid, ids.gid, &[ids.gid])
            .map_err(|error| Failure::system("change of user and group", &error))
    }
}

const STYLE: Style = Style {
    quote_from: true,
    blank_line: true,
};

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use queue::{RecordType, record};

    use super::*;
    use crate::lock::LockMethod;

    fn letter() -> File {
        let mut bytes = Vec::new();
        record::put(&mut bytes, RecordType::LINE, b"Subject: x");
        record::put(&mut bytes, RecordType::LINE, b"");
        record::put(&mut bytes, RecordType::LINE, b"body");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        file
    }

    fn locking() -> Locking {
        Locking {
            methods: vec![LockMethod::Fcntl, LockMethod::Dotlock],
            attempts: 2,
            delay: Duration::from_millis(1),
            stale: Duration::from_secs(500),
        }
    }

    #[test]
    fn letters_are_appended_and_a_failed_one_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mbox");
        let (uid, gid) = sys::rights::effective_ids();
        let (me, locking, file) = (Ids { uid, gid }, locking(), letter());
        let mut mbox = Mbox {
            path: &path,
            owner: me,
            opener: me,
            locking: &locking,
            limit: 50,
            strict_ownership: true,
            returned: false,
        };
        mbox.deliver(b"From a\n", &mut Content::new(&file, 0))
            .unwrap();
        let once = "From a\nSubject: x\n\nbody\n\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), once);
        let full = mbox
            .deliver(b"From longer\n", &mut Content::new(&file, 0))
            .unwrap_err();
        assert_eq!(full.status, DsnStatus::new(5, 2, 2));
        assert_eq!(full.reason, b"error writing message: File too large");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), once);
        assert!(!dir.path().join("mbox.lock").exists());
        std::fs::write(dir.path().join("mbox.lock"), "").unwrap();
        mbox.limit = 0;
        let busy = mbox.deliver(b"", &mut Content::new(&file, 0)).unwrap_err();
        assert_eq!(busy.status, DsnStatus::new(4, 2, 0));
        assert!(busy.reason.ends_with(b"mbox.lock: File exists"));
    }
}
