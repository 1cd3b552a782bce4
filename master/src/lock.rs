//! The two locks that keep a second master away: one in the queue directory, one in the data directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sys::lock::{Mode, try_flock};

/// A locked file. The lock goes with the process, however that ends.
pub(crate) struct LockFile(File);

/// Why there is no lock.
pub(crate) enum NoLock {
    /// Another process has it; its id, where the file tells.
    Held(Option<i32>),
    /// The system refused.
    Io(io::Error),
}

impl LockFile {
    /// Open a lock file, creating it where it is missing, and lock it.
    pub(crate) fn take(path: &Path) -> Result<Self, NoLock> {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644);
        let file = options
            .custom_flags(sys::nix::libc::O_NOFOLLOW)
            .open(path)
            .map_err(NoLock::Io)?;
        match try_flock(file.as_fd(), Mode::Exclusive) {
            Ok(true) => Ok(Self(file)),
            Ok(false) => Err(NoLock::Held(pid_in(file))),
            Err(error) => Err(NoLock::Io(error)),
        }
    }

    /// Write this process's id into the file, for `postfix stop` and init systems.
    pub(crate) fn write_pid(&mut self) -> io::Result<()> {
        self.0.set_len(0)?;
        // The width that readers of the file have always seen.
        writeln!(self.0, "{:>5}", std::process::id())
    }
}

/// Whether another process holds the lock file, without making one.
pub(crate) fn is_held(path: &Path) -> Result<bool, io::Error> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(!try_flock(file.as_fd(), Mode::Exclusive)?)
}

fn pid_in(mut file: File) -> Option<i32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_taker_learns_who_has_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.pid");
        assert!(!is_held(&path).unwrap());
        let mut first = LockFile::take(&path).ok().unwrap();
        first.write_pid().unwrap();
        assert!(is_held(&path).unwrap());
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(matches!(LockFile::take(&path), Err(NoLock::Held(Some(pid))) if pid == own));
        drop(first);
        assert!(!is_held(&path).unwrap());
    }
}
