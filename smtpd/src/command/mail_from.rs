//! MAIL (RFC 5321 section 4.1.1.2): the sender, and the start of a transaction.

use std::rc::Rc;

use mail::Address;
use mail::path::{self, Syntax};
use records::resolve::Failure;
use tokio::io::{AsyncRead, AsyncWrite};

use super::parameter::MailParameters;
use crate::access::{Evaluation, Verdict};
use crate::event;
use crate::reply::Reply;
use crate::session::Session;
use crate::transaction::Transaction;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// MAIL.
    pub async fn mail_from(&mut self, arguments: &[u8]) -> Reply {
        match self.begin(arguments).await {
            Ok(transaction) => {
                self.transaction = Some(transaction);
                Reply::of(250, (2, 1, 0), "Ok")
            }
            Err(reply) => reply,
        }
    }

    async fn begin(&mut self, arguments: &[u8]) -> Result<Box<Transaction>, Reply> {
        if let Some(reply) = self.hello_missing() {
            return Err(reply);
        }
        if self.transaction.is_some() {
            return Err(Reply::of(503, (5, 5, 1), "Error: nested MAIL command"));
        }
        let syntax = || Reply::of(501, (5, 5, 4), "Syntax: MAIL FROM:<address>");
        let text = after_keyword(arguments, b"FROM:").ok_or_else(syntax)?;
        self.check_queue()?;
        let (address, options) = path::split(text);
        let sender = self.path(address, options, true, "MAIL");
        let bad = || Reply::of(501, (5, 1, 7), "Bad sender address syntax");
        let sender = sender.ok_or_else(bad)?;
        let parameters = MailParameters::parse(options, self.offered())?;
        self.utf8_allowed(&sender, &parameters)?;
        self.tell_of_utf8("sender", &sender);
        self.resolvable(&sender, &sender, bad).await?;
        let mut transaction = Box::new(Transaction::new(sender, parameters));
        transaction.local = self.rewrites_locally(&transaction.sender).await?;
        self.judge_sender(&mut transaction).await?;
        self.check_size(&transaction)?;
        Ok(transaction)
    }

    async fn rewrites_locally(&self, sender: &Address) -> Result<bool, Reply> {
        self.shared.rewrites_locally(&self.peer).await.map_err(|_| {
            let reply = Reply::of(451, (4, 3, 0), "Temporary lookup error");
            let mut facts = self.facts("MAIL");
            facts.sender = Some(sender);
            event::decision("reject", &facts, reply.to_string().as_bytes());
            reply
        })
    }

    async fn judge_sender(&mut self, transaction: &mut Transaction) -> Result<(), Reply> {
        let shared = Rc::clone(&self.shared);
        if shared.is_stand_alone() {
            return Ok(());
        }
        let mut facts = self.facts("MAIL");
        facts.sender = Some(&transaction.sender);
        let mut evaluation = Evaluation::new(&shared, facts, self.judged.hello.clone());
        let verdict = evaluation.mail().await;
        let (conditions, effects) = (evaluation.conditions, evaluation.effects);
        if let Verdict::Refuse(reply) = verdict {
            event::decision("reject", &facts, reply.to_string().as_bytes());
            return Err(reply);
        }
        transaction.conditions = conditions;
        transaction.effects.extend(self.judged.effects.clone());
        transaction.effects.extend(effects);
        Ok(())
    }

    fn check_queue(&self) -> Result<(), Reply> {
        let Err(free) = self.shared.space.check() else {
            return Ok(());
        };
        let reply = Reply::of(452, (4, 3, 1), "Insufficient system storage");
        let facts = self.facts("MAIL");
        event::decision("reject", &facts, reply.to_string().as_bytes());
        event::low_space(free);
        Err(reply)
    }

    fn check_size(&self, transaction: &Transaction) -> Result<(), Reply> {
        let content = &self.shared.config.content;
        let size = transaction.parameters.size;
        let reply = if content.size_limit > 0 && size > content.size_limit {
            Reply::of(552, (5, 3, 4), "Message size exceeds fixed limit")
        } else if !self.shared.space.has_room(size) {
            Reply::of(452, (4, 3, 1), "Insufficient system storage")
        } else {
            return Ok(());
        };
        let mut facts = self.facts("MAIL");
        facts.sender = Some(&transaction.sender);
        event::decision("reject", &facts, reply.to_string().as_bytes());
        Err(reply)
    }

    fn utf8_allowed(&self, address: &Address, parameters: &MailParameters) -> Result<(), Reply> {
        let strict = self.shared.config.smtputf8.strict_smtputf8;
        if strict && !parameters.smtputf8 && !address.as_bytes().is_ascii() {
            let text = "Must declare SMTPUTF8 to send unicode address";
            return Err(Reply::of(553, (5, 6, 7), text));
        }
        Ok(())
    }

    /// An address in UTF-8 that is taken because smtputf8_enable has an old stock value.
    pub fn tell_of_utf8(&self, role: &str, address: &Address) {
        if self.shared.config.old.smtputf8_enable && !address.as_bytes().is_ascii() {
            let (address, peer) = (event::plain(address.as_bytes()), &self.peer);
            event::old_setting(
                "smtputf8_enable=no",
                format_args!("accept non-ASCII {role} address \"{address}\" from {peer}"),
            );
        }
    }

    /// The address of MAIL or RCPT; `None`, logged, when the text is none.
    pub fn path(&self, text: &[u8], rest: &[u8], empty: bool, verb: &str) -> Option<Address> {
        let syntax = Syntax {
            strict: self.shared.config.commands.strict_rfc821_envelopes,
            allow_empty: empty,
        };
        let separated = rest.first().is_none_or(u8::is_ascii_whitespace);
        let closed = text.starts_with(b"<") <= text.ends_with(b">");
        let address = path::parse(text, syntax)
            .ok()
            .filter(|_| separated && closed);
        if address.is_none() {
            let shown = if separated {
                text.to_vec()
            } else {
                [text, rest].concat()
            };
            event::bad_address(&self.peer, verb, &shown);
        }
        address
    }

    /// Whether trivial-rewrite understands an address.
    pub async fn resolvable(
        &self,
        sender: &Address,
        address: &Address,
        bad: impl Fn() -> Reply,
    ) -> Result<(), Reply> {
        if address.is_null() || self.shared.is_stand_alone() {
            return Ok(());
        }
        let known = self.shared.routes.resolve(sender, address).await;
        if known.route != Err(Failure::BadAddress) {
            // What cannot be told now is the business of the restrictions.
            return Ok(());
        }
        let text = [b"<", address.as_bytes(), b">"].concat();
        event::bad_address(&self.peer, &self.place, &text);
        Err(bad())
    }
}

/// What follows `FROM:` or `TO:`; `None` without it or without anything after it.
pub fn after_keyword<'a>(arguments: &'a [u8], keyword: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = arguments.split_at_checked(keyword.len())?;
    let rest = rest.trim_ascii_start();
    (start.eq_ignore_ascii_case(keyword) && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords() {
        assert_eq!(after_keyword(b"from: <>", b"FROM:"), Some(&b"<>"[..]));
        assert_eq!(after_keyword(b"FROM:", b"FROM:"), None);
        assert_eq!(after_keyword(b"FROM <>", b"FROM:"), None);
    }
}
