//! Signals that become readable through a descriptor, and the alarm.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

pub use nix::sys::signal::Signal as Kind;

/// Signals that arrive as readable events instead of interrupting the program.
pub struct Signals(SignalFd);

impl Signals {
    /// Block these signals and receive them here.
    pub fn new(kinds: &[Signal]) -> io::Result<Self> {
        let set: SigSet = kinds.iter().copied().collect();
        set.thread_block()?;
        Ok(Self(SignalFd::with_flags(
            &set,
            SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC,
        )?))
    }

    /// The next signal that is waiting, and who sent it.
    pub fn take(&mut self) -> io::Result<Option<Signal>> {
        let Some(info) = self.0.read_signal()? else {
            return Ok(None);
        };
        let number = i32::try_from(info.ssi_signo).unwrap_or_default();
        Ok(Signal::try_from(number).ok())
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// End the process after this many seconds, whatever it does then; 0 takes that back.
pub fn alarm(seconds: u32) {
    if seconds == 0 {
        nix::unistd::alarm::cancel();
    } else {
        nix::unistd::alarm::set(seconds);
    }
}
