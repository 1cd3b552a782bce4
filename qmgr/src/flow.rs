//! In-flow control: tokens in a pipe, of which cleanup(8) takes one for each letter, or waits a while (`in_flow_delay`).
//!
//! The pipe is kept full while letters are taken in as fast as they come, and left to run dry when the active queue is
//! full. Whether it is full is looked at from time to time only.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};

use service::Flow;

/// Tokens for each process of the default limit: a process serves many clients, all of which may send at once.
const TOKENS_PER_PROCESS: usize = 10;
/// No more than fit into a pipe.
const MOST: usize = 16 * 1024;

/// The pipe of tokens.
pub(crate) struct Tokens {
    read: OwnedFd,
    write: File,
    full: usize,
    taken: Cell<usize>,
}

impl Tokens {
    /// The pipe that master gave us.
    pub(crate) fn new(flow: &Flow, process_limit: usize) -> io::Result<Self> {
        let write = flow.write.try_clone()?;
        sys::descriptor::set_nonblocking(write.as_fd(), true)?;
        Ok(Self {
            read: flow.read.try_clone()?,
            write: File::from(write),
            full: (process_limit.max(1) * TOKENS_PER_PROCESS).min(MOST),
            taken: Cell::new(0),
        })
    }

    /// A letter was taken in, so a token is gone.
    pub(crate) fn taken(&self) {
        self.taken.set(self.taken.get() + 1);
    }

    /// Fill the pipe, if enough tokens are known to be gone.
    pub(crate) fn top_up_if_low(&self) {
        if self.taken.get() >= self.full / 8 {
            self.top_up();
        }
    }

    /// Fill the pipe. Letters that were refused took tokens too, so what is missing is counted.
    pub(crate) fn top_up(&self) {
        self.taken.set(0);
        let filled = sys::descriptor::readable_bytes(self.read.as_fd()).and_then(|count| {
            let missing = self.full.saturating_sub(count);
            if missing == 0 {
                Ok(0)
            } else {
                (&self.write).write(&vec![0; missing])
            }
        });
        if let Err(error) = filled
            && error.kind() != io::ErrorKind::WouldBlock
        {
            maillog::warning!("in-flow tokens: {}", sys::reason(&error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pipe_is_filled_and_not_overfilled() {
        let (read, write) = io::pipe().unwrap();
        let flow = Flow {
            read: read.into(),
            write: write.into(),
        };
        let tokens = Tokens::new(&flow, 10).unwrap();
        let count = || sys::descriptor::readable_bytes(flow.read.as_fd()).unwrap();
        tokens.top_up();
        tokens.top_up();
        assert_eq!(count(), 100);
        let mut gone = [0; 30];
        io::Read::read_exact(&mut File::from(flow.read.try_clone().unwrap()), &mut gone).unwrap();
        tokens.taken();
        tokens.top_up_if_low();
        assert_eq!(count(), 70);
        for _ in 0..12 {
            tokens.taken();
        }
        tokens.top_up_if_low();
        assert_eq!(count(), 100);
    }
}
