//! Delivery to a maildir: written and synced in `tmp`, then moved to `new` under a name that nobody else has.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use mail::stats::Moment;
use sys::rights::borrow_identity;

use crate::content::Content;
use crate::copy::{Limited, Style, copy};
use crate::failure::Failure;
use crate::mbox::Ids;

/// A maildir; made when it does not exist.
#[derive(Clone, Copy, Debug)]
pub struct Maildir<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// Who writes and owns it.
    pub owner: Ids,
    /// This machine's name, in file names.
    pub hostname: &'a str,
    /// The largest size of a letter in bytes; 0 for any.
    pub limit: u64,
    /// Whether mail is returned, and not deferred, when the maildir is out of reach.
    pub returned: bool,
}

impl Maildir<'_> {
    /// Deliver a letter: lines made before, then its content.
    pub fn deliver(&self, before: &[u8], content: &mut Content<'_>) -> Result<(), Failure> {
        let _as_owner = borrow_identity(self.owner.uid, self.owner.gid, &[self.owner.gid])
            .map_err(|error| Failure::system("change of user and group", &error))?;
        let now = Moment::now();
        let (file, temporary) = self
            .create(now)
            .map_err(|(path, error)| self.unreachable(&path, &error))?;
        let delivered = self.fill(&file, &temporary, now, before, content);
        if delivered.is_err() {
            // Best effort: the failure that came first is what counts.
            let _ = fs::remove_file(&temporary);
        }
        delivered.map_err(|failure| failure.within("maildir delivery failed: "))
    }

    fn unreachable(&self, path: &Path, error: &io::Error) -> Failure {
        let what = format!("create maildir file {}", path.display());
        if error.kind() == io::ErrorKind::PermissionDenied {
            let Ids { uid, gid } = self.owner;
            maillog::warning!(
                "maildir access problem for UID/GID={uid}/{gid}: {what}: {}",
                sys::reason(error)
            );
            maillog::warning!("perhaps you need to create the maildirs in advance");
        }
        Failure::system(&what, error)
            .returned_if(self.returned)
            .within("maildir delivery failed: ")
    }

    fn fill(
        &self,
        file: &File,
        temporary: &Path,
        now: Moment,
        before: &[u8],
        content: &mut Content<'_>,
    ) -> Result<(), Failure> {
        copy(
            before,
            content,
            Style::default(),
            Limited::new(file, self.limit, 0),
        )?;
        file.sync_all()
            .map_err(|error| Failure::system("error writing message", &error))?;
        let metadata = file
            .metadata()
            .map_err(|error| Failure::system("fstat", &error))?;
        let (device, inode) = (metadata.dev(), metadata.ino());
        let name = format!(
            "{}.V{device:x}I{inode:x}M{}.{}",
            now.seconds, now.micros, self.hostname
        );
        let new = self.path.join("new").join(name);
        let moved = match fs::rename(temporary, &new) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self
                .make_folders()
                .and_then(|()| fs::rename(temporary, &new)),
            outcome => outcome,
        };
        moved.map_err(|error| {
            Failure::system(&format!("create maildir file {}", new.display()), &error)
        })
    }

    fn create(&self, now: Moment) -> Result<(File, PathBuf), (PathBuf, io::Error)> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let pid = std::process::id();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}.P{pid}Q{count}.{}", now.seconds, self.hostname);
        let path = self.path.join("tmp").join(name);
        let open = || {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
        };
        let file = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make_folders().and_then(|()| open())
            }
            outcome => outcome,
        };
        match file {
            Ok(file) => Ok((file, path)),
            Err(error) => Err((path, error)),
        }
    }

    fn make_folders(&self) -> io::Result<()> {
        ["tmp", "new", "cur"].into_iter().try_for_each(|folder| {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(self.path.join(folder))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use queue::{RecordType, record};

    use super::*;

    #[test]
    fn a_letter_appears_in_new_and_nothing_stays_in_tmp() {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        record::put(&mut bytes, RecordType::LINE, b"From here");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let (uid, gid) = sys::rights::effective_ids();
        let path = dir.path().join("Maildir");
        let mut maildir = Maildir {
            path: &path,
            owner: Ids { uid, gid },
            hostname: "host.example",
            limit: 0,
            returned: false,
        };
        maildir
            .deliver(b"Delivered-To: x\n", &mut Content::new(&file, 0))
            .unwrap();
        let listed: Vec<_> = fs::read_dir(path.join("new")).unwrap().flatten().collect();
        let [one] = listed.as_slice() else {
            panic!("{listed:?}")
        };
        assert_eq!(
            fs::read_to_string(one.path()).unwrap(),
            "Delivered-To: x\nFrom here\n"
        );
        let name = one.file_name().into_string().unwrap();
        assert!(
            name.contains(".V") && name.ends_with(".host.example"),
            "{name}"
        );
        maildir.limit = 5;
        let failure = maildir
            .deliver(b"", &mut Content::new(&file, 0))
            .unwrap_err();
        assert_eq!(
            failure.reason,
            b"maildir delivery failed: error writing message: File too large"
        );
        assert_eq!(fs::read_dir(path.join("tmp")).unwrap().count(), 0);
    }
}
