//! A UNIX stream socket that waits on a runtime or blocks, whichever the program has.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::Error;
#[cfg(feature = "runtime")]
use crate::waiting::Waiting;

pub(crate) enum Stream {
    Blocking(UnixStream),
    #[cfg(feature = "runtime")]
    Waiting(Waiting),
}

impl Stream {
    pub(crate) async fn connect(path: &Path, timeout: Duration) -> Result<Self, Error> {
        #[cfg(feature = "runtime")]
        if tokio::runtime::Handle::try_current().is_ok() {
            return Ok(Self::Waiting(Waiting::connect(path, timeout).await?));
        }
        let mut stream = Self::Blocking(UnixStream::connect(path)?);
        stream.set_timeout(timeout)?;
        Ok(stream)
    }

    pub(crate) fn adopt(socket: UnixStream, timeout: Duration) -> Result<Self, Error> {
        #[cfg(feature = "runtime")]
        if tokio::runtime::Handle::try_current().is_ok() {
            socket.set_nonblocking(true)?;
            let socket = tokio::net::UnixStream::from_std(socket)?;
            return Ok(Self::Waiting(Waiting::new(socket, timeout)?));
        }
        socket.set_nonblocking(false)?;
        let mut stream = Self::Blocking(socket);
        stream.set_timeout(timeout)?;
        Ok(stream)
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) -> Result<(), Error> {
        match self {
            Self::Blocking(socket) => {
                socket.set_read_timeout(Some(timeout))?;
                socket.set_write_timeout(Some(timeout))?;
            }
            #[cfg(feature = "runtime")]
            Self::Waiting(socket) => socket.limit = timeout,
        }
        Ok(())
    }

    /// Read what is there, at least one byte; 0 at the end.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        match self {
            Self::Blocking(socket) => Ok(retry(|| socket.read(buffer))?),
            #[cfg(feature = "runtime")]
            Self::Waiting(socket) => socket.read(buffer).await,
        }
    }

    /// Read what is there, and the descriptor that came with it.
    pub(crate) async fn read_with(
        &mut self,
        buffer: &mut [u8],
    ) -> Result<(usize, Option<OwnedFd>), Error> {
        match self {
            Self::Blocking(socket) => {
                Ok(retry(|| sys::ancillary::receive(socket.as_fd(), buffer))?)
            }
            #[cfg(feature = "runtime")]
            Self::Waiting(socket) => socket.read_with(buffer).await,
        }
    }

    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Blocking(socket) => Ok(socket.write_all(bytes)?),
            #[cfg(feature = "runtime")]
            Self::Waiting(socket) => socket.write_all(bytes).await,
        }
    }

    /// Write all bytes, the descriptor going with the first of them.
    pub(crate) async fn write_with(
        &mut self,
        bytes: &[u8],
        passed: BorrowedFd<'_>,
    ) -> Result<(), Error> {
        let count = match self {
            Self::Blocking(socket) => {
                retry(|| sys::ancillary::send(socket.as_fd(), bytes, passed))?
            }
            #[cfg(feature = "runtime")]
            Self::Waiting(socket) => socket.write_with(bytes, passed).await?,
        };
        self.write_all(bytes.get(count..).unwrap_or_default()).await
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Blocking(socket) => socket.as_fd(),
            #[cfg(feature = "runtime")]
            Self::Waiting(socket) => socket.as_fd(),
        }
    }
}

fn retry<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match work() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
