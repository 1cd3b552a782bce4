//! Records from standard input, while signals are watched for.

use std::io;
use std::os::fd::AsFd;

use queue::record::{self, Head, RecordType};
use sys::nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use sys::nix::unistd::read;
use sys::signal::{Kind, Signals};

/// Bytes that are asked for at once.
const CHUNK: usize = 64 * 1024;

/// Standard input, as records.
pub(crate) struct Input {
    signals: Signals,
    buffer: Vec<u8>,
    start: usize,
}

/// Why there is no further record.
#[derive(Debug)]
pub(crate) enum InputEnd {
    /// The input ended within the message.
    Early,
    /// Bytes that are no record, or one that is too long.
    Malformed,
    /// Somebody wants the program to stop.
    Signal(Kind),
    /// It cannot be read.
    Failed(io::Error),
}

impl From<io::Error> for InputEnd {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Input {
    pub(crate) fn new() -> io::Result<Self> {
        let kinds = [Kind::SIGHUP, Kind::SIGINT, Kind::SIGQUIT, Kind::SIGTERM];
        Ok(Self {
            signals: Signals::new(&kinds)?,
            buffer: Vec::new(),
            start: 0,
        })
    }

    /// The next record, which must not be longer than `longest`.
    pub(crate) fn next_record(&mut self, longest: usize) -> Result<(RecordType, &[u8]), InputEnd> {
        let (kind, head, length) = loop {
            match record::head(self.pending()) {
                Head::Complete { length, .. } if length > longest => {
                    return Err(InputEnd::Malformed);
                }
                Head::Complete { kind, head, length } if self.pending().len() >= head + length => {
                    break (kind, head, length);
                }
                Head::Malformed => return Err(InputEnd::Malformed),
                Head::Complete { .. } | Head::Incomplete => self.more()?,
            }
        };
        let data = self.start + head;
        self.start = data + length;
        let data = self.buffer.get(data..self.start);
        Ok((kind, data.ok_or(InputEnd::Malformed)?))
    }

    fn pending(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn more(&mut self) -> Result<(), InputEnd> {
        self.wait()?;
        self.buffer.drain(..self.start);
        self.start = 0;
        let filled = self.buffer.len();
        self.buffer.resize(filled + CHUNK, 0);
        let free = self.buffer.get_mut(filled..).unwrap_or_default();
        let count = loop {
            match read(io::stdin(), free) {
                Err(sys::nix::Error::EINTR) => {}
                result => break result.map_err(io::Error::from),
            }
        };
        self.buffer.truncate(filled + *count.as_ref().unwrap_or(&0));
        match count? {
            0 => Err(InputEnd::Early),
            _ => Ok(()),
        }
    }

    /// Wait for input; a signal that came meanwhile goes first.
    fn wait(&mut self) -> Result<(), InputEnd> {
        loop {
            if let Some(signal) = self.signals.take()? {
                return Err(InputEnd::Signal(signal));
            }
            let stdin = io::stdin();
            let mut both = [
                PollFd::new(stdin.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut both, PollTimeout::NONE) {
                Ok(_) | Err(sys::nix::Error::EINTR) => {}
                Err(error) => return Err(io::Error::from(error).into()),
            }
            let [input, signals] = &both;
            if !signals.any().unwrap_or(false) && input.any().unwrap_or(false) {
                return Ok(());
            }
        }
    }
}
