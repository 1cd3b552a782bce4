//! HELO and EHLO (RFC 5321 section 4.1.1.1): the client's name, and what this server offers.

use std::fmt::Write;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::{Line, Verb};
use crate::access::{Evaluation, Verdict};
use crate::command::parameter::Offered;
use crate::hello::Hello;
use crate::keywords::Keyword;
use crate::reply::Reply;
use crate::session::Session;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// HELO or EHLO.
    pub async fn hello(&mut self, line: Line<'_>) -> Reply {
        let extended = line.verb == Verb::Ehlo;
        let name = line.arguments;
        if name.is_empty() {
            let text = format!("Syntax: {} hostname", line.verb.name());
            return Reply::plain(501, text.into_bytes());
        }
        if extended && self.rights.discarded_unknown {
            let peer = &self.peer;
            maillog::warning!("don't know what EHLO features to announce to {peer}");
            let reply = self.local_error();
            self.log_refusal(line.verb.name(), &reply);
            return reply;
        }
        let hello = if extended {
            Hello::extended(name)
        } else {
            Hello::simple(name)
        };
        if let Some(reply) = self.judge_hello(&hello, line.verb).await {
            return reply;
        }
        self.reset();
        self.hello = Some(hello);
        if !extended {
            let host = self.shared.config.names.myhostname.clone();
            return Reply::plain(250, host.into_bytes());
        }
        self.log_discarded();
        Reply::plain(250, self.offer().into_bytes())
    }

    async fn judge_hello(&mut self, hello: &Hello, verb: Verb) -> Option<Reply> {
        let shared = Rc::clone(&self.shared);
        if shared.is_stand_alone() {
            return None;
        }
        let mut facts = self.facts(verb.name());
        facts.hello = Some(hello);
        facts.sender = None;
        facts.recipient = None;
        let mut evaluation = Evaluation::new(&shared, facts, self.judged.client.clone());
        let verdict = evaluation.hello().await;
        if let Verdict::Refuse(reply) = verdict {
            crate::event::decision("reject", &facts, reply.to_string().as_bytes());
            return Some(reply);
        }
        let (conditions, effects) = (evaluation.conditions, evaluation.effects);
        self.judged.hello = conditions;
        self.judged.effects.extend(effects);
        None
    }

    fn log_discarded(&self) {
        let discarded = self.rights.discarded;
        if discarded.is_loggable() {
            maillog::info!("discarding EHLO keywords: {discarded}");
        }
    }

    /// The lines of the EHLO reply.
    fn offer(&self) -> String {
        let config = &self.shared.config;
        let mut text = config.names.myhostname.clone();
        let discarded = self.rights.discarded;
        let mut line = |keyword, line: std::fmt::Arguments<'_>| {
            if !discarded.has(keyword) {
                // Writing to a String cannot fail.
                let _ = write!(text, "\n{line}");
            }
        };
        line(Keyword::Pipelining, format_args!("PIPELINING"));
        match config.content.size_limit {
            0 => line(Keyword::Size, format_args!("SIZE")),
            limit => line(Keyword::Size, format_args!("SIZE {limit}")),
        }
        if !config.commands.disable_vrfy_command {
            line(Keyword::Vrfy, format_args!("VRFY"));
        }
        line(Keyword::Etrn, format_args!("ETRN"));
        if self.rights.xclient {
            let names = super::xclient::NAMES;
            line(Keyword::Xclient, format_args!("XCLIENT {names}"));
        }
        if self.rights.xforward {
            let names = super::xforward::NAMES;
            line(Keyword::Xforward, format_args!("XFORWARD {names}"));
        }
        line(
            Keyword::EnhancedStatusCodes,
            format_args!("ENHANCEDSTATUSCODES"),
        );
        line(Keyword::EightBitMime, format_args!("8BITMIME"));
        line(Keyword::Dsn, format_args!("DSN"));
        if config.smtputf8.smtputf8_enable {
            line(Keyword::Smtputf8, format_args!("SMTPUTF8"));
        }
        line(Keyword::Chunking, format_args!("CHUNKING"));
        text
    }

    /// Which parameters MAIL and RCPT may have.
    pub fn offered(&self) -> Offered {
        let discarded = self.rights.discarded;
        Offered {
            dsn: !discarded.has(Keyword::Dsn),
            smtputf8: self.shared.config.smtputf8.smtputf8_enable
                && !discarded.has(Keyword::Smtputf8),
        }
    }

    /// The refusal of a client that has not said HELO, where it must.
    pub fn hello_missing(&self) -> Option<Reply> {
        let missing = self.hello.is_none() && self.shared.config.commands.smtpd_helo_required;
        missing.then(|| Reply::of(503, (5, 5, 1), "Error: send HELO/EHLO first"))
    }
}
