//! The Received: header of a letter (RFC 5321 section 4.4).

use mail::QueueId;

use crate::hello::Hello;
use crate::peer::Peer;

/// What the header says.
pub struct Received<'a> {
    /// The client.
    pub peer: &'a Peer,
    /// What it called itself, if it did.
    pub hello: Option<&'a Hello>,
    /// `myhostname`.
    pub host: &'a str,
    /// `mail_name`.
    pub software: &'a str,
    /// The letter's id, if it has one yet.
    pub id: Option<&'a QueueId>,
    /// Whether the letter came with SMTPUTF8.
    pub smtputf8: bool,
    /// The recipient as the client wrote it, when there is exactly one.
    pub only_recipient: Option<&'a [u8]>,
    /// When the letter arrived, in seconds since 1970.
    pub time: i64,
    /// Leave the client out (`smtpd_hide_client_session`).
    pub hide_client: bool,
}

impl Received<'_> {
    /// The lines of the header.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let date = mail::date::header(self.time);
        let by = format!("by {} ({})", self.host, self.software);
        let (first, indent) = if self.hide_client {
            (format!("Received: {by}").into_bytes(), "\t")
        } else {
            (self.from(), "\t")
        };
        let with = self.protocol();
        let id = self.id.map_or_else(String::new, |id| format!(" id {id}"));
        let second = if self.hide_client {
            format!("{indent}{}", id.trim_start())
        } else {
            format!("{indent}{by} with {with}{id}")
        };
        match self.only_recipient {
            Some(recipient) => {
                let address = mail::quote::quote_822(recipient);
                let third = [b"\tfor <", &*address, b">; ", date.as_bytes()].concat();
                vec![first, second.into_bytes(), third]
            }
            None if self.hide_client => vec![first, format!("{second}; {date}").into_bytes()],
            None => vec![
                first,
                format!("{second};").into_bytes(),
                format!("\t{date}").into_bytes(),
            ],
        }
    }

    fn from(&self) -> Vec<u8> {
        let name = match self.hello {
            Some(hello) => hello.name.clone(),
            None => self.peer.name.clone().into_bytes(),
        };
        let client = format!(" ({} [{}])", self.peer.name, self.peer.rfc_address());
        [b"Received: from ", name.as_slice(), client.as_bytes()].concat()
    }

    fn protocol(&self) -> String {
        let protocol = self.hello.map_or("SMTP", Hello::protocol);
        match protocol.strip_prefix("ESMTP") {
            Some(rest) if self.smtputf8 => format!("UTF8SMTP{rest}"),
            _ => protocol.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lines() {
        let peer = Peer::for_tests("client.test", "192.0.2.1");
        let hello = Hello::extended(b"helo.test");
        let id = QueueId::new("4bXyz1234567zABCD").unwrap();
        let mut received = Received {
            peer: &peer,
            hello: Some(&hello),
            host: "mail.test",
            software: "Ferropost",
            id: Some(&id),
            smtputf8: false,
            only_recipient: Some(b"a b@c.test"),
            time: 0,
            hide_client: false,
        };
        let text = |received: &Received<'_>| {
            let lines = received.lines();
            String::from_utf8(lines.join(&b'\n')).unwrap()
        };
        let date = mail::date::header(0);
        assert_eq!(
            text(&received),
            format!(
                "Received: from helo.test (client.test [192.0.2.1])\n\tby mail.test (Ferropost) with ESMTP id {id}\n\tfor <\"a b\"@c.test>; {date}"
            )
        );
        received.only_recipient = None;
        received.smtputf8 = true;
        assert_eq!(
            text(&received),
            format!(
                "Received: from helo.test (client.test [192.0.2.1])\n\tby mail.test (Ferropost) with UTF8SMTP id {id};\n\t{date}"
            )
        );
    }
}
