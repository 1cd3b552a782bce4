//! The status channel: what a process says to master, and how it hears that master is gone or was reloaded.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use crate::Fatal;
use crate::start::STATUS;

/// Said instead of a number of free places by a process that takes no new client; each client that it still has makes
/// the number one less.
const LEAVING: i32 = -1;

/// The end of the status channel that this process was started with.
pub(crate) struct Status {
    channel: UnixStream,
    generation: u32,
    said: Option<i32>,
}

impl Status {
    pub(crate) fn inherited() -> Result<Self, Fatal> {
        let channel = sys::descriptor::inherited(STATUS)
            .map_err(|_| Fatal::new("this program is started by the master daemon, not by hand"))?;
        let generation = std::env::var("GENERATION")
            .ok()
            .and_then(|text| u32::from_str_radix(&text, 8).ok());
        let channel = UnixStream::from(channel);
        channel
            .set_nonblocking(true)
            .map_err(|error| Fatal::io("status channel", &error))?;
        Ok(Self {
            channel,
            generation: generation.unwrap_or_default(),
            said: None,
        })
    }

    /// Tell master how many places are free, when that changes what it must do: at first, at the first client, and
    /// whenever the last place is taken or the first is free again.
    pub(crate) fn free_places(&mut self, free: usize) -> io::Result<()> {
        let free = i32::try_from(free).unwrap_or(i32::MAX);
        let news = match self.said {
            None => true,
            Some(said) => said == i32::MAX || (said == 0) != (free == 0),
        };
        // After the readiness message the next one is always sent: it tells master that the process serves.
        if !news {
            return Ok(());
        }
        let free_now = if self.said.is_none() { i32::MAX } else { free };
        self.said = Some(free_now);
        self.send(free)
    }

    fn send(&mut self, free: i32) -> io::Result<()> {
        let mut message = [0; 12];
        let pid = i32::try_from(std::process::id()).unwrap_or_default();
        let parts = pid
            .to_ne_bytes()
            .into_iter()
            .chain(self.generation.to_ne_bytes())
            .chain(free.to_ne_bytes());
        for (slot, byte) in message.iter_mut().zip(parts) {
            *slot = byte;
        }
        match self.channel.write_all(&message) {
            // Master is gone or was reloaded, and need not know; the end of the channel says what to do.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            told => told,
        }
    }

    /// Tell master that this process takes no new client, and how many it still has.
    pub(crate) fn leaving(&mut self, clients: usize) -> io::Result<()> {
        let clients = i32::try_from(clients).unwrap_or(i32::MAX - 1);
        self.send(LEAVING - clients)
    }

    /// A second handle, to wait for the end of the channel.
    pub(crate) fn watch(&self) -> io::Result<UnixStream> {
        self.channel.try_clone()
    }
}

impl AsFd for Status {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}
