//! A connection to a server whose protocol is spoken by the driver itself: TCP or UNIX-domain, TLS where it is wanted, with time limits.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A connected stream.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// UNIX-domain.
    Unix(UnixStream),
    /// TLS over TCP.
    #[cfg(feature = "tls")]
    Tls(Box<native_tls::TlsStream<TcpStream>>),
}

impl Stream {
    /// Connect to `inet:host:port` or `unix:path`; each read and write may take that long.
    pub fn connect(address: &str, timeout: Duration) -> Result<Self, String> {
        let stream = match address.split_once(':') {
            Some(("unix", path)) => UnixStream::connect(path).and_then(|stream| {
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))?;
                Ok(Self::Unix(stream))
            }),
            Some(("inet", address)) => connect_tcp(address, timeout).map(Self::Tcp),
            _ => return Err("inet:host:port or unix:path is expected".to_owned()),
        };
        stream.map_err(|error| sys::reason(&error))
    }

    /// Speak TLS from here on, to a server of that name; over a UNIX-domain socket there is no need to.
    #[cfg(feature = "tls")]
    pub fn secure(self, tls: &native_tls::TlsConnector, name: &str) -> Result<Self, String> {
        match self {
            Self::Tcp(stream) => match tls.connect(name, stream) {
                Ok(stream) => Ok(Self::Tls(Box::new(stream))),
                Err(error) => Err(format!("TLS: {error}")),
            },
            other @ (Self::Unix(_) | Self::Tls(_)) => Ok(other),
        }
    }
}

/// Whether an error is a time limit that was reached.
#[must_use]
pub fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

fn connect_tcp(address: &str, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.flush(),
            Self::Unix(stream) => stream.flush(),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.flush(),
        }
    }
}
