//! VRFY (RFC 5321 section 4.1.1.6): whether a recipient would be accepted.

use mail::path::{self, Syntax};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::event;
use crate::reply::Reply;
use crate::session::Session;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// VRFY.
    pub async fn vrfy(&mut self, arguments: &[u8]) -> Reply {
        if self.shared.config.commands.disable_vrfy_command {
            return Reply::of(502, (5, 5, 1), "VRFY command is disabled");
        }
        if let Some(reply) = self.hello_missing() {
            return reply;
        }
        let text = without_smtputf8(arguments);
        if text.is_empty() {
            return Reply::of(501, (5, 5, 4), "Syntax: VRFY address [SMTPUTF8]");
        }
        let bad = || Reply::of(501, (5, 1, 3), "Bad recipient address syntax");
        let lenient = Syntax {
            strict: false,
            allow_empty: false,
        };
        let Ok(recipient) = path::parse(text, lenient) else {
            event::bad_address(&self.peer, "VRFY", text);
            return bad();
        };
        let sender = self.facts("VRFY").sender.cloned().unwrap_or_default();
        if let Err(reply) = self.resolvable(&sender, &recipient, bad).await {
            return reply;
        }
        if let Some(reply) = self.judge_address(&recipient, "VRFY").await {
            return reply;
        }
        Reply::new(252, (2, 0, 0), recipient.as_bytes().to_vec())
    }
}

fn without_smtputf8(arguments: &[u8]) -> &[u8] {
    let at = arguments.iter().rposition(u8::is_ascii_whitespace);
    let split = at.and_then(|at| arguments.split_at_checked(at + 1));
    match split {
        Some((address, word)) if word.eq_ignore_ascii_case(b"SMTPUTF8") => address.trim_ascii_end(),
        _ => arguments,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_no_part_of_the_address() {
        assert_eq!(without_smtputf8(b"a b@c smtputf8"), b"a b@c");
        assert_eq!(without_smtputf8(b"a"), b"a");
    }
}
