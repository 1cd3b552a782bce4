//! A UNIX stream socket that waits on the runtime.
//!
//! It is registered for reading only: each message that the peer takes in would otherwise wake this program, to tell that
//! there is room again. Only a writer that finds no room waits for it. A read that does not fill its buffer has emptied the
//! socket, so the next one waits at once and does not ask first.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::Error;

/// A socket, with how long the peer may take.
pub(crate) struct Waiting {
    socket: AsyncFd<UnixStream>,
    pub(crate) limit: Duration,
}

impl Waiting {
    pub(crate) async fn connect(path: &Path, limit: Duration) -> Result<Self, Error> {
        let connecting = tokio::net::UnixStream::connect(path);
        let socket = tokio::time::timeout(limit, connecting)
            .await
            .map_err(|_| Error::Timeout)??;
        Ok(Self::new(socket, limit)?)
    }

    /// Take over a connected socket.
    pub(crate) fn new(socket: tokio::net::UnixStream, limit: Duration) -> io::Result<Self> {
        let socket = register(socket.into_std()?, Interest::READABLE)?;
        Ok(Self { socket, limit })
    }

    pub(crate) async fn read(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let read = async {
            loop {
                let mut ready = self.socket.readable().await?;
                match self.socket.get_ref().read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                    Ok(count) => {
                        // The end of the stream stays ready to be read.
                        if count > 0 && count < buffer.len() {
                            ready.clear_ready();
                        }
                        return Ok(count);
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        within(self.limit, read).await
    }

    /// Read, and take the descriptor that came along. A short read says nothing here: it ends at each descriptor.
    pub(crate) async fn read_with(
        &self,
        buffer: &mut [u8],
    ) -> Result<(usize, Option<OwnedFd>), Error> {
        let receiving = self.socket.async_io(Interest::READABLE, |socket| {
            sys::ancillary::receive(socket.as_fd(), buffer)
        });
        within(self.limit, receiving).await
    }

    pub(crate) async fn write_all(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = self.write_by(|mut socket| socket.write(rest)).await?;
            rest = rest.get(count..).unwrap_or_default();
        }
        Ok(())
    }

    /// Write some of the bytes, the descriptor going with the first.
    pub(crate) async fn write_with(
        &self,
        bytes: &[u8],
        passed: BorrowedFd<'_>,
    ) -> Result<usize, Error> {
        self.write_by(|socket| sys::ancillary::send(socket.as_fd(), bytes, passed))
            .await
    }

    async fn write_by(
        &self,
        mut write: impl FnMut(&UnixStream) -> io::Result<usize>,
    ) -> Result<usize, Error> {
        let writing = async {
            loop {
                match write(self.socket.get_ref()) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.room().await?,
                    result => return result,
                }
            }
        };
        within(self.limit, writing).await
    }

    /// Wait until there is room to write, under a registration of its own.
    async fn room(&self) -> io::Result<()> {
        let other = self.socket.get_ref().try_clone()?;
        let writer = register(other, Interest::WRITABLE)?;
        let ready = writer.writable().await?;
        drop(ready);
        Ok(())
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}

#[expect(
    deprecated,
    reason = "its unsafe replacement wants a promise that UnixStream keeps by itself: the descriptor lives as long as it"
)]
fn register(socket: UnixStream, interest: Interest) -> io::Result<AsyncFd<UnixStream>> {
    AsyncFd::with_interest(socket, interest)
}

async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> Result<T, Error> {
    // Work that is done at once costs no timer.
    let mut work = pin!(work);
    let first = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
    if let Poll::Ready(result) = first {
        return Ok(result?);
    }
    Ok(tokio::time::timeout(limit, work)
        .await
        .map_err(|_| Error::Timeout)??)
}
