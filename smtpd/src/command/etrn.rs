//! ETRN (RFC 1985): try now what waits for a site.

use std::rc::Rc;

use records::flush::{Reply as Flushed, Request};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::access::{Evaluation, Facts};
use crate::event;
use crate::reply::Reply;
use crate::session::Session;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// ETRN.
    pub async fn etrn(&mut self, arguments: &[u8]) -> Reply {
        if let Some(reply) = self.hello_missing() {
            return reply;
        }
        if self.transaction.is_some() {
            return Reply::plain(503, &b"Error: MAIL transaction in progress"[..]);
        }
        let mut words = super::words(arguments);
        let (Some(word), None) = (words.next(), words.next()) else {
            return Reply::plain(500, &b"Syntax: ETRN domain"[..]);
        };
        let site = word
            .strip_prefix(b"@")
            .or_else(|| word.strip_prefix(b"#"))
            .unwrap_or(word);
        if let Some(reply) = self.judge_site(site).await {
            return reply;
        }
        match std::str::from_utf8(site) {
            Ok(site) if dns::resolver::is_host_name(site) => self.flush_site(site).await,
            _ => Reply::plain(501, &b"Error: invalid parameter syntax"[..]),
        }
    }

    async fn judge_site(&self, site: &[u8]) -> Option<Reply> {
        let shared = Rc::clone(&self.shared);
        let facts = Facts {
            etrn: Some(site),
            ..self.facts("ETRN")
        };
        let mut evaluation = Evaluation::new(&shared, facts, self.judged.hello.clone());
        let verdict = evaluation.etrn().await;
        let refusal = evaluation.conclude(verdict)?;
        event::decision("reject", &facts, refusal.to_string().as_bytes());
        Some(refusal)
    }

    async fn flush_site(&self, site: &str) -> Reply {
        let request = Request::SendSite(site.to_owned());
        match self.shared.flusher.ask(&request).await {
            Ok(Flushed::Done) => {
                if self.shared.config.old.relay_domains {
                    event::old_setting(
                        "relay_domains=$mydestination",
                        format_args!("flush mail for domain \"{site}\""),
                    );
                }
                Reply::plain(250, &b"Queuing started"[..])
            }
            Ok(Flushed::Unknown) => {
                event::etrn_refused(&self.peer, site);
                Reply::plain(459, format!("<{site}>: service unavailable").into_bytes())
            }
            Ok(Flushed::Bad) => {
                let text = format!("Unable to queue messages for {site}");
                maillog::warning!("bad ETRN {site}... from {}", self.peer);
                Reply::plain(458, text.into_bytes())
            }
            Ok(Flushed::Failed) => Reply::plain(458, &b"Unable to queue messages"[..]),
            Err(error) => {
                maillog::warning!("problem talking to service flush: {error}");
                Reply::plain(458, &b"Unable to queue messages"[..])
            }
        }
    }
}
