//! One end of a conversation: whole messages in, whole messages out.

use std::collections::VecDeque;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use sys::peer::Peer;

use crate::stream::Stream;
use crate::{Error, Message, Protocol, frame, hello};

/// A peer may take this long, unless the program says otherwise (ipc_timeout).
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);
/// Bytes asked for at once.
const CHUNK: usize = 16 * 1024;

/// A connected socket with what has been received but not yet asked for. The typed ends are [`crate::Client`] and
/// [`crate::Server`].
pub struct Connection {
    stream: Stream,
    received: Vec<u8>,
    start: usize,
    descriptors: VecDeque<OwnedFd>,
    outgoing: Vec<u8>,
    greeted: bool,
}

impl Connection {
    /// Connect to a server's socket.
    pub async fn connect(path: &Path, timeout: Duration) -> Result<Self, Error> {
        Ok(Self::new(Stream::connect(path, timeout).await?))
    }

    /// Take a connected socket, which waits on the runtime, or blocks in a program without one.
    pub fn adopt(socket: UnixStream, timeout: Duration) -> Result<Self, Error> {
        Ok(Self::new(Stream::adopt(socket, timeout)?))
    }

    /// Take a blocking socket, in a worker or a command.
    pub fn blocking(socket: UnixStream) -> Result<Self, Error> {
        socket.set_nonblocking(false)?;
        let mut stream = Stream::Blocking(socket);
        stream.set_timeout(DEFAULT_TIMEOUT)?;
        Ok(Self::new(stream))
    }

    /// Take a socket that waits on the runtime.
    #[cfg(feature = "runtime")]
    pub fn waiting(socket: tokio::net::UnixStream) -> std::io::Result<Self> {
        let socket = crate::waiting::Waiting::new(socket, DEFAULT_TIMEOUT)?;
        Ok(Self::new(Stream::Waiting(socket)))
    }

    fn new(stream: Stream) -> Self {
        Self {
            stream,
            received: Vec::new(),
            start: 0,
            descriptors: VecDeque::new(),
            outgoing: Vec::new(),
            greeted: false,
        }
    }

    /// Change how long the peer may take for each read or write.
    pub fn set_timeout(&mut self, timeout: Duration) -> Result<(), Error> {
        self.stream.set_timeout(timeout)
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// The process at the other end.
    pub fn peer(&self) -> Result<Peer, Error> {
        Ok(sys::peer::of(self.as_fd())?)
    }

    /// Put our hello before the first message that goes out.
    pub(crate) fn greet<P: Protocol>(&mut self) {
        self.outgoing.extend_from_slice(&hello::of::<P>());
    }

    /// Encode a message into what goes out at the next flush.
    pub(crate) fn queue<M: Message>(&mut self, message: &M, max: usize) -> Result<(), Error> {
        frame::encode(message, max, &mut self.outgoing)
    }

    /// How many bytes are queued.
    pub(crate) const fn queued(&self) -> usize {
        self.outgoing.len()
    }

    /// Whether the next message can be received without waiting.
    pub(crate) fn has_message(&self, max: usize) -> bool {
        let pending = self.pending();
        let whole = |length| pending.len() >= frame::HEADER + length;
        self.greeted && matches!(frame::length(pending, max), Ok(Some(length)) if whole(length))
    }

    /// Send what is queued.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let result = self.stream.write_all(&self.outgoing).await;
        self.outgoing.clear();
        result
    }

    /// Send what is queued, a descriptor going with it.
    pub(crate) async fn flush_with(&mut self, passed: BorrowedFd<'_>) -> Result<(), Error> {
        let result = self.stream.write_with(&self.outgoing, passed).await;
        self.outgoing.clear();
        result
    }

    /// Receive a message; `None` when the peer closed between messages.
    pub(crate) async fn receive<P: Protocol, M: Message>(
        &mut self,
        carries: bool,
    ) -> Result<Option<M>, Error> {
        if !self.greeted {
            while self.pending().len() < hello::LENGTH {
                if !self.more(carries).await? {
                    return if self.pending().is_empty() {
                        Ok(None)
                    } else {
                        Err(Error::Closed)
                    };
                }
            }
            hello::check::<P>(self.pending().get(..hello::LENGTH).unwrap_or_default())?;
            self.start += hello::LENGTH;
            self.greeted = true;
        }
        loop {
            if let Some(length) = frame::length(self.pending(), P::MAX_FRAME)? {
                let body = self.pending().get(frame::HEADER..).unwrap_or_default();
                if let Some(body) = body.get(..length) {
                    let message = frame::decode(body)?;
                    self.start += frame::HEADER + length;
                    return Ok(Some(message));
                }
            }
            if !self.more(carries).await? {
                return if self.pending().is_empty() {
                    Ok(None)
                } else {
                    Err(Error::Closed)
                };
            }
        }
    }

    /// The oldest descriptor that arrived and was not yet taken.
    pub(crate) fn take_descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptors.pop_front()
    }

    fn pending(&self) -> &[u8] {
        self.received.get(self.start..).unwrap_or_default()
    }

    /// Read more; `false` at the end.
    async fn more(&mut self, carries: bool) -> Result<bool, Error> {
        self.received.drain(..self.start);
        self.start = 0;
        let filled = self.received.len();
        self.received.resize(filled + CHUNK, 0);
        let free = self.received.get_mut(filled..).unwrap_or_default();
        let result = if carries {
            self.stream
                .read_with(free)
                .await
                .map(|(count, descriptor)| {
                    self.descriptors.extend(descriptor);
                    count
                })
        } else {
            self.stream.read(free).await
        };
        let count = *result.as_ref().unwrap_or(&0);
        self.received.truncate(filled + count);
        result.map(|count| count > 0)
    }
}
