//! The text after each refusal (`smtpd_reject_footer`).
//!
//! The template's `$name`s are filled in from the session; `\n` in it begins a new line of the reply, `\c` at its start
//! continues the reply's own line.

use crate::access::Facts;
use crate::reply::Reply;

/// Append the footer to a refusal.
pub fn append(reply: &mut Reply, template: &str, facts: &Facts<'_>, host: &str) {
    if template.is_empty() || !reply.is_error() {
        return;
    }
    let mut names = |name: &[u8]| value(name, facts, host);
    let text = match text::expand::expand(template.as_bytes(), &mut names) {
        Ok(text) => text,
        Err(error) => {
            maillog::warning!("smtpd_reject_footer: {error}");
            return;
        }
    };
    let text = unescaped(&text);
    let (separator, text): (&[u8], &[u8]) = match text.strip_prefix(br"\c") {
        Some(rest) => (b"", rest),
        None => (b"\n", &text),
    };
    reply.text = [&*reply.text, separator, text].concat().into();
}

fn value(name: &[u8], facts: &Facts<'_>, host: &str) -> Option<Vec<u8>> {
    let peer = facts.peer;
    Some(match name {
        b"client" => peer.to_string().into_bytes(),
        b"client_name" => peer.name.clone().into_bytes(),
        b"client_address" => peer.address_text().into_bytes(),
        b"client_port" => peer.port.clone().into_bytes(),
        b"helo_name" => facts.hello?.name.clone(),
        b"sender" => facts.sender?.as_bytes().to_vec(),
        b"recipient" => facts.recipient?.as_bytes().to_vec(),
        b"server_name" | b"myhostname" => host.as_bytes().to_vec(),
        b"server_address" => peer.server?.ip().to_string().into_bytes(),
        b"server_port" => peer.server?.port().to_string().into_bytes(),
        b"localtime" => localtime().into_bytes(),
        _ => return None,
    })
}

fn localtime() -> String {
    let now = mail::stats::Moment::now().seconds;
    maillog::line::stamp(now)
}

/// `\n` becomes a line feed; every other backslash stays.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        match after.split_first() {
            Some((b'n', after)) if *byte == b'\\' => {
                plain.push(b'\n');
                rest = after;
            }
            _ => {
                plain.push(*byte);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Peer;

    fn with(template: &str) -> String {
        let peer = Peer::for_tests("a.test", "192.0.2.1");
        let facts = Facts {
            stage: "RCPT",
            peer: &peer,
            hello: None,
            sender: None,
            recipient: None,
            etrn: None,
            id: None,
            recipients: 0,
            pipelined: false,
        };
        let mut reply = Reply::of(550, (5, 7, 1), "no");
        append(&mut reply, template, &facts, "mail.test");
        let mut output = Vec::new();
        reply.encode(&mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn lines() {
        assert_eq!(
            with(r"ask $server_name\nsay $client_address"),
            "550-5.7.1 no\r\n550-5.7.1 ask mail.test\r\n550 5.7.1 say 192.0.2.1\r\n"
        );
        assert_eq!(with(r"\c. Ask us"), "550 5.7.1 no. Ask us\r\n");
        assert_eq!(with(""), "550 5.7.1 no\r\n");
    }
}
