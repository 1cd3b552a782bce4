//! A session with one server: connected, greeted, hello exchanged, ready for transactions.
//!
//! [`Session::open`] does all that. Every method returns a [`Failure`] with the text that log lines carry. A session that
//! failed is [`Session::is_broken`]: not to be used again, not even for QUIT.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use mail::DsnStatus;
use net::connect::{self, ConnectError};
use net::{LineStream, StreamError};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::failure::Failure;
use crate::features::Features;
use crate::phase::Phase;
use crate::reply::{self, Reply};
use crate::server::{Connection, Place, Server};
use crate::settings::{Settings, Source};

/// A session with one server.
pub struct Session<S = Connection> {
    /// The connection.
    pub stream: LineStream<S>,
    /// `host[address]`.
    pub name: String,
    /// Whom we talk to.
    pub server: Server,
    /// What the server offers.
    pub features: Features,
    /// How many transactions it has carried.
    pub uses: u32,
    /// When it was opened.
    pub opened: Instant,
    /// A transaction was given up: RSET before the next.
    pub needs_reset: bool,
    /// Whether the server says hello with our own name.
    ourselves: bool,
    broken: bool,
    lost_in: Option<Phase>,
}

/// Elsewhere than at this port a mail system may well talk to itself, as content filters do.
const SMTP_PORT: u16 = 25;

/// Why there is no session.
#[derive(Debug)]
pub enum OpenError {
    /// No connection: the failure, and nobody to name as relay.
    Unreachable(Failure),
    /// A connection, but no session.
    TurnedAway(Failure),
    /// A connection to this very system.
    Ourselves,
}

impl Session<Connection> {
    /// Connect and say hello.
    pub async fn open(server: &Server, settings: &Settings) -> Result<Self, OpenError> {
        let connection = connect(server, settings).await?;
        let mut session = Self::new(connection, server);
        match session.hello(settings).await {
            Ok(()) if session.ourselves => {
                session.quit(settings).await;
                Err(OpenError::Ourselves)
            }
            Ok(()) => Ok(session),
            Err(failure) => {
                session.quit(settings).await;
                Err(OpenError::TurnedAway(failure))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Around an open connection, before the greeting.
    pub fn new(connection: S, server: &Server) -> Self {
        Self {
            stream: LineStream::new(connection),
            name: server.name(),
            server: server.clone(),
            features: Features::default(),
            uses: 0,
            opened: Instant::now(),
            needs_reset: false,
            ourselves: false,
            broken: false,
            lost_in: None,
        }
    }

    /// Take the greeting, say hello, learn what the server offers.
    pub async fn hello(&mut self, settings: &Settings) -> Result<(), Failure> {
        self.limit(settings, settings.timeouts.hello);
        let greeting = self.reply(Phase::Greeting).await?;
        if greeting.class() != 2 {
            let skip = settings.skip_5xx_greeting;
            return Err(Failure::turned_away(
                &self.name,
                &self.server.host,
                &greeting,
                skip,
            ));
        }
        let esmtp = greeting.lines.iter().any(|line| line.contains("ESMTP"));
        let extended =
            settings.lmtp || (!settings.never_send_ehlo && (settings.always_send_ehlo || esmtp));
        if extended && self.extended_hello(settings).await? {
            return Ok(());
        }
        self.plain_hello(settings).await
    }

    /// EHLO or LHLO; false when the server does not know it.
    async fn extended_hello(&mut self, settings: &Settings) -> Result<bool, Failure> {
        let (verb, phase) = if settings.lmtp {
            ("LHLO", Phase::Lhlo)
        } else {
            ("EHLO", Phase::Ehlo)
        };
        self.limit(settings, settings.timeouts.hello);
        let reply = self
            .command(&format!("{verb} {}", settings.hello_name), phase)
            .await?;
        if reply.class() == 2 {
            self.features = Features::parse(&reply.lines, &settings.discard_keywords);
            self.look_for_ourselves(settings, &reply);
            return Ok(true);
        }
        if settings.lmtp || reply.code == 421 {
            return Err(Failure::turned_away(
                &self.name,
                &self.server.host,
                &reply,
                false,
            ));
        }
        Ok(false)
    }

    async fn plain_hello(&mut self, settings: &Settings) -> Result<(), Failure> {
        self.limit(settings, settings.timeouts.hello);
        let hello = format!("HELO {}", settings.hello_name);
        let reply = self.command(&hello, Phase::Helo).await?;
        if reply.class() == 2 {
            self.look_for_ourselves(settings, &reply);
            Ok(())
        } else {
            Err(Failure::turned_away(
                &self.name,
                &self.server.host,
                &reply,
                false,
            ))
        }
    }

    /// A server at the SMTP port that has our name would send us our own mail.
    fn look_for_ourselves(&mut self, settings: &Settings, reply: &Reply) {
        let at_smtp_port =
            matches!(self.server.place, Place::Inet(address) if address.port() == SMTP_PORT);
        let line = reply.lines.first().and_then(|line| line.get(4..));
        let name = line.and_then(|line| line.split(' ').next());
        if settings.lmtp
            || !at_smtp_port
            || !name.is_some_and(|name| name.eq_ignore_ascii_case(&settings.myhostname))
        {
            return;
        }
        maillog::warning!(
            "host {}:{SMTP_PORT} replied to HELO/EHLO with my own hostname {}",
            self.name,
            settings.myhostname
        );
        self.ourselves = true;
    }

    /// Send one command and take its reply.
    pub async fn command(&mut self, command: &str, phase: Phase) -> Result<Reply, Failure> {
        self.log_said(command.as_bytes());
        self.stream.write(command.as_bytes());
        self.stream.write(b"\r\n");
        self.flush(phase).await?;
        self.reply(phase).await
    }

    /// Tell the verbose log what is said to the server.
    pub fn log_said(&self, lines: &[u8]) {
        if maillog::verbose_level() == 0 {
            return;
        }
        for line in lines.split(|&byte| byte == b'\n') {
            let line = String::from_utf8_lossy(line.trim_ascii_end());
            if !line.is_empty() {
                maillog::verbose!(1, "> {}: {line}", self.server);
            }
        }
    }

    /// Write out what is buffered.
    pub async fn flush(&mut self, phase: Phase) -> Result<(), Failure> {
        let result = self.stream.flush().await;
        result.map_err(|error| self.ended(&error, phase))
    }

    /// Take one reply.
    pub async fn reply(&mut self, phase: Phase) -> Result<Reply, Failure> {
        match reply::read(&mut self.stream).await {
            Ok(reply) => {
                for line in &reply.lines {
                    maillog::verbose!(1, "< {}: {line}", self.server);
                }
                Ok(reply)
            }
            Err(error) => Err(self.ended(&error, phase)),
        }
    }

    /// Set the limit for what comes next.
    pub fn limit(&mut self, settings: &Settings, limit: Duration) {
        if settings.timeouts.per_request {
            self.stream
                .limit_all(limit, Some(settings.timeouts.min_data_rate));
        } else {
            self.stream.limit_each(limit);
        }
    }

    /// Say goodbye, if the server still listens.
    pub async fn quit(mut self, settings: &Settings) {
        if self.broken {
            return;
        }
        self.limit(settings, settings.timeouts.quit);
        self.log_said(b"QUIT");
        self.stream.write(b"QUIT\r\n");
        if self.flush(Phase::Quit).await.is_ok() && !settings.skip_quit_response {
            let _ = self.reply(Phase::Quit).await;
        }
    }

    /// Whether the session must not be used any more.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.broken
    }

    /// The server is about to leave, or the conversation is out of step.
    pub const fn give_up(&mut self) {
        self.broken = true;
    }

    /// Whether the server is still there, and has nothing to say unasked.
    pub async fn is_alive(&mut self) -> bool {
        !self.broken && self.stream.is_quiet().await
    }

    /// Whether the connection was lost before any content was sent, so that trying again cannot send a letter twice.
    #[must_use]
    pub const fn is_dead_before_data(&self) -> bool {
        matches!(
            self.lost_in,
            Some(
                Phase::Rset
                    | Phase::XforwardName
                    | Phase::XforwardHelo
                    | Phase::Mail
                    | Phase::Rcpt
                    | Phase::Data
            )
        )
    }

    fn ended(&mut self, error: &StreamError, phase: Phase) -> Failure {
        self.broken = true;
        self.lost_in = Some(phase);
        Failure::ended(&self.name, error, phase)
    }
}

async fn connect(server: &Server, settings: &Settings) -> Result<Connection, OpenError> {
    let limit = settings.timeouts.connect;
    let connected = match &server.place {
        Place::Inet(socket) => {
            let source = source_for(*socket, &settings.source);
            match connect::tcp(*socket, source, limit).await {
                Err(ConnectError::Bind(address, error)) if !settings.source.enforce => {
                    maillog::warning!("smtp_connect_addr: bind {address}: {error}");
                    connect::tcp(*socket, None, limit).await
                }
                result => result,
            }
            .map(Connection::Tcp)
        }
        Place::Unix(path) => connect::unix(path, limit).await.map(Connection::Unix),
    };
    connected.map_err(|error| {
        let (status, text) = match &error {
            ConnectError::Bind(address, error) => (
                DsnStatus::new(4, 4, 0),
                format!("server unavailable: unable to use source address {address}: {error}"),
            ),
            ConnectError::Refused(_) | ConnectError::TimedOut => (
                DsnStatus::new(4, 4, 1),
                format!("connect to {server}: {error}"),
            ),
        };
        OpenError::Unreachable(Failure::new(status, text))
    })
}

fn source_for(server: SocketAddr, source: &Source) -> Option<IpAddr> {
    match server {
        SocketAddr::V4(_) => source.ipv4.map(IpAddr::V4),
        SocketAddr::V6(_) => source.ipv6.map(IpAddr::V6),
    }
}
