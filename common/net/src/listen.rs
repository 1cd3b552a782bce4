//! Listening sockets for programs that make their own: test servers and commands. Daemons get theirs from master.
//!
//! [`tcp`] and [`unix`] need a tokio runtime. Never changes owners or modes.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use tokio::net::{TcpListener, TcpSocket, UnixListener};

/// Listen on a TCP address; a restarted server gets its port back at once.
pub fn tcp(place: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = match place {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(place)?;
    socket.listen(backlog)
}

/// Listen on a path; a socket that a dead server left there is replaced.
pub fn unix(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    UnixListener::bind(path)
}
