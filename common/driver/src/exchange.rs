//! A connection on which each request has one reply, for protocols that the driver itself speaks.
//!
//! The time limit is for the whole request and for the whole reply, not for each piece of them: a server that sends a byte now and then
//! is as late as one that sends none. A connection on which something came unasked is not used: it would be taken for the next reply.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::{Duration, Instant};

use crate::servers::Fault;
use crate::stream::{Stream, endpoint};

/// A connected client.
#[derive(Debug)]
pub struct Exchange {
    reader: BufReader<Timed>,
    limit: Duration,
}

impl Exchange {
    /// Whether this says where a server is: `inet:host:port` or `unix:path`.
    #[must_use]
    pub fn is_server(text: &str) -> bool {
        endpoint(text).is_some()
    }

    /// Connect to `inet:host:port` or `unix:path`. Connecting, a request and a reply may take that long, each.
    pub fn connect(server: &str, limit: Duration) -> Result<Self, String> {
        let stream = Stream::connect(server, limit)?;
        let timed = Timed {
            stream,
            deadline: Instant::now() + limit,
        };
        Ok(Self {
            reader: BufReader::new(timed),
            limit,
        })
    }

    /// Send a request, and read its reply.
    pub fn ask<R>(
        &mut self,
        request: &[u8],
        reply: impl FnOnce(&mut dyn BufRead) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        if !self.reader.buffer().is_empty() || !self.reader.get_ref().stream.is_quiet() {
            return Err(Fault::Lost(
                "closed by the server, or a reply that nobody asked for".to_owned(),
            ));
        }
        self.start();
        self.reader.get_mut().write_all(request)?;
        self.start();
        reply(&mut self.reader)
    }

    fn start(&mut self) {
        self.reader.get_mut().deadline = Instant::now() + self.limit;
    }
}

/// A stream whose reads and writes must be done by a time.
#[derive(Debug)]
struct Timed {
    stream: Stream,
    deadline: Instant,
}

impl Timed {
    /// What is left of the time becomes the limit of the next call.
    fn limit(&self) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_timeout(left)
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.limit()?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.limit()?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    /// A server for one client, and how a client names it.
    fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || serve(listener.accept().unwrap().0));
        format!("inet:127.0.0.1:{port}")
    }

    fn line(reader: &mut dyn BufRead) -> Result<String, Fault> {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        Ok(line)
    }

    #[test]
    fn a_byte_now_and_then_is_late() {
        let server = server(|mut client| {
            client.read_exact(&mut [0; 2]).unwrap();
            while client.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(50));
            }
        });
        let mut exchange = Exchange::connect(&server, Duration::from_millis(300)).unwrap();
        let started = Instant::now();
        let late = exchange.ask(b"a\n", line);
        assert_eq!(late, Err(Fault::Late("timed out".to_owned())));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn what_comes_unasked_ends_the_connection() {
        let server = server(|mut client| {
            let mut request = [0; 2];
            client.read_exact(&mut request).unwrap();
            client.write_all(b"1\n2\n").unwrap();
            drop(client.read(&mut request));
        });
        let mut exchange = Exchange::connect(&server, Duration::from_secs(5)).unwrap();
        assert_eq!(exchange.ask(b"a\n", line), Ok("1\n".to_owned()));
        assert!(matches!(exchange.ask(b"b\n", line), Err(Fault::Lost(_))));
    }

    #[test]
    fn a_closed_connection_is_noticed_before_the_request() {
        let server = server(|mut client| {
            let mut request = [0; 2];
            client.read_exact(&mut request).unwrap();
            client.write_all(b"1\n").unwrap();
        });
        let mut exchange = Exchange::connect(&server, Duration::from_secs(5)).unwrap();
        assert_eq!(exchange.ask(b"a\n", line), Ok("1\n".to_owned()));
        while exchange.reader.get_ref().stream.is_quiet() {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(matches!(exchange.ask(b"b\n", line), Err(Fault::Lost(_))));
    }
}
