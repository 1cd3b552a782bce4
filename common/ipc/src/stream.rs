//! A UNIX stream socket that waits on a runtime or blocks, whichever the program has.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;
#[cfg(feature = "runtime")]
use std::{future::poll_fn, pin::Pin};

#[cfg(feature = "runtime")]
use tokio::io::{AsyncRead, Interest, ReadBuf};

use crate::Error;

pub(crate) enum Stream {
    Blocking(UnixStream),
    #[cfg(feature = "runtime")]
    Waiting(tokio::net::UnixStream, Duration),
}

impl Stream {
    pub(crate) async fn connect(path: &Path, timeout: Duration) -> Result<Self, Error> {
        #[cfg(feature = "runtime")]
        if tokio::runtime::Handle::try_current().is_ok() {
            let connecting = tokio::net::UnixStream::connect(path);
            let socket = tokio::time::timeout(timeout, connecting)
                .await
                .map_err(|_| Error::Timeout)??;
            return Ok(Self::Waiting(socket, timeout));
        }
        let mut stream = Self::Blocking(UnixStream::connect(path)?);
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
            Self::Waiting(_, limit) => *limit = timeout,
        }
        Ok(())
    }

    /// Read what is there, at least one byte; 0 at the end.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        match self {
            Self::Blocking(socket) => Ok(retry(|| socket.read(buffer))?),
            #[cfg(feature = "runtime")]
            Self::Waiting(socket, limit) => {
                // Unlike `try_read`, this notes that a short read has emptied the socket, and saves the next in vain.
                let reading = poll_fn(|context| {
                    let mut free = ReadBuf::new(buffer);
                    let done = Pin::new(&mut *socket).poll_read(context, &mut free);
                    done.map_ok(|()| free.filled().len())
                });
                waiting(*limit, reading).await
            }
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
            Self::Waiting(socket, limit) => {
                let mut received = None;
                let receiving = async {
                    while received.is_none() {
                        socket.readable().await?;
                        let result = socket.try_io(Interest::READABLE, || {
                            let (count, passed) = sys::ancillary::receive(socket.as_fd(), buffer)?;
                            let emptied = 0 < count && count < buffer.len();
                            received = Some((count, passed));
                            // The runtime then waits for more before it tries again.
                            if emptied {
                                Err(io::ErrorKind::WouldBlock.into())
                            } else {
                                Ok(())
                            }
                        });
                        match result {
                            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                                return Err(error);
                            }
                            _ => {}
                        }
                    }
                    Ok(received.take().unwrap_or_default())
                };
                waiting(*limit, receiving).await
            }
        }
    }

    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Blocking(socket) => Ok(socket.write_all(bytes)?),
            #[cfg(feature = "runtime")]
            Self::Waiting(socket, limit) => {
                waiting(*limit, async {
                    let mut rest = bytes;
                    while !rest.is_empty() {
                        match socket.try_write(rest) {
                            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                                socket.writable().await?
                            }
                            Err(error) => return Err(error),
                        }
                    }
                    Ok(())
                })
                .await
            }
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
            Self::Waiting(socket, limit) => {
                let sending = socket.async_io(Interest::WRITABLE, || {
                    sys::ancillary::send(socket.as_fd(), bytes, passed)
                });
                waiting(*limit, sending).await?
            }
        };
        self.write_all(bytes.get(count..).unwrap_or_default()).await
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Blocking(socket) => socket.as_fd(),
            #[cfg(feature = "runtime")]
            Self::Waiting(socket, _) => socket.as_fd(),
        }
    }
}

#[cfg(feature = "runtime")]
async fn waiting<T>(
    limit: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, Error> {
    // Work that is done at once costs no timer.
    let mut work = std::pin::pin!(work);
    let first =
        std::future::poll_fn(|context| std::task::Poll::Ready(work.as_mut().poll(context))).await;
    if let std::task::Poll::Ready(result) = first {
        return Ok(result?);
    }
    Ok(tokio::time::timeout(limit, work)
        .await
        .map_err(|_| Error::Timeout)??)
}

fn retry<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match work() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
