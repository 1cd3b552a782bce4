//! Lines over a connection, with time limits.
//!
//! [`LineStream`] wraps any `AsyncRead + AsyncWrite`, so TLS can come between later: [`LineStream::into_parts`] gives the
//! connection back. Reading: [`LineStream::read_line`] for commands and replies, [`LineStream::fill`] and
//! [`LineStream::consume`] for message content in blocks. Writing: [`LineStream::write`] only buffers,
//! [`LineStream::send`] also writes out what became large, [`LineStream::flush`] writes all.
//! Time: [`LineStream::limit_each`] gives every wait its own limit, [`LineStream::limit_all`] one limit for everything
//! until the next call, with a minimum data rate if wanted. The clock is only asked when an operation has to wait.
//! Never logs; end of input, errors and time-outs are values.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::{Instant, Sleep};

/// How a piece returned by [`LineStream::read_line`] ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineEnd {
    /// CR LF.
    CrLf,
    /// LF without CR.
    Lf,
    /// The length limit: more of the line follows.
    Limit,
}

/// Why a conversation cannot go on.
#[derive(Debug)]
pub enum StreamError {
    /// The peer closed the connection.
    Closed,
    /// The time limit passed.
    TimedOut,
    /// The kernel reported an error, such as a reset.
    Io(io::Error),
}

/// A buffered connection that speaks in lines.
pub struct LineStream<S> {
    io: S,
    input: Vec<u8>,
    start: usize,
    output: Vec<u8>,
    limit: Limit,
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Clone, Copy)]
enum Limit {
    None,
    Each(Duration),
    All { until: Instant, rate: Option<u32> },
}

impl<S: AsyncRead + AsyncWrite + Unpin> LineStream<S> {
    /// Without time limits.
    pub const fn new(io: S) -> Self {
        Self {
            io,
            input: Vec::new(),
            start: 0,
            output: Vec::new(),
            limit: Limit::None,
            timer: None,
        }
    }

    /// Let every single wait last at most this long; zero is no limit.
    pub const fn limit_each(&mut self, limit: Duration) {
        self.limit = if limit.is_zero() {
            Limit::None
        } else {
            Limit::Each(limit)
        };
    }

    /// Let everything from now on last at most this long, plus what `rate` bytes per second take.
    pub fn limit_all(&mut self, limit: Duration, rate: Option<u32>) {
        self.limit = Limit::All {
            until: Instant::now() + limit,
            rate: rate.filter(|&rate| rate > 0),
        };
    }

    /// Read one line, or a piece of at most `limit` bytes of it, into `line` (replaced), without its end.
    ///
    /// Only the CR directly before LF belongs to the end. A CR at the limit waits for the byte after it, so that it is
    /// not mistaken for text. At the end of input a part of a line counts as closed.
    pub async fn read_line(
        &mut self,
        line: &mut Vec<u8>,
        limit: usize,
    ) -> Result<LineEnd, StreamError> {
        line.clear();
        let mut searched = 0;
        loop {
            let buffered = self.input.get(self.start..).unwrap_or_default();
            let window = buffered
                .get(..buffered.len().min(limit + 2))
                .unwrap_or_default();
            let unseen = window.get(searched..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unseen) {
                let text = window.get(..searched + at).unwrap_or_default();
                let (text, end) = match text.strip_suffix(b"\r") {
                    Some(text) => (text, LineEnd::CrLf),
                    None => (text, LineEnd::Lf),
                };
                if text.len() <= limit {
                    line.extend_from_slice(text);
                    self.consume(searched + at + 1);
                    return Ok(end);
                }
            }
            if window.len() == limit + 2 {
                line.extend_from_slice(window.get(..limit).unwrap_or_default());
                self.consume(limit);
                return Ok(LineEnd::Limit);
            }
            searched = window.len();
            self.read_more().await?;
        }
    }

    /// What is buffered, after waiting for at least one byte.
    pub async fn fill(&mut self) -> Result<&[u8], StreamError> {
        if self.buffered().is_empty() {
            self.read_more().await?;
        }
        Ok(self.buffered())
    }

    /// What is buffered, without waiting.
    #[must_use]
    pub fn buffered(&self) -> &[u8] {
        self.input.get(self.start..).unwrap_or_default()
    }

    /// Whether the peer has already sent more: bytes in the buffer, or in the kernel.
    pub async fn has_input(&mut self) -> bool {
        if !self.buffered().is_empty() {
            return true;
        }
        let ready = poll_fn(|context| Poll::Ready(self.poll_input(context).is_ready())).await;
        ready && !self.buffered().is_empty()
    }

    /// Whether the connection is still usable: open, nothing unexpected received. Does not wait.
    pub async fn is_quiet(&mut self) -> bool {
        self.buffered().is_empty()
            && poll_fn(|context| Poll::Ready(self.poll_input(context).is_pending())).await
    }

    /// Take bytes off the front of the buffer; never more than there are.
    pub fn consume(&mut self, count: usize) {
        self.start = self.input.len().min(self.start + count);
        if self.start == self.input.len() {
            self.input.clear();
            self.start = 0;
        }
    }

    /// Read into the buffer behind what is there, waiting for at least one byte.
    pub async fn read_more(&mut self) -> Result<(), StreamError> {
        let start = self.input.len();
        self.timed(Self::poll_input).await?;
        let received = self.input.len().saturating_sub(start);
        self.extend_limit(received);
        Ok(())
    }

    /// Make the next reads large at once: message content is coming.
    pub fn expect_much(&mut self) {
        self.input.reserve(MUCH);
    }

    /// Append to the output buffer.
    pub fn write(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// The output buffer itself, for `write!` and encoders.
    pub const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Append to the output buffer, and write it out when it is larger than 64 KiB.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        self.write(bytes);
        if self.output.len() >= LARGE {
            self.flush().await?;
        }
        Ok(())
    }

    /// Write out everything that is buffered.
    pub async fn flush(&mut self) -> Result<(), StreamError> {
        let mut written = 0;
        while written < self.output.len() {
            let from = written;
            let count = self
                .timed(move |stream, context| {
                    let rest = stream.output.get(from..).unwrap_or_default();
                    Pin::new(&mut stream.io).poll_write(context, rest)
                })
                .await?;
            if count == 0 {
                return Err(StreamError::Closed);
            }
            written += count;
            self.extend_limit(count);
        }
        self.output.clear();
        self.output.shrink_to(KEPT);
        self.timed(|stream, context| Pin::new(&mut stream.io).poll_flush(context))
            .await
    }

    /// Give memory back before a long wait.
    pub fn shrink(&mut self) {
        if self.buffered().is_empty() {
            self.input = Vec::new();
            self.start = 0;
        }
        if self.output.is_empty() {
            self.output = Vec::new();
        }
    }

    /// The connection itself.
    pub const fn get_ref(&self) -> &S {
        &self.io
    }

    /// The connection, and what was read from it but not consumed.
    pub fn into_parts(self) -> (S, Vec<u8>) {
        let rest = self.buffered().to_vec();
        (self.io, rest)
    }

    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.make_room();
        match ready!(pin!(self.io.read_buf(&mut self.input)).poll(context)) {
            Ok(0) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Space for another read: small at first, larger for a peer that fills it.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.input.drain(..self.start);
            self.start = 0;
        }
        if self.input.len() == self.input.capacity() {
            let more = self.input.len().clamp(FIRST, LARGE);
            self.input.reserve_exact(more);
        }
    }

    /// Run one operation; only when it has to wait, the timer is set.
    async fn timed<T>(
        &mut self,
        mut operation: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Result<T, StreamError> {
        let mut armed = false;
        poll_fn(|context| {
            if let Poll::Ready(result) = operation(self, context) {
                return Poll::Ready(result.map_err(StreamError::from));
            }
            if !armed {
                armed = true;
                self.arm();
            }
            let expired = match (&self.limit, &mut self.timer) {
                (Limit::None, _) | (_, None) => false,
                (_, Some(timer)) => timer.as_mut().poll(context).is_ready(),
            };
            if expired {
                return Poll::Ready(Err(StreamError::TimedOut));
            }
            Poll::Pending
        })
        .await
    }

    fn arm(&mut self) {
        let until = match self.limit {
            Limit::None => return,
            Limit::Each(limit) => Instant::now() + limit,
            Limit::All { until, .. } => until,
        };
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(until),
            None => self.timer = Some(Box::pin(tokio::time::sleep_until(until))),
        }
    }

    fn extend_limit(&mut self, bytes: usize) {
        if let Limit::All {
            until,
            rate: Some(rate),
        } = &mut self.limit
        {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            *until += Duration::from_secs_f64(f64::from(bytes) / f64::from(*rate));
        }
    }
}

impl From<io::Error> for StreamError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Closed
        } else {
            Self::Io(error)
        }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("connection closed"),
            Self::TimedOut => f.write_str("time limit exceeded"),
            Self::Io(error) => f.write_str(&sys::reason(error)),
        }
    }
}

impl std::error::Error for StreamError {}

/// The first read buffer of a connection, in bytes.
const FIRST: usize = 2048;

/// The read buffer for content, in bytes; it grows for a peer that fills it.
const MUCH: usize = 16 * 1024;

/// What is written at once, and the most a read buffer grows by.
const LARGE: usize = 64 * 1024;

/// What the output buffer keeps between flushes.
const KEPT: usize = 4 * LARGE;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::{AsyncWriteExt, duplex};

    #[tokio::test]
    async fn lines_and_their_ends() {
        let (mut peer, ours) = duplex(3);
        let mut stream = LineStream::new(ours);
        let writing = async {
            peer.write_all(b"one\r\ntwo\nthr\ree\r\r\n\r\nlonger\r\nrest")
                .await
                .unwrap();
            drop(peer);
        };
        let reading = async {
            let mut got = Vec::new();
            let mut line = Vec::new();
            let error = loop {
                match stream.read_line(&mut line, 5).await {
                    Ok(end) => got.push((String::from_utf8(line.clone()).unwrap(), end)),
                    Err(error) => break error,
                }
            };
            (got, error)
        };
        let ((), (got, error)) = tokio::join!(writing, reading);
        let expected = [
            ("one", LineEnd::CrLf),
            ("two", LineEnd::Lf),
            ("thr\re", LineEnd::Limit),
            ("e\r", LineEnd::CrLf),
            ("", LineEnd::CrLf),
            ("longe", LineEnd::Limit),
            ("r", LineEnd::CrLf),
        ];
        assert_eq!(got, expected.map(|(text, end)| (text.to_owned(), end)));
        assert!(matches!(error, StreamError::Closed));
    }

    #[tokio::test]
    async fn limits() {
        let (mut peer, ours) = duplex(100);
        let mut stream = LineStream::new(ours);
        stream.limit_each(Duration::from_millis(20));
        let mut line = Vec::new();
        let result = stream.read_line(&mut line, 10).await;
        assert!(matches!(result, Err(StreamError::TimedOut)));
        stream.limit_all(Duration::from_millis(20), Some(100));
        peer.write_all(b"0123456789").await.unwrap();
        let begun = Instant::now();
        let result = stream.read_line(&mut line, 20).await;
        assert!(matches!(result, Err(StreamError::TimedOut)));
        assert!(begun.elapsed() >= Duration::from_millis(120));
    }

    #[tokio::test]
    async fn quiet_until_the_peer_speaks() {
        let (mut peer, ours) = duplex(100);
        let mut stream = LineStream::new(ours);
        assert!(stream.is_quiet().await);
        assert!(!stream.has_input().await);
        peer.write_all(b"x").await.unwrap();
        assert!(!stream.is_quiet().await);
        assert!(stream.has_input().await);
        stream.consume(1);
        drop(peer);
        assert!(!stream.is_quiet().await);
    }

    #[tokio::test]
    async fn large_output_goes_out() {
        let (mut peer, ours) = duplex(1000);
        let mut stream = LineStream::new(ours);
        let block = vec![b'x'; 100_000];
        let writing = async {
            stream.send(&block).await.unwrap();
            stream.write(b"end");
            stream.flush().await.unwrap();
            drop(stream);
        };
        let mut got = Vec::new();
        let reading = peer.read_to_end(&mut got);
        let ((), read) = tokio::join!(writing, reading);
        assert_eq!(read.unwrap(), 100_003);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(input in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'a')], 0..60), limit in 1usize..9, room in 1usize..9) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let joined = runtime.block_on(async {
                let (mut peer, ours) = duplex(room);
                let mut stream = LineStream::new(ours);
                let sent = input.clone();
                let writing = async move { peer.write_all(&sent).await.unwrap(); };
                let reading = async {
                    let (mut joined, mut line) = (Vec::new(), Vec::new());
                    while let Ok(end) = stream.read_line(&mut line, limit).await {
                        assert!(line.len() <= limit);
                        joined.extend_from_slice(&line);
                        joined.extend_from_slice(match end {
                            LineEnd::CrLf => b"\r\n",
                            LineEnd::Lf => b"\n",
                            LineEnd::Limit => b"",
                        });
                    }
                    joined.extend_from_slice(stream.buffered());
                    joined
                };
                tokio::join!(writing, reading).1
            });
            prop_assert_eq!(joined, input);
        }
    }
}
