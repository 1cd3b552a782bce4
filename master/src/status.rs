//! The status channel of a service: what its processes say about their free places.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// The length of a status message: process id, generation, free places.
const LENGTH: usize = 12;

/// One service's channel. All its processes share the far end; closing ours tells them to leave.
pub(crate) struct StatusChannel {
    near: UnixStream,
    far: OwnedFd,
    pub(crate) generation: u32,
}

/// What a process said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) pid: i32,
    pub(crate) generation: u32,
    /// Free places; `None` from a process that is about to leave.
    pub(crate) free: Option<usize>,
}

impl StatusChannel {
    pub(crate) fn new(generation: u32) -> io::Result<Self> {
        let (near, far) = UnixStream::pair()?;
        near.set_nonblocking(true)?;
        Ok(Self {
            near,
            far: far.into(),
            generation,
        })
    }

    /// What a new process gets.
    pub(crate) fn far_end(&self) -> BorrowedFd<'_> {
        self.far.as_fd()
    }

    /// The next message that is waiting. Messages are written in one piece, so they are read in one piece.
    pub(crate) fn read(&mut self) -> io::Result<Option<Report>> {
        let mut bytes = [0; LENGTH];
        match self.near.read(&mut bytes) {
            Ok(LENGTH) => Ok(Some(decode(bytes))),
            Ok(_) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a status message of the wrong length",
            )),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
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
    Report {
        pid: i32::from_ne_bytes([p0, p1, p2, p3]),
        generation: u32::from_ne_bytes([g0, g1, g2, g3]),
        free: usize::try_from(i32::from_ne_bytes([f0, f1, f2, f3])).ok(),
    }
}
