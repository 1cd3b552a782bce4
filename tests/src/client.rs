//! A scriptable SMTP client: sends what it is told, byte for byte, and reads replies.

use crate::pattern;
use crate::wait::patience;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use std::fmt;
use std::io::{Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// One connection to an SMTP server.
pub struct Client {
    stream: TcpStream,
    pending: Vec<u8>,
}

/// One reply: its lines as received, without line ends.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The lines, each with code and separator.
    pub lines: Vec<String>,
}

impl Reply {
    /// The whole reply, lines separated by newline.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// The reply code.
    pub fn code(&self) -> u16 {
        self.lines
            .last()
            .and_then(|line| line.get(..3))
            .and_then(|code| code.parse().ok())
            .unwrap_or(0)
    }

    /// Whether an EHLO reply lists this keyword (with these parameters).
    pub fn offers(&self, extension: &str) -> bool {
        self.lines
            .iter()
            .any(|line| line.get(4..) == Some(extension))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.text())
    }
}

impl Client {
    /// Connects from 127.0.0.1 and does not read the greeting.
    pub fn connect(server: &str) -> Self {
        Self::connect_from("127.0.0.1", server)
    }

    /// Connects from a loopback address of the case's choice.
    pub fn connect_from(source: &str, server: &str) -> Self {
        let server: SocketAddrV4 = server.parse().expect("server address");
        let source = SocketAddrV4::new(source.parse().expect("source address"), 0);
        let stream = socket(
            AddressFamily::Inet,
            SockType::Stream,
            SockFlag::SOCK_CLOEXEC,
            None,
        )
        .expect("socket");
        bind(stream.as_raw_fd(), &SockaddrIn::from(source)).expect("bind");
        connect(stream.as_raw_fd(), &SockaddrIn::from(server))
            .unwrap_or_else(|error| panic!("connect to {server}: {error}"));
        let stream = TcpStream::from(stream);
        stream
            .set_read_timeout(Some(patience() + Duration::from_secs(10)))
            .expect("timeout");
        stream.set_nodelay(true).expect("no delay");
        Self {
            stream,
            pending: Vec::new(),
        }
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("send to the server");
    }

    /// Sends bytes; the server may have gone.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Reads one reply.
    ///
    /// # Panics
    /// When the server closes the connection or says nothing for longer than [`patience`].
    pub fn reply(&mut self) -> Reply {
        self.try_reply()
            .expect("a reply, not the end of the connection")
    }

    /// Reads one reply, or the end of the connection.
    pub fn try_reply(&mut self) -> Option<Reply> {
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            let more = line.as_bytes().get(3) == Some(&b'-');
            lines.push(line);
            if !more {
                return Some(Reply { lines });
            }
        }
    }

    /// Sends one command line and reads the reply.
    pub fn say(&mut self, command: &str) -> Reply {
        self.send(format!("{command}\r\n"));
        self.reply()
    }

    /// Sends one command line; its reply must match (see [`crate::pattern`]).
    pub fn expect(&mut self, command: &str, wanted: &str) -> Reply {
        let reply = self.say(command);
        assert!(
            pattern::matches(wanted, &reply.text()),
            "{command}: {reply:?}, not {wanted:?}"
        );
        reply
    }

    /// The next reply must match.
    pub fn expect_reply(&mut self, wanted: &str) -> Reply {
        let reply = self.reply();
        assert!(
            pattern::matches(wanted, &reply.text()),
            "{reply:?}, not {wanted:?}"
        );
        reply
    }

    /// The server must close the connection without another word.
    pub fn expect_end(&mut self) {
        let reply = self.try_reply();
        assert!(reply.is_none(), "{reply:?}, not the end of the connection");
    }

    /// Sends one letter and returns its queue id. `text` has newline line ends and needs no dots doubled.
    pub fn letter(&mut self, sender: &str, recipients: &[&str], text: &str) -> String {
        self.expect(&format!("MAIL FROM:<{sender}>"), "250 2.1.0 Ok");
        for recipient in recipients {
            self.expect(&format!("RCPT TO:<{recipient}>"), "250 2.1.5 Ok");
        }
        self.data(text)
    }

    /// Sends DATA and the text, and returns the queue id.
    pub fn data(&mut self, text: &str) -> String {
        let reply = self.data_reply(text);
        let id = reply.text();
        let id = id.strip_prefix("250 2.0.0 Ok: queued as ");
        id.unwrap_or_else(|| panic!("not queued: {reply:?}"))
            .to_owned()
    }

    /// Sends DATA and the text, and returns the final reply.
    pub fn data_reply(&mut self, text: &str) -> Reply {
        self.expect("DATA", "354 End data with <CR><LF>.<CR><LF>");
        self.content(text)
    }

    /// Sends the text that DATA announced, and returns the final reply.
    pub fn content(&mut self, text: &str) -> Reply {
        let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let wire: String = lines
            .map(|line| format!("{}{line}\r\n", if line.starts_with('.') { "." } else { "" }))
            .collect();
        self.send(format!("{wire}.\r\n"));
        self.reply()
    }

    /// Says goodbye and waits for the end.
    pub fn quit(mut self) {
        self.expect("QUIT", "221 2.0.0 Bye");
        self.expect_end();
    }

    /// Tells the server that nothing more comes, and stays to read.
    pub fn half_close(&mut self) {
        self.stream
            .shutdown(std::net::Shutdown::Write)
            .expect("shutdown");
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                let line = line.strip_suffix(b"\r\n").expect("replies end in CR LF");
                return Some(String::from_utf8_lossy(line).into_owned());
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(size) => self.pending.extend_from_slice(&buffer[..size]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no reply: {error}"),
            }
        }
    }
}
