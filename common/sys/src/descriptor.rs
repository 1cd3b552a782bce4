//! Descriptors: those inherited from master, flags, and closing what should not be there.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};

/// Take ownership of a descriptor that this process was started with; an error when it is not open.
///
/// Sets close-on-exec. Call it once for each number, before anything else opens descriptors.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: borrowed only for the call below, which answers EBADF for a number that is not open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl(borrowed, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    // SAFETY: the number is open and was given to this process by its parent; no other owner exists in this process,
    // as callers take each number once.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Make reads and writes return at once, or wait.
pub fn set_nonblocking(fd: BorrowedFd<'_>, nonblocking: bool) -> io::Result<()> {
    let mut flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    flags.set(OFlag::O_NONBLOCK, nonblocking);
    fcntl(fd, FcntlArg::F_SETFL(flags))?;
    Ok(())
}

/// How many bytes a pipe or socket has ready to be read.
pub fn readable_bytes(fd: BorrowedFd<'_>) -> io::Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, to a live value of that type.
    if unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut count) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Close every descriptor from `first` on.
pub fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: close_range takes plain numbers; the caller has not wrapped any of these descriptors yet (start of main).
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Keep every descriptor from `first` on to this process: no program that it runs gets them.
pub fn close_on_exec_from(first: u32) -> io::Result<()> {
    // SAFETY: close_range takes plain numbers; with this flag it closes nothing, it only marks what is open.
    let result = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Whether the descriptor is a terminal.
#[must_use]
pub fn is_terminal(fd: BorrowedFd<'_>) -> bool {
    std::io::IsTerminal::is_terminal(&fd)
}

/// The number of a descriptor, for messages and for `exec`.
#[must_use]
pub fn number(fd: BorrowedFd<'_>) -> RawFd {
    fd.as_raw_fd()
}

/// Make sure 0, 1 and 2 are open, so that no file opened later becomes standard output by accident.
pub fn open_standard() -> io::Result<()> {
    loop {
        let null = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/null")?;
        if null.as_raw_fd() > 2 {
            return Ok(());
        }
        // Kept open on purpose for the life of the process.
        std::mem::forget(null);
    }
}

/// Let go of the terminal or pipe that the program was started from: 0, 1 and 2 become /dev/null.
pub fn let_go_of_standard() -> io::Result<()> {
    let null = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    nix::unistd::dup2_stdout(&null)?;
    nix::unistd::dup2_stderr(&null)?;
    Ok(())
}
