//! A connection to a server whose protocol is spoken by the driver itself: TCP or UNIX-domain, TLS where it is wanted, with time limits.

use std::io::{self, Read, Write};
use std::net::{Ipv6Addr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use net::endpoint::{Endpoint, HostPort, Port};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};

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
    /// Connect to `inet:host:port` or `unix:path`; that, and each read and write, may take so long. A port can be a service's name.
    pub fn connect(address: &str, timeout: Duration) -> Result<Self, String> {
        let place = endpoint(address).ok_or("inet:host:port or unix:path is expected")?;
        let stream = match place {
            Endpoint::Unix(path) => connect_unix(&path, timeout).map(Self::Unix),
            Endpoint::Inet(place) => connect_tcp(&place, timeout).map(Self::Tcp),
        };
        let stream = stream.map_err(|error| reason(&error))?;
        let set = stream.set_timeout(timeout);
        set.map_err(|error| reason(&error)).map(|()| stream)
    }

    /// Each read and write may take that long from now on.
    pub(crate) fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        let timeout = Some(timeout);
        match self {
            Self::Unix(stream) => {
                stream.set_read_timeout(timeout)?;
                stream.set_write_timeout(timeout)
            }
            Self::Tcp(stream) => {
                stream.set_read_timeout(timeout)?;
                stream.set_write_timeout(timeout)
            }
            #[cfg(feature = "tls")]
            Self::Tls(stream) => {
                stream.get_ref().set_read_timeout(timeout)?;
                stream.get_ref().set_write_timeout(timeout)
            }
        }
    }

    /// Whether nothing came that was not read, and the other side has not closed.
    pub(crate) fn is_quiet(&self) -> bool {
        let descriptor = match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.get_ref().as_fd(),
        };
        let mut waiting = [PollFd::new(descriptor, PollFlags::POLLIN)];
        poll(&mut waiting, PollTimeout::ZERO) == Ok(0)
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

/// `inet:host:port` or `unix:path`; the brackets around a version 6 address may be left out, and the host where the port is a number.
pub(crate) fn endpoint(address: &str) -> Option<Endpoint> {
    let Some(place) = address.strip_prefix("inet:") else {
        return Endpoint::parse(address.strip_prefix("unix:").map(|_| address)?).ok();
    };
    let bare = || {
        let (host, port) = place.rsplit_once(':')?;
        host.parse::<Ipv6Addr>().ok()?;
        HostPort::parse_service(&format!("[{host}]:{port}")).ok()
    };
    let place = HostPort::parse_service(place).ok().or_else(bare)?;
    // A word alone is a host whose port was forgotten, and no service.
    let forgotten = place.host.is_empty() && matches!(place.port, Some(Port::Service(_)));
    (!forgotten).then_some(Endpoint::Inet(place))
}

/// Also a UNIX-domain server with a full queue of clients can keep one waiting.
fn connect_unix(path: &Path, timeout: Duration) -> io::Result<UnixStream> {
    let kind = (AddressFamily::Unix, SockType::Stream);
    let socket = socket(kind.0, kind.1, SockFlag::SOCK_CLOEXEC, None)?;
    let stream = UnixStream::from(socket);
    stream.set_write_timeout(Some(timeout))?;
    connect(stream.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(stream)
}

/// The name's addresses in turn, within the time; without a name, this machine.
fn connect_tcp(place: &HostPort, timeout: Duration) -> io::Result<TcpStream> {
    let unknown = |what: &str| io::Error::new(io::ErrorKind::NotFound, what.to_owned());
    let port = place.port_or(0).ok_or_else(|| unknown("no such service"))?;
    let host = match place.host.as_str() {
        "" => "localhost",
        host => host,
    };
    let deadline = Instant::now() + timeout;
    let mut last = unknown("the name has no address");
    for address in (host, port).to_socket_addrs()? {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn reason(error: &io::Error) -> String {
    match is_late(error) {
        true => "timed out".to_owned(),
        false => sys::reason(error),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: &str) -> Option<(String, u16)> {
        match endpoint(address)? {
            Endpoint::Inet(place) => Some((place.host.clone(), place.port_or(0)?)),
            Endpoint::Unix(path) => Some((path.display().to_string(), 0)),
        }
    }

    #[test]
    fn addresses_of_servers() {
        for (address, host, port) in [
            ("inet:host.example:17", "host.example", 17),
            ("inet:[::1]:17", "::1", 17),
            ("inet:::1:17", "::1", 17),
            ("inet:17", "", 17),
            ("unix:a/b", "a/b", 0),
        ] {
            assert_eq!(shown(address), Some((host.to_owned(), port)), "{address}");
        }
        for address in [
            "",
            "host:17",
            "inet:",
            "unix:",
            "inet:a:b:17",
            "inet:host:",
            "inet:host",
            "foo:a",
        ] {
            assert_eq!(shown(address), None, "{address}");
        }
    }
}
