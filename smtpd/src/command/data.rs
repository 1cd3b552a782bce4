//! DATA (RFC 5321 section 4.1.1.4), and the end of a message however it came.
//!
//! Content moves from the read buffer to the letter's block as records. 250 is said only after cleanup has said that
//! the letter is in the queue.

use std::borrow::Cow;
use std::rc::Rc;

use mail::DsnStatus;
use net::StreamError;
use records::cleanup::{Outcome, Status};
use tokio::io::{AsyncRead, AsyncWrite};

use super::rcpt_to::queue_error;
use crate::access::{Conditions, Effect, Evaluation};
use crate::content::{BareLf, Content, Rules};
use crate::event;
use crate::received::Received;
use crate::reply::Reply;
use crate::session::{End, Session};
use crate::sink::{self, Sink};
use crate::transaction::Transaction;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// DATA.
    pub async fn data(&mut self, arguments: &[u8]) -> Result<Reply, End> {
        if let Err(reply) = self.may_send(arguments).await {
            return Ok(reply);
        }
        let Some(mut transaction) = self.transaction.take() else {
            return Ok(Reply::of(503, (5, 5, 1), "Error: need RCPT command"));
        };
        let Some(mut letter) = transaction.letter.take() else {
            return Ok(queue_error());
        };
        self.start_content(&mut letter, &transaction);
        let go_ahead = "End data with <CR><LF>.<CR><LF>";
        self.say(Reply::plain(354, go_ahead.as_bytes())).await?;
        self.stream.flush().await?;
        self.stream.expect_much();
        let mut content = Content::new(self.rules());
        let received = self.receive(&mut content, &mut letter).await;
        transaction.letter = Some(letter);
        self.transaction = Some(transaction);
        let intact = received?;
        self.place = Cow::Borrowed("END-OF-MESSAGE");
        Ok(self.finish(&content, intact, "").await)
    }

    async fn may_send(&mut self, arguments: &[u8]) -> Result<(), Reply> {
        if let Some(reply) = self.hello_missing() {
            return Err(reply);
        }
        let Some(transaction) = self.transaction.as_deref() else {
            return Err(Reply::of(503, (5, 5, 1), "Error: need RCPT command"));
        };
        if transaction.chunks.is_some() || self.chunk_failed {
            return Err(Reply::of(503, (5, 5, 1), "Error: DATA after BDAT"));
        }
        if !arguments.is_empty() {
            return Err(Reply::of(501, (5, 5, 4), "Syntax: DATA"));
        }
        self.may_begin_content("DATA").await
    }

    /// Whether there is somebody to send to, and the restrictions of DATA agree.
    pub async fn may_begin_content(&mut self, stage: &'static str) -> Result<(), Reply> {
        let recipients = self.transaction.as_deref().map_or(0, |t| t.recipients);
        if recipients == 0 {
            return Err(Reply::of(554, (5, 5, 1), "Error: no valid recipients"));
        }
        let shared = Rc::clone(&self.shared);
        if shared.lists.data.is_empty() || shared.is_stand_alone() {
            return Ok(());
        }
        let facts = self.facts(stage);
        let mut evaluation = Evaluation::new(&shared, facts, Conditions::default());
        let verdict = evaluation.data().await;
        let refusal = evaluation.conclude(verdict);
        let effects = evaluation.effects;
        self.conclude(refusal, effects, stage)
    }

    fn conclude(
        &mut self,
        refusal: Option<Reply>,
        effects: Vec<Effect>,
        stage: &'static str,
    ) -> Result<(), Reply> {
        if let Some(reply) = refusal {
            event::decision("reject", &self.facts(stage), reply.to_string().as_bytes());
            return Err(reply);
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.effects.extend(effects);
        }
        Ok(())
    }

    /// How content is read from this client.
    pub fn rules(&self) -> Rules {
        let content = &self.shared.config.content;
        Rules {
            bare_lf: self.bare_lf(),
            line_limit: content.line_limit,
            size_limit: content.size_limit,
        }
    }

    /// The headers that go before the content.
    pub fn start_content(&self, letter: &mut Sink, transaction: &Transaction) {
        let config = &self.shared.config;
        let received = Received {
            peer: &self.peer,
            hello: self.hello.as_ref(),
            host: &config.names.myhostname,
            software: &config.names.mail_name,
            id: letter.id(),
            smtputf8: transaction.parameters.smtputf8,
            only_recipient: transaction.only_recipient().map(mail::Address::as_bytes),
            time: transaction.arrival.seconds,
            hide_client: config.greeting.smtpd_hide_client_session,
        };
        let lines = received.lines();
        sink::content(letter, &transaction.effects.headers, &lines);
    }

    /// Take content until its end; says whether cleanup took it all.
    async fn receive(&mut self, content: &mut Content, letter: &mut Sink) -> Result<bool, End> {
        let mut intact = true;
        loop {
            let progress = content.read_data(self.stream.buffered(), letter.buffer());
            self.stream.consume(progress.consumed);
            if !intact {
                letter.buffer().clear();
            } else {
                intact = letter.flow().await;
            }
            if progress.ended {
                return Ok(intact);
            }
            if progress.consumed == 0
                && let Err(error) = self.stream.read_more().await
            {
                return Err(self.broken(&error, content));
            }
        }
    }

    /// The connection broke within content.
    pub fn broken(&mut self, error: &StreamError, content: &Content) -> End {
        self.place = Cow::Owned(format!("{} ({} bytes)", self.place, content.size()));
        match error {
            StreamError::TimedOut => End::TimedOut,
            StreamError::Closed | StreamError::Io(_) => End::Lost,
        }
    }

    /// The message is complete: judge it, commit it, and say so. `prefix` comes before `queued as`.
    pub async fn finish(&mut self, content: &Content, intact: bool, prefix: &str) -> Reply {
        self.statistics.bare_lf |= content.saw_bare_lf() && self.bare_lf() == BareLf::Note;
        let reply = match self.judge_content(content, intact).await {
            Ok(()) => self.commit(prefix).await,
            Err(reply) => reply,
        };
        self.reset();
        reply
    }

    async fn judge_content(&mut self, content: &Content, intact: bool) -> Result<(), Reply> {
        if !intact {
            return Err(queue_error());
        }
        if content.saw_bare_lf() && self.bare_lf() == BareLf::Reject {
            let code = self
                .shared
                .config
                .commands
                .smtpd_forbid_bare_newline_reject_code;
            let reply = Reply::of(code, (5, 5, 2), "Error: bare <LF> received");
            self.log_refusal("END-OF-MESSAGE", &reply);
            return Err(reply);
        }
        if content.is_too_large() {
            if let Some(id) = self.transaction.as_deref().and_then(Transaction::id) {
                event::too_large(id);
            }
            return Err(outcome(Status::Size));
        }
        let shared = Rc::clone(&self.shared);
        if shared.lists.end_of_data.is_empty() || shared.is_stand_alone() {
            return Ok(());
        }
        let facts = self.facts("END-OF-MESSAGE");
        let mut evaluation = Evaluation::new(&shared, facts, Conditions::default());
        let verdict = evaluation.end_of_data().await;
        let refusal = evaluation.conclude(verdict);
        let effects = evaluation.effects;
        self.conclude(refusal, effects, "END-OF-MESSAGE")
    }

    async fn commit(&mut self, prefix: &str) -> Reply {
        let Some(mut transaction) = self.transaction.take() else {
            return queue_error();
        };
        let Some(mut letter) = transaction.letter.take() else {
            return queue_error();
        };
        let late = letter.id().is_none();
        sink::end(&mut letter, &transaction.effects, transaction.asked);
        let id = match letter.commit(&self.shared.cleaner).await {
            Ok(id) => id,
            Err(reply) => return reply,
        };
        if late {
            event::letter(&id, &self.peer, None);
        }
        self.conduct.redeem();
        self.transcript.rest();
        let text = format!("Ok: {prefix}queued as {id}");
        Reply::new(250, (2, 0, 0), text.into_bytes())
    }
}

fn outcome(status: Status) -> Reply {
    let (code, status, text) = status.reply();
    Reply::with_status(code, status, text.as_bytes())
}

/// What a client is told of cleanup's refusal.
pub fn verdict(refusal: &Outcome) -> Reply {
    let standard = outcome(refusal.status);
    if refusal.reason.is_empty() {
        return standard;
    }
    let split = crate::access::action::Text::parse(&refusal.reason);
    let status = split.status.or(standard.status);
    let status = status.unwrap_or_else(|| DsnStatus::new(5, 7, 1));
    let code = match (status.class, standard.code / 100) {
        (4, 5) => 450,
        (5, 4) => 550,
        _ => standard.code,
    };
    Reply::with_status(code, status, split.text)
}
