//! Locks on open files: flock for queue and pid files, fcntl for mailboxes.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::fcntl::{FcntlArg, fcntl};

/// How to lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Several readers.
    Shared,
    /// One writer.
    Exclusive,
    /// Give the lock back.
    Unlock,
}

/// Take a flock(2) lock, waiting for it.
pub fn flock(fd: BorrowedFd<'_>, mode: Mode) -> io::Result<()> {
    flock_raw(fd, operation(mode))
}

/// Take a flock(2) lock if it is free; `false` when another holds it.
pub fn try_flock(fd: BorrowedFd<'_>, mode: Mode) -> io::Result<bool> {
    match flock_raw(fd, operation(mode) | libc::LOCK_NB) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

/// Take an fcntl(2) lock on the whole file if it is free; `false` when another process holds it.
pub fn try_fcntl(file: &impl AsFd, mode: Mode) -> io::Result<bool> {
    match fcntl(file.as_fd(), FcntlArg::F_SETLK(&whole_file(mode))) {
        Ok(_) => Ok(true),
        Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Take an fcntl(2) lock on the whole file, waiting for it.
pub fn fcntl_lock(file: &impl AsFd, mode: Mode) -> io::Result<()> {
    fcntl(file.as_fd(), FcntlArg::F_SETLKW(&whole_file(mode)))?;
    Ok(())
}

fn flock_raw(fd: BorrowedFd<'_>, operation: i32) -> io::Result<()> {
    loop {
        // SAFETY: flock takes an open descriptor, which the borrow guarantees, and a plain number.
        if unsafe { libc::flock(fd.as_raw_fd(), operation) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

const fn operation(mode: Mode) -> i32 {
    match mode {
        Mode::Shared => libc::LOCK_SH,
        Mode::Exclusive => libc::LOCK_EX,
        Mode::Unlock => libc::LOCK_UN,
    }
}

fn whole_file(mode: Mode) -> libc::flock {
    let kind = match mode {
        Mode::Shared => libc::F_RDLCK,
        Mode::Exclusive => libc::F_WRLCK,
        Mode::Unlock => libc::F_UNLCK,
    };
    libc::flock {
        l_type: i16::try_from(kind).unwrap_or_default(),
        l_whence: i16::try_from(libc::SEEK_SET).unwrap_or_default(),
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn a_second_exclusive_flock_is_refused_until_the_first_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = File::create(&path).unwrap();
        let second = File::open(&path).unwrap();
        assert!(try_flock(first.as_fd(), Mode::Exclusive).unwrap());
        assert!(!try_flock(second.as_fd(), Mode::Shared).unwrap());
        flock(first.as_fd(), Mode::Unlock).unwrap();
        assert!(try_flock(second.as_fd(), Mode::Shared).unwrap());
    }

    #[test]
    fn a_process_is_not_kept_out_by_its_own_fcntl_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = File::create(&path).unwrap();
        let second = File::options().write(true).open(&path).unwrap();
        assert!(try_fcntl(&first, Mode::Exclusive).unwrap());
        assert!(try_fcntl(&second, Mode::Exclusive).unwrap());
    }
}
