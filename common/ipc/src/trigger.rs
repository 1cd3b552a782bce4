//! Waking a daemon that waits for triggers (qmgr, pickup): a few bytes into its socket or FIFO.
//!
//! A trigger is one letter, as the reference has it, or `=`, a queue id and a line feed: "this message has arrived".
//! Nobody waits for an answer, and a daemon that is not there is no error of the caller's mail: it scans its folders
//! when it starts.

use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use mail::QueueId;

/// A sender of triggers to one daemon; keeps its connection.
pub struct Signal {
    path: PathBuf,
    kept: Option<Kept>,
}

enum Kept {
    Socket(UnixStream),
    Fifo(std::fs::File),
}

impl Signal {
    /// For the daemon behind this socket or FIFO.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            kept: None,
        }
    }

    /// Say that a message has arrived.
    pub fn message(&mut self, id: &QueueId) -> io::Result<()> {
        self.send(format!("={id}\n").as_bytes())
    }

    /// Send bytes over the kept connection, or a new one when it is gone.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(kept) = &mut self.kept
            && kept.write(bytes).is_ok()
        {
            return Ok(());
        }
        self.kept = None;
        let mut fresh = open(&self.path)?;
        fresh.write(bytes)?;
        self.kept = Some(fresh);
        Ok(())
    }
}

/// Send trigger letters once and close.
pub fn wake(path: &Path, letters: &[u8]) -> io::Result<()> {
    open(path)?.write(letters)
}

impl Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Socket(socket) => socket.write_all(bytes),
            Self::Fifo(file) => file.write_all(bytes),
        }
    }
}

/// Neither kind of open waits: a FIFO without a reader and a full socket are errors.
fn open(path: &Path) -> io::Result<Kept> {
    if std::fs::symlink_metadata(path)?.file_type().is_fifo() {
        let mut options = std::fs::OpenOptions::new();
        let file = options
            .write(true)
            .custom_flags(sys::nix::libc::O_NONBLOCK | sys::nix::libc::O_NOFOLLOW)
            .open(path)?;
        return Ok(Kept::Fifo(file));
    }
    let socket = UnixStream::connect(path)?;
    socket.set_nonblocking(true)?;
    Ok(Kept::Socket(socket))
}
