//! One client's session: its state by phases, and the loop that reads commands and says replies.
//!
//! A connection has a [`Peer`]; HELO adds a [`Hello`], MAIL a [`Transaction`]; leaving a phase drops what belonged to
//! it. Replies collect in the output buffer and go out when no further command has arrived. What each command does is in
//! its own file under `command`. Logs the beginning and the end of the session.

use std::borrow::Cow;
use std::rc::Rc;

use lookup::LookupError;
use net::{LineEnd, LineStream, StreamError};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::access::{Conditions, Effect, Evaluation, Facts, Verdict};
use crate::command::{self, Line, Verb};
use crate::content::BareLf;
use crate::event;
use crate::footer;
use crate::forward::Forward;
use crate::hello::Hello;
use crate::keywords::Keywords;
use crate::limits::Conduct;
use crate::peer::Peer;
use crate::reply::Reply;
use crate::server::Shared;
use crate::statistics::Statistics;
use crate::transaction::Transaction;
use crate::transcript::Transcript;

/// Talk with one client until it is gone.
pub async fn serve<S>(shared: Rc<Shared>, io: S, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    listen_to(&shared, &peer).await;
    event::connect(&peer);
    let history = shared.config.limits.smtpd_history_flush_threshold;
    let mut session = Session {
        transcript: Transcript::new(shared.postmaster.reported, history),
        shared,
        stream: LineStream::new(io),
        rights: Rights::default(),
        judged: Judged::default(),
        peer,
        hello: None,
        forward: None,
        transaction: None,
        conduct: Conduct::default(),
        statistics: Statistics::default(),
        place: Cow::Borrowed("CONNECT"),
        early: false,
        chunk_failed: false,
    };
    let end = match session.talk().await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    session.leave(end).await;
}

/// Log the session in detail if the client is in `debug_peer_list`.
async fn listen_to(shared: &Shared, peer: &Peer) {
    if let Some(address) = peer.address {
        let peers = &shared.tables.debug_peers;
        maillog::raise(peers.level_for_host(peer.name.as_bytes(), address).await);
    }
}

/// What a session knows, by how long it lives.
pub struct Session<S> {
    pub shared: Rc<Shared>,
    pub stream: LineStream<S>,
    /// Who the client is: for the connection, or until XCLIENT.
    pub peer: Peer,
    /// What follows from who it is.
    pub rights: Rights,
    /// What the restrictions of earlier stages left.
    pub judged: Judged,
    /// From HELO or EHLO on.
    pub hello: Option<Hello>,
    /// Between XFORWARD and the end of a transaction.
    pub forward: Option<Box<Forward>>,
    /// Between MAIL and the end of the message.
    pub transaction: Option<Box<Transaction>>,
    /// Errors since the last letter.
    pub conduct: Conduct,
    /// For the postmaster.
    pub transcript: Transcript,
    /// For the last log line.
    pub statistics: Statistics,
    /// Where the session is, for log lines.
    pub place: Cow<'static, str>,
    /// Whether the client has talked ahead of its turn.
    pub early: bool,
    /// Whether the rest of a message in chunks is only skipped.
    pub chunk_failed: bool,
}

/// What a client may do because of its address.
#[derive(Clone, Copy, Default)]
pub struct Rights {
    /// XCLIENT.
    pub xclient: bool,
    /// XFORWARD.
    pub xforward: bool,
    /// How its bare line feeds are taken.
    pub bare_lf: Option<BareLf>,
    /// Which extensions it is not offered.
    pub discarded: Keywords,
    /// The table of those did not answer.
    pub discarded_unknown: bool,
}

/// What the restrictions of earlier stages left (without `smtpd_delay_reject`).
#[derive(Default)]
pub struct Judged {
    /// The client may not do anything.
    pub denied: bool,
    /// By the client's restrictions.
    pub client: Conditions,
    /// By those of HELO.
    pub hello: Conditions,
    /// What is to be done with all its letters.
    pub effects: Vec<Effect>,
}

/// How a session ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The last reply said so.
    Said,
    /// The client hung up.
    Lost,
    /// The client was silent for too long.
    TimedOut,
    /// The client made too many errors.
    TooManyErrors,
}

/// A session only ever ends by [`End`].
pub enum Never {}

impl From<StreamError> for End {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::TimedOut => Self::TimedOut,
            StreamError::Closed | StreamError::Io(_) => Self::Lost,
        }
    }
}

/// What the client sent.
struct Input {
    line: Vec<u8>,
    end: LineEnd,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    async fn talk(&mut self) -> Result<Never, End> {
        self.limit_request();
        Box::pin(self.greet()).await?;
        loop {
            if self.conduct.is_exhausted(&self.shared.config.limits) {
                let host = &self.shared.config.names.myhostname;
                let text = format!("{host} Error: too many errors");
                let reply = Reply::new(421, (4, 7, 0), text.into_bytes());
                self.say(reply).await?;
                return Err(End::TooManyErrors);
            }
            let input = self.next_line().await?;
            Box::pin(self.obey(input)).await?;
        }
    }

    /// The greeting, which is the reply to connecting.
    pub async fn greet(&mut self) -> Result<(), End> {
        self.rights = self.rights_of_peer().await;
        self.judged = Judged::default();
        let shared = Rc::clone(&self.shared);
        let mut evaluation = Evaluation::new(&shared, self.facts("CONNECT"), Conditions::default());
        let verdict = if shared.is_stand_alone() {
            Verdict::Dunno
        } else {
            evaluation.connect().await
        };
        let (conditions, effects) = (evaluation.conditions, evaluation.effects);
        self.judged.client = conditions.clone();
        self.judged.hello = conditions;
        self.judged.effects = effects;
        let reply = match verdict {
            Verdict::Refuse(reply) => {
                self.log_refusal("CONNECT", &reply);
                self.judged.denied = true;
                reply
            }
            Verdict::Permit | Verdict::Dunno => Reply::plain(
                220,
                shared.config.greeting.smtpd_banner.clone().into_bytes(),
            ),
        };
        self.answer(reply).await
    }

    async fn rights_of_peer(&self) -> Rights {
        let tables = &self.shared.tables;
        let config = &self.shared.config;
        let Some(address) = self.peer.address else {
            return Rights {
                discarded: config.discarded,
                ..Rights::default()
            };
        };
        let name = self.peer.name.as_bytes();
        // A list that fails grants nothing; the failure is in the log.
        let in_list = async |list: &lookup::MatchList| {
            !list.is_empty() && list.matches_client(name, address).await.unwrap_or(false)
        };
        let discarded = self.discarded_keywords(address).await;
        Rights {
            xclient: in_list(&tables.xclient_hosts).await,
            xforward: in_list(&tables.xforward_hosts).await,
            bare_lf: in_list(&tables.bare_lf_exclusions)
                .await
                .then_some(BareLf::Accept),
            discarded_unknown: discarded.is_err(),
            discarded: discarded.unwrap_or_default(),
        }
    }

    async fn discarded_keywords(&self, address: std::net::IpAddr) -> Result<Keywords, LookupError> {
        let stock = self.shared.config.discarded;
        let maps = &self.shared.tables.discarded_keywords;
        let Some(value) = maps.find(address.to_string().as_bytes()).await? else {
            return Ok(stock);
        };
        let words = config::Words::from(&*String::from_utf8_lossy(&value));
        Ok(crate::config::keywords(&words).unwrap_or_else(|error| {
            maillog::warning!("{error}");
            stock
        }))
    }

    /// How the client's bare line feeds are taken.
    pub fn bare_lf(&self) -> BareLf {
        self.rights.bare_lf.unwrap_or(self.shared.config.bare_lf)
    }

    fn limit_request(&mut self) {
        let time = self.shared.config.time;
        match time.request_rate {
            Some(rate) => self.stream.limit_all(time.each, Some(rate)),
            None => self.stream.limit_each(time.each),
        }
    }

    /// The next command line. Replies go out before waiting for it.
    async fn next_line(&mut self) -> Result<Input, End> {
        if memchr::memchr(b'\n', self.stream.buffered()).is_none() {
            self.stream.flush().await?;
            self.stream.shrink();
        }
        self.limit_request();
        let limit = self.shared.config.content.line_limit;
        let mut line = Vec::new();
        let mut end = self.stream.read_line(&mut line, limit).await?;
        if end == LineEnd::Limit {
            event::long_line(&self.peer, limit, &line);
            let mut rest = Vec::new();
            while end == LineEnd::Limit {
                end = self.stream.read_line(&mut rest, limit).await?;
            }
        }
        event::heard(&self.peer, &line);
        Ok(Input { line, end })
    }

    /// Do what a command line asks for, and say how it went.
    async fn obey(&mut self, input: Input) -> Result<(), End> {
        let config = Rc::clone(&self.shared);
        let config = &config.config;
        if input.end == LineEnd::Lf && self.bare_lf() == BareLf::Reject {
            let code = config.commands.smtpd_forbid_bare_newline_reject_code;
            let reply = Reply::of(code, (5, 5, 2), "Error: bare <LF> received");
            self.log_refusal(&self.place.clone(), &reply);
            self.conduct.error();
            return self.answer(reply).await;
        }
        let Ok(text) = self.filtered(input.line).await else {
            return self.answer(self.local_error()).await;
        };
        let Some(line) = command::split(&text) else {
            self.conduct.error();
            return self
                .answer(Reply::of(500, (5, 5, 2), "Error: bad syntax"))
                .await;
        };
        self.statistics.begin(line.verb);
        self.transcript.heard(&command::without_secrets(&text));
        if config.smtputf8.smtputf8_enable && std::str::from_utf8(&text).is_err() {
            self.conduct.error();
            return self
                .answer(Reply::of(500, (5, 5, 2), "Error: bad UTF-8 syntax"))
                .await;
        }
        self.place = Cow::Borrowed(line.verb.name());
        let reply = self.decide(&text, line).await?;
        let (failed, junk) = (reply.counts(), line.verb.is_junk());
        let succeeded = !failed && reply.is_success_of(line.verb);
        let result = self.answer(reply).await;
        if failed {
            self.conduct.error();
        }
        if succeeded {
            self.statistics.succeed(line.verb);
        }
        if junk {
            self.conduct.junk(&config.limits);
        }
        result
    }

    async fn filtered(&self, line: Vec<u8>) -> Result<Vec<u8>, LookupError> {
        let filter = &self.shared.tables.command_filter;
        if filter.is_empty() {
            return Ok(line);
        }
        Ok(filter.find(&line).await?.unwrap_or(line))
    }

    /// A table that every command depends on does not answer. This ends the session.
    pub fn local_error(&self) -> Reply {
        let host = &self.shared.config.names.myhostname;
        let text = format!("{host} Server local data error");
        Reply::new(421, (4, 3, 0), text.into_bytes())
    }

    async fn decide(&mut self, text: &[u8], line: Line<'_>) -> Result<Reply, End> {
        let shared = Rc::clone(&self.shared);
        let commands = &shared.config.commands;
        let word = String::from_utf8_lossy(line.word);
        if commands.smtpd_noop_commands.has(&word) {
            return Ok(Reply::of(250, (2, 0, 0), "Ok"));
        }
        if line.verb == Verb::Unknown {
            return Ok(self.unknown(text, line).await);
        }
        if self.judged.denied && line.verb != Verb::Quit {
            let text = format!("Error: access denied for {}", self.peer);
            return Ok(Reply::new(503, (5, 7, 0), text.into_bytes()));
        }
        if self.talks_early(line.verb).await && commands.smtpd_forbid_unauth_pipelining {
            let reply = Reply::of(554, (5, 5, 0), "Error: SMTP protocol synchronization");
            self.say(reply).await?;
            return Err(End::Said);
        }
        self.execute(line).await
    }

    async fn unknown(&mut self, text: &[u8], line: Line<'_>) -> Reply {
        let forbidden = command::looks_like_header(text)
            || self.shared.tables.forbidden.contains(line.word).await;
        if forbidden {
            event::not_smtp(&self.peer, text);
            return Reply::of(221, (2, 7, 0), "Error: I can break rules, too. Goodbye.");
        }
        Reply::of(500, (5, 5, 2), "Error: command not recognized")
    }

    /// Whether the client has, for the first time, sent more than it may before this command's reply.
    async fn talks_early(&mut self, verb: Verb) -> bool {
        let pipelines = self.hello.as_ref().is_some_and(|hello| hello.extended);
        let must_wait = !pipelines || verb.ends_group();
        if self.early || !must_wait || !self.stream.has_input().await {
            return false;
        }
        event::early_talk(verb.name(), &self.peer, self.stream.buffered());
        self.early = true;
        true
    }

    async fn execute(&mut self, line: Line<'_>) -> Result<Reply, End> {
        match line.verb {
            Verb::Helo | Verb::Ehlo => Ok(self.hello(line).await),
            Verb::Mail => Ok(self.mail_from(line.arguments).await),
            Verb::Rcpt => Ok(self.rcpt_to(line.arguments).await),
            Verb::Data => self.data(line.arguments).await,
            Verb::Bdat => self.bdat(line.arguments).await,
            Verb::Vrfy => Ok(self.vrfy(line.arguments).await),
            Verb::Etrn => Ok(self.etrn(line.arguments).await),
            Verb::Xclient => self.xclient(line.arguments).await,
            Verb::Xforward => Ok(self.xforward(line.arguments)),
            Verb::Rset => Ok(self.rset(line.arguments)),
            Verb::Noop => Ok(Reply::of(250, (2, 0, 0), "Ok")),
            Verb::Help => Ok(command::other::help()),
            Verb::Quit => Ok(Reply::of(221, (2, 0, 0), "Bye")),
            Verb::Auth => Ok(command::other::auth()),
            Verb::Starttls => Ok(command::other::starttls()),
            Verb::Unknown => Ok(Reply::of(500, (5, 5, 2), "Error: command not recognized")),
        }
    }

    /// Say a reply; when it ends the session, end it.
    pub async fn answer(&mut self, reply: Reply) -> Result<(), End> {
        let last = reply.hangs_up();
        self.say(reply).await?;
        if last { Err(End::Said) } else { Ok(()) }
    }

    /// Put a reply into the output, late if the client deserves it.
    pub async fn say(&mut self, reply: Reply) -> Result<(), End> {
        if let Some(time) = self.conduct.penalty(&self.shared.config.limits) {
            self.stream.flush().await?;
            tokio::time::sleep(time).await;
        }
        let config = &self.shared.config;
        let mut reply = if config.compatibility.soft_bounce {
            reply.softened()
        } else {
            reply
        };
        let footer = &config.access.smtpd_reject_footer;
        let host = &config.names.myhostname;
        footer::append(&mut reply, footer, &self.facts("UNKNOWN"), host);
        let output = self.stream.output();
        let start = output.len();
        reply.encode(output);
        let said = output.get(start..).unwrap_or_default();
        event::said(&self.peer, said);
        self.transcript.said(&reply, said);
        Ok(())
    }

    /// The session's state, as restrictions see it.
    pub fn facts(&self, stage: &'static str) -> Facts<'_> {
        let transaction = self.transaction.as_deref();
        Facts {
            stage,
            peer: &self.peer,
            hello: self.hello.as_ref(),
            sender: transaction.map(|transaction| &transaction.sender),
            recipient: transaction.and_then(Transaction::only_recipient),
            etrn: None,
            id: transaction.and_then(Transaction::id),
            recipients: transaction.map_or(0, |transaction| transaction.recipients),
            pipelined: self.early,
        }
    }

    /// Log a refusal of the whole session or transaction.
    pub fn log_refusal(&self, stage: &str, reply: &Reply) {
        let stage = Verb::ALL
            .into_iter()
            .map(Verb::name)
            .chain(["CONNECT", "END-OF-MESSAGE"])
            .find(|name| *name == stage)
            .unwrap_or("UNKNOWN");
        event::decision("reject", &self.facts(stage), reply.to_string().as_bytes());
    }

    /// End the transaction, whatever became of it.
    pub fn reset(&mut self) {
        self.transaction = None;
        self.forward = None;
        self.chunk_failed = false;
    }

    async fn leave(mut self, end: End) {
        let id = self.transaction.as_deref().and_then(Transaction::id);
        let how = match end {
            End::Said => None,
            // To hang up after a letter is rude, but nothing is lost by it.
            End::Lost if self.place == "END-OF-MESSAGE" => None,
            End::Lost => Some("lost connection"),
            End::TimedOut => Some("timeout"),
            End::TooManyErrors => Some("too many errors"),
        };
        if let Some(how) = how {
            event::broken_off(id, how, &self.place, &self.peer);
        }
        if end == End::TimedOut {
            let host = &self.shared.config.names.myhostname;
            let text = format!("{host} Error: timeout exceeded");
            let reply = Reply::new(421, (4, 4, 2), text.into_bytes());
            reply.encode(self.stream.output());
            event::said(&self.peer, self.stream.output());
        }
        self.transaction = None;
        if end != End::Lost {
            self.stream.limit_each(FAREWELL_TIME);
            // The client may be gone already; then there is nobody to tell.
            let _ = self.stream.flush().await;
        }
        if let Some(lines) = self.transcript.to_report()
            && !self.shared.is_stand_alone()
        {
            let postmaster = &self.shared.postmaster;
            Box::pin(postmaster.tell(&self.peer, lines, how)).await;
        }
        event::disconnect(&self.peer, &self.statistics);
    }
}

/// How long the last reply may take to be sent.
const FAREWELL_TIME: std::time::Duration = std::time::Duration::from_secs(10);

#[cfg(test)]
mod tests;
