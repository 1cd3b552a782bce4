//! A client of a conversation daemon: its socket and what the skeleton knows of it.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::Process;

/// One accepted client. It is dropped, and so closed, when the conversation is over.
pub struct Client {
    /// The connection.
    pub socket: Socket,
    /// Whether the client is the program's standard input and output (`-S`).
    pub standard: bool,
    /// The process that serves it.
    pub process: Rc<Process>,
}

/// A connected stream socket of either family.
pub enum Socket {
    /// From an inet service.
    Tcp(TcpStream),
    /// From a unix service, or standard input and output.
    Unix(UnixStream),
}

impl Client {
    /// The socket of a unix service as a typed connection; `None` for an inet one.
    #[must_use]
    pub fn into_connection(self) -> Option<ipc::Connection> {
        match self.socket {
            Socket::Unix(socket) => Some(ipc::Connection::waiting(socket)),
            Socket::Tcp(_) => None,
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
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(socket) => Pin::new(socket).poll_flush(context),
            Self::Unix(socket) => Pin::new(socket).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(socket) => Pin::new(socket).poll_shutdown(context),
            Self::Unix(socket) => Pin::new(socket).poll_shutdown(context),
        }
    }
}
