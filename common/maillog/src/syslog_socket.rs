//! A connected datagram socket to a logger, connected anew when the logger was restarted.
//!
//! In a jail the path of the socket may be out of sight; then the line is refused, [`lost`] says so, and the skeleton
//! lets a fresh process, which connects before its jail, take this one's place. No descriptor of a folder outside the
//! jail is kept, because it would be a way out.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a line may wait for a logger that does not keep up.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a logger that refused us is left alone.
const PAUSE: Duration = Duration::from_secs(1);

static LOST: AtomicBool = AtomicBool::new(false);

/// Whether a connection that this process had to its logger is gone and could not be made again.
pub fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

pub(crate) struct Socket {
    path: PathBuf,
    connected: Option<UnixDatagram>,
    refused: Option<Instant>,
}

impl Socket {
    /// Connect now if somebody listens, so that it is done before the jail.
    pub(crate) fn new(path: PathBuf) -> Self {
        let connected = connect(&path).ok();
        Self {
            path,
            connected,
            refused: None,
        }
    }

    /// Send one line in one datagram.
    pub(crate) fn send(&mut self, line: &[u8]) -> io::Result<()> {
        let had = match &self.connected {
            Some(connected) if connected.send(line).is_ok() => return Ok(()),
            connected => connected.is_some(),
        };
        self.connected = None;
        if self.refused.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let result = connect(&self.path).and_then(|socket| {
            let sent = socket.send(line);
            self.connected = Some(socket);
            sent
        });
        self.refused = result.is_err().then(Instant::now);
        if had || result.is_ok() {
            LOST.store(result.is_err(), Ordering::Relaxed);
        }
        result.map(|_| ())
    }
}

fn connect(path: &PathBuf) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.connect(path)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restarted_logger_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let first = UnixDatagram::bind(&path).unwrap();
        let mut socket = Socket::new(path.clone());
        socket.send(b"one").unwrap();
        drop(first);
        std::fs::remove_file(&path).unwrap();
        assert!(socket.send(b"nobody").is_err());
        assert!(lost());
        let second = UnixDatagram::bind(&path).unwrap();
        std::thread::sleep(PAUSE);
        socket.send(b"two").unwrap();
        assert!(!lost());
        let mut buffer = [0; 16];
        let count = second.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"two");
    }
}
