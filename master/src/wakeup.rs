//! Waking a service: a `W` into its own socket, as any other client would send it.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LETTER: &[u8] = b"W";
/// Our own loopback answers at once or not at all.
const CONNECT_TIME: Duration = Duration::from_secs(1);

/// Where a service listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Fifo(PathBuf),
    Socket(PathBuf),
    Inet(SocketAddr),
}

/// Send the wake-up call; never waits for the service.
pub(crate) fn wake(place: &Place) -> io::Result<()> {
    match place {
        Place::Fifo(path) => fifo(path),
        Place::Socket(path) => {
            let mut socket = UnixStream::connect(path)?;
            socket.set_nonblocking(true)?;
            socket.write_all(LETTER)
        }
        Place::Inet(address) => {
            TcpStream::connect_timeout(address, CONNECT_TIME)?.write_all(LETTER)
        }
    }
}

fn fifo(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .custom_flags(sys::nix::libc::O_NONBLOCK)
        .open(path)?
        .write_all(LETTER)
}
