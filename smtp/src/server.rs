//! A server that may be tried: its host name and one address.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// One address of one host.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Server {
    /// The host's name, as it was looked up; our own name for a local socket.
    pub host: String,
    /// Where to connect.
    pub place: Place,
    /// The MX preference; lower is better.
    pub preference: u16,
}

/// Where a server listens.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Place {
    /// TCP.
    Inet(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Server {
    /// `host[address]`, as texts name the server.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.place {
            Place::Inet(socket) => format!("{}[{}]", self.host, socket.ip()),
            Place::Unix(path) => format!("{}[{}]", self.host, path.display()),
        }
    }
}

impl fmt::Display for Server {
    /// `host[address]:port`, as relay= has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        match &self.place {
            Place::Inet(socket) => write!(f, ":{}", socket.port()),
            Place::Unix(_) => Ok(()),
        }
    }
}

/// A connection to a server.
#[derive(Debug)]
pub enum Connection {
    /// Over TCP.
    Tcp(TcpStream),
    /// To a local socket.
    Unix(UnixStream),
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
