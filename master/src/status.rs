//! The status channel of a service: what its processes say about their free places.

use std::io::{self, Read as _};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// The length of a status message: process id, generation, free places.
const LENGTH: usize = 12;

/// One service's channel. All its processes share the far end; when nothing can come from ours any more, they leave.
pub(crate) struct StatusChannel {
    near: UnixStream,
    /// What new processes get; `None` after the processes were told to leave.
    far: Option<OwnedFd>,
    pub(crate) generation: u32,
}

/// What a process said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) pid: i32,
    pub(crate) generation: u32,
    pub(crate) places: Places,
}

/// How many clients a process takes, or still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Places {
    /// So many more.
    Free(usize),
    /// None any more; it leaves after so many.
    Leaving(usize),
}

/// What reading a channel found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    Report(Report),
    /// Nothing waits.
    Nothing,
    /// Every process of the channel has ended.
    End,
}

impl StatusChannel {
    pub(crate) fn new(generation: u32) -> io::Result<Self> {
        let (near, far) = UnixStream::pair()?;
        near.set_nonblocking(true)?;
        Ok(Self {
            near,
            far: Some(far.into()),
            generation,
        })
    }

    /// What a new process gets.
    pub(crate) fn far_end(&self) -> Option<BorrowedFd<'_>> {
        self.far.as_ref().map(AsFd::as_fd)
    }

    /// Tell the processes to leave; they go on telling how many clients they have.
    pub(crate) fn dismiss(&mut self) -> io::Result<()> {
        self.far = None;
        self.near.shutdown(Shutdown::Write)
    }

    /// The next message that is waiting. Messages are written in one piece, so they are read in one piece.
    pub(crate) fn read(&mut self) -> io::Result<Read> {
        let mut bytes = [0; LENGTH];
        match self.near.read(&mut bytes) {
            Ok(LENGTH) => Ok(Read::Report(decode(bytes))),
            Ok(0) => Ok(Read::End),
            Ok(_) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a status message of the wrong length",
            )),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Read::Nothing),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for StatusChannel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.near.as_fd()
    }
}

fn decode(bytes: [u8; LENGTH]) -> Report {
    let [p0, p1, p2, p3, g0, g1, g2, g3, f0, f1, f2, f3] = bytes;
    let number = i32::from_ne_bytes([f0, f1, f2, f3]);
    let places = match usize::try_from(number) {
        Ok(free) => Places::Free(free),
        Err(_) => Places::Leaving(usize::try_from(number.abs_diff(-1)).unwrap_or_default()),
    };
    Report {
        pid: i32::from_ne_bytes([p0, p1, p2, p3]),
        generation: u32::from_ne_bytes([g0, g1, g2, g3]),
        places,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn message(number: i32) -> [u8; LENGTH] {
        let parts = [7i32.to_ne_bytes(), 3u32.to_ne_bytes(), number.to_ne_bytes()];
        let mut bytes = [0; LENGTH];
        for (slot, byte) in bytes.iter_mut().zip(parts.concat()) {
            *slot = byte;
        }
        bytes
    }

    #[test]
    fn negative_numbers_are_the_clients_of_a_process_that_leaves() {
        let places = |number| decode(message(number)).places;
        assert_eq!(places(5), Places::Free(5));
        assert_eq!(places(-1), Places::Leaving(0));
        assert_eq!(places(-4), Places::Leaving(3));
        assert_eq!(places(i32::MIN), Places::Leaving(i32::MAX as usize));
    }

    #[test]
    fn a_dismissed_process_is_still_heard_until_it_ends() {
        let mut channel = StatusChannel::new(3).unwrap();
        let far = channel.far_end().unwrap().try_clone_to_owned().unwrap();
        let mut process = UnixStream::from(far);
        channel.dismiss().unwrap();
        assert!(channel.far_end().is_none());
        assert_eq!(process.read(&mut [0]).unwrap(), 0);
        process.write_all(&message(-2)).unwrap();
        let report = Report {
            pid: 7,
            generation: 3,
            places: Places::Leaving(1),
        };
        assert_eq!(channel.read().unwrap(), Read::Report(report));
        assert_eq!(channel.read().unwrap(), Read::Nothing);
        drop(process);
        assert_eq!(channel.read().unwrap(), Read::End);
    }
}
