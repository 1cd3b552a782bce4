//! Locks on mailboxes (main.cf `mailbox_delivery_lock`): fcntl, flock, and lock files beside the mailbox.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use mail::DsnStatus;
use sys::lock::{Mode, try_fcntl, try_flock};

use crate::failure::Failure;

/// One way to keep others out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LockMethod {
    /// fcntl(2).
    Fcntl,
    /// flock(2).
    Flock,
    /// `mailbox.lock` beside the mailbox.
    Dotlock,
}

impl LockMethod {
    /// Read the word of main.cf.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "fcntl" => Some(Self::Fcntl),
            "flock" => Some(Self::Flock),
            "dotlock" => Some(Self::Dotlock),
            _ => None,
        }
    }
}

/// How mailboxes are locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locking {
    /// All of these are needed.
    pub methods: Vec<LockMethod>,
    /// How often a lock is tried (`deliver_lock_attempts`).
    pub attempts: u32,
    /// How long to wait between attempts (`deliver_lock_delay`).
    pub delay: Duration,
    /// After how long a lock file counts as forgotten (`stale_lock_time`).
    pub stale: Duration,
}

/// A lock file of ours; dropping it removes it.
#[derive(Debug)]
pub struct DotLock(PathBuf);

impl Locking {
    /// Make the lock file, if that is one of the methods.
    pub fn dot(&self, mailbox: &Path) -> Result<Option<DotLock>, Failure> {
        if !self.methods.contains(&LockMethod::Dotlock) {
            return Ok(None);
        }
        let mut path = mailbox.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let outcome = self.patiently(|| match create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if self.is_stale(&path) {
                    // Whoever is faster to remove it, the next attempt shows who is faster to make it.
                    let _ = fs::remove_file(&path);
                }
                Ok(false)
            }
            outcome => outcome.map(|()| true),
        });
        match outcome {
            Ok(true) => Ok(Some(DotLock(path))),
            Ok(false) => Err(busy(&path, "File exists")),
            // Somebody else's lock goes away by itself; this does not.
            Err(error) => Err(busy(&path, &sys::reason(&error)).returned_if(true)),
        }
    }

    /// Lock the open file by the other methods; closing it gives the locks back.
    pub fn kernel(&self, file: &File) -> Result<(), Failure> {
        for method in &self.methods {
            let outcome = self.patiently(|| match method {
                LockMethod::Fcntl => try_fcntl(file, Mode::Exclusive),
                LockMethod::Flock => try_flock(file.as_fd(), Mode::Exclusive),
                LockMethod::Dotlock => Ok(true),
            });
            let reason = match outcome {
                Ok(true) => continue,
                Ok(false) => String::from("Resource temporarily unavailable"),
                Err(error) => sys::reason(&error),
            };
            let reason = format!("unable to lock for exclusive access: {reason}");
            return Err(Failure::new(DsnStatus::new(4, 2, 0), reason));
        }
        Ok(())
    }

    fn patiently(&self, attempt: impl Fn() -> io::Result<bool>) -> io::Result<bool> {
        for again in (0..self.attempts.max(1)).rev() {
            if attempt()? {
                return Ok(true);
            }
            if again > 0 {
                sleep(self.delay);
            }
        }
        Ok(false)
    }

    fn is_stale(&self, path: &Path) -> bool {
        let changed = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
        changed.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > self.stale))
    }
}

fn create(path: &Path) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

fn busy(path: &Path, reason: &str) -> Failure {
    let reason = format!("unable to create lock file {}: {reason}", path.display());
    Failure::new(DsnStatus::new(4, 2, 0), reason)
}

impl DotLock {
    /// Remove the lock file.
    pub(crate) fn release(self) {}
}

impl Drop for DotLock {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            maillog::warning!(
                "remove lock file {}: {}",
                self.0.display(),
                sys::reason(&error)
            );
        }
    }
}
