//! A notice's headers and its three parts: text for people, fields for programs, the message or its headers (RFC 3462,
//! RFC 3464, RFC 6533).

use delivery::{PostError, Posting};
use mail::outcome::Dsn;
use mail::quote::quote_822;
use mail::stats::Moment;
use mail::{Address, date};
use queue::logfile::Entry;
use records::bounce::Notice;
use template::Template;

use crate::notice::Kind;
use crate::original::Original;
use crate::system::System;
use crate::wrap::wrap;

/// Everything that a notice says.
pub(crate) struct Report<'a> {
    pub(crate) system: &'a System,
    pub(crate) template: &'a Template,
    pub(crate) kind: Kind,
    pub(crate) notice: &'a Notice,
    pub(crate) to: &'a Address,
    pub(crate) for_postmaster: bool,
    pub(crate) headers_only: bool,
    /// Whether readers understand UTF-8 in addresses and headers.
    pub(crate) utf8: bool,
    pub(crate) entries: &'a [&'a Entry],
}

impl Report<'_> {
    /// Write the whole content.
    pub(crate) async fn write(
        &self,
        original: &Original,
        posting: &mut Posting,
    ) -> Result<(), PostError> {
        let now = Moment::now().seconds;
        let id = self.notice.id.as_str();
        let boundary = format!("{id}.{now}/{}", self.system.myhostname);
        let mut lines = Vec::new();
        self.headers(&mut lines, &boundary, now, original);
        self.text(&mut lines, &boundary);
        self.fields(&mut lines, &boundary, original);
        for line in lines {
            posting.line(line).await?;
        }
        self.original(posting, &boundary, original).await?;
        posting.line("").await?;
        posting.line(format!("--{boundary}--")).await
    }

    fn headers(&self, lines: &mut Vec<Vec<u8>>, boundary: &str, now: i64, original: &Original) {
        let template = self.template;
        let subject = if self.for_postmaster && !template.postmaster_subject.is_empty() {
            &template.postmaster_subject
        } else {
            &template.subject
        };
        push(lines, format!("Date: {}", date::header(now)));
        push(lines, format!("From: {}", template.from));
        push(lines, format!("Subject: {subject}"));
        push(
            lines,
            [b"To: ", &*printable(&quote_822(self.to.as_bytes()))].concat(),
        );
        if self.system.threaded
            && let Some(message) = original.message_id()
        {
            let message = printable(&message);
            push(lines, [b"References: ", &*message].concat());
            push(lines, [b"In-Reply-To: ", &*message].concat());
        }
        let made = if self.for_postmaster {
            "generated"
        } else {
            "replied"
        };
        push(lines, format!("Auto-Submitted: auto-{made}"));
        push(lines, "MIME-Version: 1.0");
        push(
            lines,
            "Content-Type: multipart/report; report-type=delivery-status;",
        );
        push(lines, format!("\tboundary=\"{boundary}\""));
        self.encoding(lines);
        push(lines, "");
        push(lines, "This is a MIME-encapsulated message.");
    }

    /// The part for people.
    fn text(&self, lines: &mut Vec<Vec<u8>>, boundary: &str) {
        push(lines, "");
        push(lines, format!("--{boundary}"));
        push(lines, "Content-Description: Notification");
        // $name in the text may be worth UTF-8.
        let plain = self.template.charset.eq_ignore_ascii_case("us-ascii");
        let charset = if self.utf8 || (plain && self.system.smtputf8) {
            "utf-8"
        } else {
            &self.template.charset
        };
        push(
            lines,
            format!("Content-Type: text/plain; charset={charset}"),
        );
        self.encoding(lines);
        push(lines, "");
        if self.for_postmaster {
            push(lines, "");
        } else {
            lines.extend(
                self.template
                    .text
                    .iter()
                    .map(|line| line.clone().into_bytes()),
            );
            push(lines, "");
        }
        for (number, entry) in self.entries.iter().enumerate() {
            if number > 0 {
                push(lines, "");
            }
            let recipient = &entry.recipient;
            let address = quote_822(recipient.address.as_bytes());
            let mut text = [b"<", &*address, b">"].concat();
            let original = recipient.original.as_bytes();
            if !original.is_empty() && !original.eq_ignore_ascii_case(recipient.address.as_bytes())
            {
                let original = quote_822(original);
                text.extend_from_slice(&[b" (expanded from <", &*original, b">)"].concat());
            }
            text.extend_from_slice(b": ");
            text.extend_from_slice(&entry.dsn.reason);
            lines.extend(wrap(&text));
        }
    }

    /// The part for programs.
    fn fields(&self, lines: &mut Vec<Vec<u8>>, boundary: &str, original: &Original) {
        let kind = if self.utf8 {
            "message/global-delivery-status"
        } else {
            "message/delivery-status"
        };
        let (notice, mail_name) = (self.notice, &self.system.mail_name);
        push(lines, "");
        push(lines, format!("--{boundary}"));
        push(lines, "Content-Description: Delivery report");
        push(lines, format!("Content-Type: {kind}"));
        if self.utf8 {
            push(lines, "Content-Transfer-Encoding: 8bit");
        }
        push(lines, "");
        push(
            lines,
            format!("Reporting-MTA: dns; {}", self.system.myhostname),
        );
        if !notice.envelope_id.is_empty() {
            let id = text::xtext::decode(&notice.envelope_id)
                .unwrap_or_else(|| notice.envelope_id.clone());
            push(
                lines,
                [b"Original-Envelope-Id: ", &*printable(&id)].concat(),
            );
        }
        push(
            lines,
            format!("X-{mail_name}-Queue-ID: {}", notice.id.as_str()),
        );
        let sender = self.typed(self.sender());
        push(
            lines,
            [format!("X-{mail_name}-Sender: ").as_bytes(), &*sender].concat(),
        );
        if let Some(arrival) = original.arrival() {
            push(
                lines,
                format!("Arrival-Date: {}", date::header(arrival.seconds)),
            );
        }
        for entry in self.entries {
            push(lines, "");
            self.recipient(lines, entry, original);
        }
    }

    fn recipient(&self, lines: &mut Vec<Vec<u8>>, entry: &Entry, original: &Original) {
        let (recipient, dsn) = (&entry.recipient, &entry.dsn);
        push(
            lines,
            [b"Final-Recipient: ", &*self.typed(&recipient.address)].concat(),
        );
        if !recipient.dsn_orcpt.is_empty() {
            let original = if self.utf8 {
                unembedded(&recipient.dsn_orcpt)
            } else {
                recipient.dsn_orcpt.clone()
            };
            push(
                lines,
                [b"Original-Recipient: ", &*printable(&original)].concat(),
            );
        } else if !recipient.original.is_null() {
            let address = printable(recipient.original.as_bytes());
            let kind = self.address_type(&recipient.original);
            push(
                lines,
                [format!("Original-Recipient: {kind};").as_bytes(), &*address].concat(),
            );
        }
        let action = match (self.kind, dsn.action) {
            (Kind::Failure, _) => "failed",
            (Kind::Delay, _) => "delayed",
            (_, Some(action)) => action.as_str(),
            (_, None) => "delivered",
        };
        push(lines, format!("Action: {action}"));
        push(lines, format!("Status: {}", dsn.status));
        if !dsn.mta_name.is_empty() {
            let kind = if dsn.mta_type.is_empty() {
                b"dns"
            } else {
                dsn.mta_type.as_slice()
            };
            push(
                lines,
                [b"Remote-MTA: ", kind, b"; ", &*printable(&dsn.mta_name)].concat(),
            );
        }
        lines.extend(wrap(&self.diagnostic(dsn)));
        if self.kind == Kind::Delay
            && let Some(arrival) = original.arrival()
        {
            let lifetime = i64::try_from(self.system.queue_lifetime.as_secs()).unwrap_or_default();
            push(
                lines,
                format!(
                    "Will-Retry-Until: {}",
                    date::header(arrival.seconds + lifetime)
                ),
            );
        }
    }

    fn diagnostic(&self, dsn: &Dsn) -> Vec<u8> {
        if dsn.diagnostic_text.is_empty() || dsn.diagnostic_type.is_empty() {
            let own = format!("Diagnostic-Code: X-{}; ", self.system.mail_name);
            return [own.as_bytes(), &dsn.reason].concat();
        }
        [
            b"Diagnostic-Code: ",
            dsn.diagnostic_type.as_slice(),
            b"; ",
            &dsn.diagnostic_text,
        ]
        .concat()
    }

    /// The message, or its headers.
    async fn original(
        &self,
        posting: &mut Posting,
        boundary: &str,
        original: &Original,
    ) -> Result<(), PostError> {
        let Some(mut content) = original.content() else {
            return Ok(());
        };
        let what = match self.kind {
            Kind::Failure | Kind::Delay => "Undelivered ",
            Kind::Success | Kind::Verify => "",
        };
        let (description, kind) = match (self.headers_only, self.utf8) {
            (true, false) => ("Message Headers", "text/rfc822-headers"),
            (true, true) => ("Message Headers", "message/global-headers"),
            (false, false) => ("Message", "message/rfc822"),
            (false, true) => ("Message", "message/global"),
        };
        let mut lines = Vec::new();
        push(&mut lines, "");
        push(&mut lines, format!("--{boundary}"));
        push(
            &mut lines,
            format!("Content-Description: {what}{description}"),
        );
        push(&mut lines, format!("Content-Type: {kind}"));
        self.encoding(&mut lines);
        push(&mut lines, "");
        let sender = printable(&quote_822(self.sender().as_bytes())).into_owned();
        push(
            &mut lines,
            [b"Return-Path: <", sender.as_slice(), b">"].concat(),
        );
        for line in lines {
            posting.line(line).await?;
        }
        let mut at_start = true;
        loop {
            let line = match content.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => {
                    maillog::warning!("{}: read queue file: {error}", self.notice.id.as_str());
                    break;
                }
            };
            if self.headers_only && at_start && line.text.is_empty() {
                break;
            }
            posting.piece(line.text, line.complete).await?;
            at_start = line.complete;
        }
        if !at_start {
            posting.line("").await?;
        }
        Ok(())
    }

    /// The sender as notices show it.
    const fn sender(&self) -> &Address {
        if self.notice.sender.is_null() {
            &self.system.mailer_daemon
        } else {
            &self.notice.sender
        }
    }

    fn encoding(&self, lines: &mut Vec<Vec<u8>>) {
        let eight = self.system.smtputf8 || self.notice.encoding.eq_ignore_ascii_case("8bit");
        if eight {
            push(lines, "Content-Transfer-Encoding: 8bit");
        }
    }

    fn typed(&self, address: &Address) -> Vec<u8> {
        let kind = self.address_type(address);
        [
            kind.as_bytes(),
            b"; ",
            &*printable(&quote_822(address.as_bytes())),
        ]
        .concat()
    }

    fn address_type(&self, address: &Address) -> &'static str {
        if self.utf8 && !address.as_bytes().is_ascii() {
            "utf-8"
        } else {
            "rfc822"
        }
    }
}

fn push(lines: &mut Vec<Vec<u8>>, line: impl Into<Vec<u8>>) {
    lines.push(line.into());
}

fn printable(text: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let bad = |b: &u8| *b < b' ' || *b == 0x7F;
    if text.iter().any(bad) {
        text.iter()
            .map(|b| if bad(b) { b'?' } else { *b })
            .collect::<Vec<u8>>()
            .into()
    } else {
        text.into()
    }
}

/// An original recipient of type `utf-8` with its `\x{...}` as the characters that they stand for (RFC 6533 section 3).
fn unembedded(original: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(original);
    if !text.to_ascii_lowercase().starts_with("utf-8;") {
        return original.to_vec();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once("\\x{") {
        plain.push_str(before);
        let character = after.split_once('}').and_then(|(digits, rest)| {
            let code = u32::from_str_radix(digits, 16).ok()?;
            Some((char::from_u32(code)?, rest))
        });
        match character {
            Some((character, after)) => {
                plain.push(character);
                rest = after;
            }
            None => {
                plain.push_str("\\x{");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain.into_bytes()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};
    use mail::{DsnStatus, QueueId, Recipient, Ret};
    use queue::Layout;

    use super::*;
    use crate::system::Postmaster;
    use template::Templates;

    fn address(text: &str) -> Address {
        Address::new(text).unwrap()
    }

    fn check(entry: &Entry, utf8: bool, parts: &Expect) {
        let system = System {
            layout: Layout::default(),
            myhostname: String::from("mail.example.org"),
            mail_name: String::from("Ferropost"),
            double_bounce: address("double-bounce@mail.example.org"),
            mailer_daemon: address("MAILER-DAEMON@mail.example.org"),
            size_limit: 50_000,
            threaded: false,
            queue_lifetime: Duration::from_secs(432_000),
            smtputf8: false,
            postmaster: Postmaster {
                bounces: None,
                double_bounces: None,
                delays: None,
            },
        };
        let notice = Notice {
            id: QueueId::new("3F2A1C0DE").unwrap(),
            queue: String::from("active"),
            sender: address("sender@example.org"),
            encoding: String::new(),
            smtputf8: utf8,
            envelope_id: b"env+2B7".to_vec(),
            ret: Ret::Unset,
        };
        let mut template = Templates::default().failure;
        template.text = vec![String::from("The text.")];
        let report = Report {
            system: &system,
            template: &template,
            kind: Kind::Failure,
            notice: &notice,
            to: &notice.sender,
            for_postmaster: false,
            headers_only: false,
            utf8,
            entries: &[entry],
        };
        let mut lines = Vec::new();
        report.text(&mut lines, "B");
        report.fields(&mut lines, "B", &Original::absent());
        let lines: Vec<String> = lines
            .into_iter()
            .map(|line| String::from_utf8(line).unwrap())
            .collect();
        parts.assert_eq(&(lines.join("\n") + "\n"));
    }

    #[test]
    fn a_reply_of_another_system() {
        let recipient = Recipient {
            address: address("no such@example.net"),
            original: address("alias@example.org"),
            ..Recipient::default()
        };
        let mut dsn = Dsn::new(
            DsnStatus::new(5, 1, 1),
            "host mx.example.net[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT TO command)",
        );
        dsn.mta_type = b"dns".to_vec();
        dsn.mta_name = b"mx.example.net".to_vec();
        dsn.diagnostic_type = b"smtp".to_vec();
        dsn.diagnostic_text = b"550 5.1.1 no such user".to_vec();
        check(
            &Entry { recipient, dsn },
            false,
            &expect![[r#"

            --B
            Content-Description: Notification
            Content-Type: text/plain; charset=us-ascii

            The text.

            <"no such"@example.net> (expanded from <alias@example.org>): host
                mx.example.net[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT TO
                command)

            --B
            Content-Description: Delivery report
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mail.example.org
            Original-Envelope-Id: env+7
            X-Ferropost-Queue-ID: 3F2A1C0DE
            X-Ferropost-Sender: rfc822; sender@example.org

            Final-Recipient: rfc822; "no such"@example.net
            Original-Recipient: rfc822;alias@example.org
            Action: failed
            Status: 5.1.1
            Remote-MTA: dns; mx.example.net
            Diagnostic-Code: smtp; 550 5.1.1 no such user
        "#]],
        );
    }

    #[test]
    fn an_international_address() {
        let recipient = Recipient {
            address: address("b\u{e4}d@example.net"),
            dsn_orcpt: b"utf-8;b\\x{E4}d@example.net".to_vec(),
            ..Recipient::default()
        };
        let dsn = Dsn::new(DsnStatus::new(5, 1, 1), "unknown user: \"b\u{e4}d\"");
        check(
            &Entry { recipient, dsn },
            true,
            &expect![[r#"

            --B
            Content-Description: Notification
            Content-Type: text/plain; charset=utf-8

            The text.

            <bäd@example.net>: unknown user: "bäd"

            --B
            Content-Description: Delivery report
            Content-Type: message/global-delivery-status
            Content-Transfer-Encoding: 8bit

            Reporting-MTA: dns; mail.example.org
            Original-Envelope-Id: env+7
            X-Ferropost-Queue-ID: 3F2A1C0DE
            X-Ferropost-Sender: rfc822; sender@example.org

            Final-Recipient: utf-8; bäd@example.net
            Original-Recipient: utf-8;bäd@example.net
            Action: failed
            Status: 5.1.1
            Diagnostic-Code: X-Ferropost; unknown user: "bäd"
        "#]],
        );
    }
}
