//! A client of a conversation daemon: its socket and what the skeleton knows of it.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::{Place, Process};

/// One accepted client. It is dropped, and so closed, when the conversation is over.
pub struct Client {
    /// The connection.
    pub socket: Socket,
    /// Whether the client is the program's standard input and output (`-S`).
    pub standard: bool,
    /// The process that serves it.
    pub process: Rc<Process>,
    /// Its place among the clients that the process serves at once.
    pub place: Place,
}

/// A connected stream socket of either family.
pub enum Socket {
    /// From an inet service.
    Tcp(TcpStream),
    /// From a unix service, or standard input and output.
    Unix(UnixStream),
    /// In the hands of a typed connection; reads as ended.
    Taken,
}

impl Client {
    /// The socket of a unix service as a typed connection; `None` for an inet one, and the second time.
    #[must_use]
    pub fn connection(&mut self) -> Option<ipc::Connection> {
        if !matches!(self.socket, Socket::Unix(_)) {
            return None;
        }
        match std::mem::replace(&mut self.socket, Socket::Taken) {
            Socket::Unix(socket) => ipc::Connection::waiting(socket).ok(),
            Socket::Tcp(_) | Socket::Taken => None,
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(socket) => Pin::new(socket).poll_read(context, buffer),
            Self::Unix(socket) => Pin::new(socket).poll_read(context, buffer),
            Self::Taken => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(socket) => Pin::new(socket).poll_write(context, bytes),
            Self::Unix(socket) => Pin::new(socket).poll_write(context, bytes),
            Self::Taken => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(socket) => Pin::new(socket).poll_flush(context),
            Self::Unix(socket) => Pin::new(socket).poll_flush(context),
            Self::Taken => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(socket) => Pin::new(socket).poll_shutdown(context),
            Self::Unix(socket) => Pin::new(socket).poll_shutdown(context),
            Self::Taken => Poll::Ready(Ok(())),
        }
    }
}
