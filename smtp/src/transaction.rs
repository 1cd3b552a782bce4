//! One mail transaction in an open session: envelope, content, and what became of each recipient.
//!
//! [`run`] always returns one [`Outcome`] per recipient it was given. Commands go out together when the server takes
//! them so (PIPELINING), in windows small enough that neither side can block the other; content goes out in large blocks.
//! Decides nothing about other servers or other times: that is `attempt`.

use std::collections::VecDeque;

use delivery::Content;
use mail::{DsnStatus, Recipient};
use queue::ReadError;
use records::delivery::Message;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::Encoder;
use crate::command::{self, Command};
use crate::failure::Failure;
use crate::generic::Generic;
use crate::phase::Phase;
use crate::reply::Reply;
use crate::session::Session;
use crate::settings::Settings;

/// What became of a recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The server took the mail, or the probe; its status and reply.
    Sent(DsnStatus, String),
    /// It did not.
    Failed(Failure),
}

/// What is to be sent.
pub struct Letter<'a> {
    /// The envelope.
    pub message: &'a Message,
    /// Header lines before the content, each with its line feed.
    pub prelude: &'a [u8],
    /// What the addresses in its headers become.
    pub generic: Option<&'a Generic>,
    /// Only ask whether the recipients exist.
    pub probe: bool,
}

/// Send a letter to these recipients.
pub async fn run<S>(
    session: &mut Session<S>,
    settings: &Settings,
    letter: &Letter<'_>,
    recipients: &[&Recipient],
    content: Content<'_>,
) -> Vec<Outcome>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut transaction = Transaction {
        settings,
        letter,
        recipients,
        outcomes: vec![None; recipients.len()],
        accepted: Vec::new(),
        mail_refused: false,
        data: Data::NotAsked,
        session,
    };
    let result = match transaction.refusal() {
        Some(failure) => Err(failure),
        None => transaction.converse(content).await,
    };
    let Transaction {
        outcomes, session, ..
    } = transaction;
    let rest = result.err().unwrap_or_else(|| out_of_step(&session.name));
    if outcomes.contains(&None) && !session.is_broken() {
        session.needs_reset = true;
    }
    let outcomes = outcomes.into_iter();
    let outcomes = outcomes.map(|outcome| outcome.unwrap_or_else(|| Outcome::Failed(rest.clone())));
    outcomes.collect()
}

/// No reply can be this recipient's: only a mistake of ours could come here, and mail waits.
fn out_of_step(name: &str) -> Failure {
    let text = format!("no reply of {name} for this recipient");
    Failure::new(DsnStatus::new(4, 5, 0), text)
}

struct Transaction<'a, S> {
    session: &'a mut Session<S>,
    settings: &'a Settings,
    letter: &'a Letter<'a>,
    recipients: &'a [&'a Recipient],
    outcomes: Vec<Option<Outcome>>,
    accepted: Vec<usize>,
    mail_refused: bool,
    data: Data,
}

/// How far DATA got.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    NotAsked,
    Refused,
    GoAhead,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transaction<'_, S> {
    /// What is known to fail before anything is sent.
    fn refusal(&self) -> Option<Failure> {
        let message = self.letter.message;
        let name = &self.session.name;
        let features = &self.session.features;
        if let Some(limit) = features.size_limit()
            && message.data_size > limit
        {
            let size = message.data_size;
            let text = format!("message size {size} exceeds size limit {limit} of server {name}");
            return Some(Failure::new(DsnStatus::new(5, 3, 4), text));
        }
        if message.smtputf8 && !features.smtputf8 {
            let text = format!("SMTPUTF8 is required, but was not offered by host {name}");
            return Some(Failure::new(DsnStatus::new(5, 6, 7), text));
        }
        None
    }

    async fn converse(&mut self, content: Content<'_>) -> Result<(), Failure> {
        self.session.needs_reset |= self.letter.probe;
        self.envelope().await?;
        match self.data {
            Data::GoAhead if !self.accepted.is_empty() => {
                self.body(content).await?;
                self.end_of_data().await
            }
            Data::GoAhead => {
                // Nobody was accepted, but the server waits for content: an empty message goes nowhere.
                self.session.log_said(b".");
                self.session.stream.write(b".\r\n");
                self.session
                    .limit(self.settings, self.settings.timeouts.data_done);
                self.session.flush(Phase::EndOfData).await?;
                self.session.reply(Phase::EndOfData).await?;
                Ok(())
            }
            Data::NotAsked | Data::Refused => {
                self.session.needs_reset = true;
                Ok(())
            }
        }
    }

    /// Everything up to the reply to DATA.
    async fn envelope(&mut self) -> Result<(), Failure> {
        let window = if self.session.features.pipelining {
            WINDOW
        } else {
            0
        };
        let mut waiting = VecDeque::new();
        let mut written = 0;
        for command in self.commands() {
            let nobody = self.accepted.is_empty() && waiting.is_empty();
            if self.mail_refused || (command == Command::Data && nobody) {
                break;
            }
            written += self.write(command);
            waiting.push_back(command);
            if written >= window {
                self.take_replies(&mut waiting).await?;
                written = 0;
            }
        }
        self.take_replies(&mut waiting).await
    }

    fn commands(&self) -> Vec<Command> {
        let mut commands = Vec::with_capacity(self.recipients.len() + 5);
        if self.session.needs_reset && self.session.uses > 0 {
            commands.push(Command::Rset);
        }
        if self.settings.send_xforward && !self.session.features.xforward.is_empty() {
            commands.extend([Command::XforwardName, Command::XforwardHelo]);
        }
        commands.push(Command::Mail);
        commands.extend((0..self.recipients.len()).map(Command::Rcpt));
        if !self.letter.probe {
            commands.push(Command::Data);
        }
        commands
    }

    /// Append a command to the output; how many bytes it has.
    fn write(&mut self, command: Command) -> usize {
        let Session {
            stream, features, ..
        } = &mut *self.session;
        let output = stream.output();
        let before = output.len();
        let message = self.letter.message;
        match command {
            Command::Rset => output.extend_from_slice(b"RSET\r\n"),
            Command::XforwardName => command::xforward_name(output, features, &message.client),
            Command::XforwardHelo => command::xforward_helo(output, features, message),
            Command::Mail => command::mail(output, features, self.settings, message),
            Command::Rcpt(index) => {
                if let Some(recipient) = self.recipients.get(index) {
                    command::rcpt(output, features, self.settings, recipient);
                }
            }
            Command::Data => output.extend_from_slice(b"DATA\r\n"),
        }
        let written = output.len() - before;
        if maillog::verbose_level() > 0 {
            let output = self.session.stream.output();
            let said = output.get(before..).unwrap_or_default().to_vec();
            self.session.log_said(&said);
        }
        written
    }

    /// Send what is buffered and take the reply to each command.
    async fn take_replies(&mut self, waiting: &mut VecDeque<Command>) -> Result<(), Failure> {
        let Some(first) = waiting.front() else {
            return Ok(());
        };
        let first = first.phase();
        self.session
            .limit(self.settings, first.limit(&self.settings.timeouts));
        self.session.flush(first).await?;
        while let Some(command) = waiting.pop_front() {
            let phase = command.phase();
            self.session
                .limit(self.settings, phase.limit(&self.settings.timeouts));
            let reply = self.session.reply(phase).await?;
            self.take_reply(command, phase, &reply);
        }
        Ok(())
    }

    fn take_reply(&mut self, command: Command, phase: Phase, reply: &Reply) {
        if reply.code == 421 {
            self.session.give_up();
        }
        match command {
            Command::Rset => self.session.needs_reset = self.letter.probe,
            Command::XforwardName | Command::XforwardHelo => {}
            Command::Mail if reply.class() == 2 => {}
            Command::Mail => {
                self.mail_refused = true;
                self.fail_rest(phase, reply);
            }
            Command::Rcpt(_) if self.mail_refused => {}
            Command::Rcpt(index) => self.take_rcpt_reply(index, phase, reply),
            Command::Data if reply.class() == 3 => self.data = Data::GoAhead,
            Command::Data => {
                self.data = Data::Refused;
                self.fail_rest(phase, reply);
            }
        }
    }

    fn take_rcpt_reply(&mut self, index: usize, phase: Phase, reply: &Reply) {
        if reply.class() != 2 {
            let failure = self.refused(reply, phase);
            self.settle(index, Outcome::Failed(failure));
        } else if self.letter.probe {
            self.settle(index, Outcome::Sent(reply.status(), reply.text()));
        } else {
            self.accepted.push(index);
        }
    }

    /// The content, all but its last block.
    async fn body(&mut self, content: Content<'_>) -> Result<(), Failure> {
        let sent = self.send_lines(content).await;
        if sent.is_err() {
            // Without the dot the server must not take what it got for a message.
            self.session.give_up();
        }
        sent
    }

    async fn send_lines(&mut self, mut content: Content<'_>) -> Result<(), Failure> {
        let settings = self.settings;
        let seven_bit = settings.needs_seven_bit(&self.session.features, self.letter.message);
        let mut encoder = Encoder::new(settings, seven_bit);
        encoder.prelude(self.session.stream.output(), self.letter.prelude);
        self.session
            .limit(settings, settings.timeouts.data_transfer);
        if let Some(generic) = self.letter.generic {
            self.send_headers(generic, &mut content, &mut encoder)
                .await?;
        }
        loop {
            let output = self.session.stream.output();
            while output.len() < BLOCK {
                match content.next_line() {
                    Ok(Some(line)) => encoder.line(output, line.text, line.complete),
                    Ok(None) => {
                        encoder.finish(output);
                        return Ok(());
                    }
                    Err(error) => return Err(unreadable(&error)),
                }
            }
            self.session.flush(Phase::Body).await?;
        }
    }

    /// The headers, with other addresses, and whatever came along with the line that ended them.
    async fn send_headers(
        &mut self,
        generic: &Generic,
        content: &mut Content<'_>,
        encoder: &mut Encoder,
    ) -> Result<(), Failure> {
        let mut headers = generic.headers();
        while !headers.are_over() {
            let lines = match content.next_line() {
                Ok(Some(line)) => headers.line(line.text, line.complete).await?,
                Ok(None) => headers.end().await?,
                Err(error) => return Err(unreadable(&error)),
            };
            let output = self.session.stream.output();
            for (text, ends) in lines {
                encoder.line(output, &text, ends);
            }
            if output.len() >= BLOCK {
                self.session.flush(Phase::Body).await?;
            }
        }
        Ok(())
    }

    /// The rest of the content with the dot, and the reply to it: one, or with LMTP one for each recipient.
    async fn end_of_data(&mut self) -> Result<(), Failure> {
        self.session
            .limit(self.settings, self.settings.timeouts.data_done);
        self.session.log_said(b".");
        self.session.flush(Phase::EndOfData).await?;
        let accepted = std::mem::take(&mut self.accepted);
        let groups: Vec<&[usize]> = if self.settings.lmtp {
            accepted.chunks(1).collect()
        } else {
            vec![&accepted]
        };
        for group in groups {
            let reply = self.session.reply(Phase::EndOfData).await?;
            if reply.code == 421 {
                self.session.give_up();
            }
            let outcome = if reply.class() == 2 {
                Outcome::Sent(reply.status(), reply.text())
            } else {
                Outcome::Failed(self.refused(&reply, Phase::EndOfData))
            };
            for &index in group {
                self.settle(index, outcome.clone());
            }
        }
        Ok(())
    }

    fn refused(&self, reply: &Reply, phase: Phase) -> Failure {
        Failure::refused(&self.session.name, &self.session.server.host, reply, phase)
    }

    fn settle(&mut self, index: usize, outcome: Outcome) {
        if let Some(place) = self.outcomes.get_mut(index) {
            *place = Some(outcome);
        }
    }

    /// All recipients that have no outcome yet share this one.
    fn fail_rest(&mut self, phase: Phase, reply: &Reply) {
        self.accepted.clear();
        let failure = self.refused(reply, phase);
        for outcome in &mut self.outcomes {
            outcome.get_or_insert_with(|| Outcome::Failed(failure.clone()));
        }
    }
}

/// The letter cannot be read, by nobody's fault but this system's.
#[must_use]
pub fn unreadable(error: &ReadError) -> Failure {
    let text = format!("unable to read the queue file: {error}");
    Failure {
        damaged: true,
        ..Failure::new(DsnStatus::new(4, 3, 0), text)
    }
}

/// How many bytes of commands wait for replies at most: less than any socket buffer.
const WINDOW: usize = 4 * 1024;

/// How much content is written at once.
const BLOCK: usize = 64 * 1024;
