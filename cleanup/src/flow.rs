//! In-flow control: a letter costs a token that the queue manager put into a pipe when it took one in.
//!
//! When letters come faster than the queue manager takes them, the pipe is empty, and a new letter waits for
//! `in_flow_delay`. It is never refused for that. A letter that the queue manager will not see gives its token back.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use service::Flow;
use sys::nix::fcntl::{FcntlArg, OFlag, fcntl};
use sys::nix::unistd::{read, write};

/// Where tokens come from.
pub(crate) struct InFlow {
    tokens: OwnedFd,
    returns: OwnedFd,
    delay: Duration,
}

impl InFlow {
    /// Take tokens from the pipe that master gave us; without a delay nothing is taken.
    pub(crate) fn new(flow: Option<&Flow>, delay: Duration) -> io::Result<Option<Self>> {
        let Some(flow) = flow.filter(|_| !delay.is_zero()) else {
            return Ok(None);
        };
        let tokens = flow.read.try_clone()?;
        let returns = flow.write.try_clone()?;
        for end in [&tokens, &returns] {
            let flags = fcntl(end, FcntlArg::F_GETFL)?;
            let flags = OFlag::from_bits_retain(flags) | OFlag::O_NONBLOCK;
            fcntl(end, FcntlArg::F_SETFL(flags))?;
        }
        Ok(Some(Self {
            tokens,
            returns,
            delay,
        }))
    }

    /// Take a token, or wait for a while instead.
    pub(crate) async fn take(&self) {
        if read(&self.tokens, &mut [0]) == Err(sys::nix::Error::EAGAIN) {
            tokio::time::sleep(self.delay).await;
        }
    }

    /// Give a token back.
    pub(crate) fn give_back(&self) {
        // A full pipe has tokens enough.
        let _ = write(&self.returns, &[0]);
    }
}
