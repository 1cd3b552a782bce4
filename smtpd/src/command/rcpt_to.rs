//! RCPT (RFC 5321 section 4.1.1.3): one recipient. The first that is accepted opens the letter at cleanup.

use std::rc::Rc;

use mail::Address;
use mail::path;
use records::cleanup::Flags;
use tokio::io::{AsyncRead, AsyncWrite};

use super::mail_from::after_keyword;
use super::parameter::RcptParameters;
use crate::access::{Conditions, Evaluation, Facts};
use crate::event;
use crate::forward::Forward;
use crate::reply::Reply;
use crate::session::Session;
use crate::sink::{self, Origin, Sink};
use crate::transaction::Transaction;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// RCPT.
    pub async fn rcpt_to(&mut self, arguments: &[u8]) -> Reply {
        // The transaction is taken out, so that it and the session can be looked at side by side.
        let Some(mut transaction) = self.transaction.take() else {
            return Reply::of(503, (5, 5, 1), "Error: need MAIL command");
        };
        let result = self.add(&mut transaction, arguments).await;
        self.transaction = Some(transaction);
        match result {
            Ok(()) => Reply::of(250, (2, 1, 5), "Ok"),
            Err(reply) => reply,
        }
    }

    async fn add(&mut self, transaction: &mut Transaction, arguments: &[u8]) -> Result<(), Reply> {
        if transaction.chunks.is_some() || self.chunk_failed {
            return Err(Reply::of(503, (5, 5, 1), "Error: RCPT after BDAT"));
        }
        let syntax = || Reply::of(501, (5, 5, 4), "Syntax: RCPT TO:<address>");
        let text = after_keyword(arguments, b"TO:").ok_or_else(syntax)?;
        self.count(transaction)?;
        let (address, options) = path::split(text);
        let bad = || Reply::of(501, (5, 1, 3), "Bad recipient address syntax");
        let recipient = self.path(address, options, false, "RCPT").ok_or_else(bad)?;
        let parameters = RcptParameters::parse(options, self.offered())?;
        self.tell_of_utf8("recipient", &recipient);
        self.resolvable(&transaction.sender, &recipient, bad)
            .await?;
        self.judge_recipient(transaction, &recipient).await?;
        if transaction.letter.is_none() {
            self.open_letter(transaction).await?;
        }
        if let Some(letter) = &mut transaction.letter {
            sink::recipient(letter, &recipient, &parameters);
            if !letter.flow().await {
                return Err(queue_error());
            }
        }
        transaction.recipients += 1;
        transaction.first.get_or_insert(recipient);
        Ok(())
    }

    fn count(&self, transaction: &mut Transaction) -> Result<(), Reply> {
        let limits = &self.shared.config.limits;
        if transaction.recipients < limits.smtpd_recipient_limit {
            return Ok(());
        }
        transaction.excess += 1;
        let reply = Reply::of(452, (4, 5, 3), "Error: too many recipients");
        if transaction.excess > limits.smtpd_recipient_overshoot_limit {
            Err(reply)
        } else {
            Err(reply.forgiven())
        }
    }

    /// Ask the restrictions about a recipient of a transaction that is out of the session.
    async fn judge_recipient(
        &self,
        transaction: &mut Transaction,
        recipient: &Address,
    ) -> Result<(), Reply> {
        let conditions = transaction.conditions.clone();
        let facts = self.facts_of(transaction, recipient, "RCPT");
        let (refusal, effects) = judge(&self.shared, facts, conditions).await;
        transaction.effects.extend(effects);
        refusal.map_or(Ok(()), Err)
    }

    fn facts_of<'a>(
        &'a self,
        transaction: &'a Transaction,
        recipient: &'a Address,
        stage: &'static str,
    ) -> Facts<'a> {
        Facts {
            sender: Some(&transaction.sender),
            recipient: Some(recipient),
            id: transaction.id(),
            recipients: transaction.recipients,
            ..self.facts(stage)
        }
    }

    /// Start the letter, which gives it its id.
    async fn open_letter(&self, transaction: &mut Transaction) -> Result<(), Reply> {
        let config = &self.shared.config;
        let flags = sink::flags(config.content.flags, transaction);
        let mut letter = self.new_letter(flags).await?;
        let forward = self.forward.as_deref();
        let origin = Origin {
            peer: &self.peer,
            hello: self.hello.as_ref(),
            forward,
            local: transaction.local,
            filter: &config.content.filter,
        };
        transaction.asked = flags;
        sink::begin(&mut letter, transaction, &origin);
        let client = forward.map(Forward::client);
        let origin = forward.zip(client.as_deref());
        let origin = origin.map(|(forward, client)| (forward.ident.as_str(), client));
        if let Some(id) = letter.id() {
            event::letter(id, &self.peer, origin);
        }
        transaction.letter = Some(letter);
        Ok(())
    }

    async fn new_letter(&self, flags: Flags) -> Result<Sink, Reply> {
        if let Some(postdrop) = &self.shared.postdrop {
            return Sink::submission(postdrop).map_err(|error| {
                maillog::warning!("run {}: {error}", postdrop.display());
                queue_error()
            });
        }
        match self.shared.cleaner.open(flags).await {
            Ok(Ok(letter)) => Ok(Sink::Cleanup(letter)),
            Ok(Err(outcome)) => Err(super::data::verdict(&outcome)),
            Err(error) => {
                maillog::warning!("problem talking to service cleanup: {error}");
                Err(queue_error())
            }
        }
    }

    /// Ask about a recipient that is no part of a transaction (VRFY).
    pub async fn judge_address(&self, recipient: &Address, stage: &'static str) -> Option<Reply> {
        let facts = Facts {
            recipient: Some(recipient),
            ..self.facts(stage)
        };
        let conditions = self.judged.hello.clone();
        judge(&self.shared, facts, conditions).await.0
    }
}

/// The verdict on a recipient, logged when it is a refusal, and what is to be done with the letter.
async fn judge(
    shared: &Rc<crate::server::Shared>,
    facts: Facts<'_>,
    conditions: Conditions,
) -> (Option<Reply>, Vec<crate::access::Effect>) {
    if shared.is_stand_alone() {
        return (None, Vec::new());
    }
    let mut evaluation = Evaluation::new(shared, facts, conditions);
    let verdict = evaluation.rcpt().await;
    let refusal = evaluation.conclude(verdict);
    if let Some(reply) = &refusal {
        event::decision("reject", &facts, reply.to_string().as_bytes());
    }
    (refusal, evaluation.effects)
}

/// cleanup could not be talked to.
pub fn queue_error() -> Reply {
    Reply::of(451, (4, 3, 0), "Error: queue file write error")
}
