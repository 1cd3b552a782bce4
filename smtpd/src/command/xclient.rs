//! XCLIENT (XCLIENT_README): a trusted client says who the client really is. The session starts again from there.

use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::hello::Hello;
use crate::peer::{NameStatus, Peer, UNKNOWN};
use crate::reply::Reply;
use crate::session::{End, Session};

/// The attributes, as EHLO lists them.
pub const NAMES: &str = "NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT";

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// XCLIENT.
    pub async fn xclient(&mut self, arguments: &[u8]) -> Result<Reply, End> {
        if !self.rights.xclient {
            let text = "Error: insufficient authorization";
            return Ok(Reply::of(550, (5, 7, 0), text));
        }
        if self.transaction.is_some() {
            return Ok(Reply::of(
                503,
                (5, 5, 1),
                "Error: MAIL transaction in progress",
            ));
        }
        if arguments.is_empty() {
            let text = "Syntax: XCLIENT attribute=value...";
            return Ok(Reply::of(501, (5, 5, 4), text));
        }
        let mut client = Claimed {
            peer: self.peer.clone(),
            hello: self.hello.clone(),
        };
        for word in super::words(arguments) {
            if let Err(reply) = client.take(word) {
                return Ok(reply);
            }
        }
        self.peer = client.peer;
        self.hello = client.hello;
        self.reset();
        self.early = false;
        // The greeting is this command's reply.
        self.greet().await.map(|()| Reply::said())
    }
}

/// The client that is spoken for.
struct Claimed {
    peer: Peer,
    hello: Option<Hello>,
}

impl Claimed {
    fn take(&mut self, word: &[u8]) -> Result<(), Reply> {
        let (name, value) = attribute(word)?;
        let text = String::from_utf8_lossy(&value).into_owned();
        let bad = || bad_value(&name, &value);
        match name.as_str() {
            "NAME" => (self.peer.name, self.peer.name_status) = host(&text).ok_or_else(bad)?,
            "REVERSE_NAME" => {
                (self.peer.reverse_name, self.peer.reverse_status) = host(&text).ok_or_else(bad)?;
            }
            "ADDR" => self.peer.address = address(&text).ok_or_else(bad)?,
            "PORT" => self.peer.port = port(&text).ok_or_else(bad)?,
            "DESTADDR" => {
                let address = address(&text).ok_or_else(bad)?;
                let port = self.peer.server.map_or(0, |server| server.port());
                self.peer.server = address.map(|address| SocketAddr::new(address, port));
            }
            "DESTPORT" => {
                let port = port(&text).ok_or_else(bad)?.parse().unwrap_or(0);
                if let Some(server) = &mut self.peer.server {
                    server.set_port(port);
                }
            }
            "HELO" => {
                let extended = self.hello.as_ref().is_some_and(|hello| hello.extended);
                self.hello = known(&text).then(|| Hello {
                    extended,
                    ..Hello::simple(&value)
                });
            }
            "PROTO" => {
                let extended = match text.to_ascii_uppercase().as_str() {
                    "SMTP" => false,
                    "ESMTP" => true,
                    _ => return Err(bad()),
                };
                if let Some(hello) = &mut self.hello {
                    hello.extended = extended;
                }
            }
            // There are no logins that a client could lend.
            "LOGIN" => {}
            _ => {
                let text = format!("Bad XCLIENT attribute name: {name}");
                return Err(Reply::new(501, (5, 5, 4), text.into_bytes()));
            }
        }
        Ok(())
    }
}

/// `NAME=xtext`, decoded.
pub fn attribute(word: &[u8]) -> Result<(String, Vec<u8>), Reply> {
    let at = word.iter().position(|&b| b == b'=');
    let split = at.and_then(|at| Some((word.get(..at)?, word.get(at + 1..)?)));
    let Some((name, value)) = split else {
        return Err(Reply::of(501, (5, 5, 4), "Error: attribute=value expected"));
    };
    let name = String::from_utf8_lossy(name).to_ascii_uppercase();
    match text::xtext::decode(value) {
        Some(value) if value.iter().all(|b| !b.is_ascii_control()) => Ok((name, value)),
        _ => Err(bad_value(&name, value)),
    }
}

/// The reply to a value that makes no sense.
pub fn bad_value(name: &str, value: &[u8]) -> Reply {
    let text = [b"Bad ", name.as_bytes(), b" syntax: ", value].concat();
    Reply::new(501, (5, 5, 4), text)
}

/// Whether a value says something.
pub fn known(value: &str) -> bool {
    !value.eq_ignore_ascii_case("[UNAVAILABLE]") && !value.eq_ignore_ascii_case("[TEMPUNAVAIL]")
}

fn host(value: &str) -> Option<(String, NameStatus)> {
    let unknown = UNKNOWN.to_owned();
    if value.eq_ignore_ascii_case("[TEMPUNAVAIL]") {
        return Some((unknown, NameStatus::Temporary));
    }
    if !known(value) {
        return Some((unknown, NameStatus::Missing));
    }
    dns::resolver::is_host_name(value).then(|| (value.to_owned(), NameStatus::Known))
}

/// An address with or without `IPv6:` before it; the inner `None` when it is not available.
pub fn address(value: &str) -> Option<Option<IpAddr>> {
    if !known(value) {
        return Some(None);
    }
    let text = match value.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => value.get(5..)?,
        _ => value,
    };
    text.parse().ok().map(net::cidr::canonical).map(Some)
}

/// A port's number, or `unknown`.
pub fn port(value: &str) -> Option<String> {
    if !known(value) {
        return Some(UNKNOWN.to_owned());
    }
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    let number: Option<u16> = digits.then(|| value.parse().ok()).flatten();
    number.map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claim(word: &str) -> Result<Claimed, String> {
        let mut claimed = Claimed {
            peer: Peer::local(),
            hello: Some(Hello::extended(b"x")),
        };
        claimed
            .take(word.as_bytes())
            .map_err(|reply| reply.to_string())?;
        Ok(claimed)
    }

    #[test]
    fn attributes() {
        assert_eq!(claim("NAME=foo.test").unwrap().peer.name, "foo.test");
        let gone = claim("name=[TEMPUNAVAIL]").unwrap().peer;
        assert_eq!(
            (gone.name.as_str(), gone.name_status),
            (UNKNOWN, NameStatus::Temporary)
        );
        assert_eq!(
            claim("ADDR=IPv6:2001:db8::1").unwrap().peer.address_text(),
            "2001:db8::1"
        );
        assert!(!claim("PROTO=SMTP").unwrap().hello.unwrap().extended);
        for (word, reply) in [
            ("FOO=bar", "501 5.5.4 Bad XCLIENT attribute name: FOO"),
            ("FOO", "501 5.5.4 Error: attribute=value expected"),
            ("ADDR=99", "501 5.5.4 Bad ADDR syntax: 99"),
            ("PROTO=FOO", "501 5.5.4 Bad PROTO syntax: FOO"),
            ("NAME=a+2", "501 5.5.4 Bad NAME syntax: a+2"),
        ] {
            assert_eq!(claim(word).err().as_deref(), Some(reply), "{word}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(word: Vec<u8>) {
            let mut claimed = Claimed { peer: Peer::local(), hello: None };
            let _ = claimed.take(&word);
        }
    }
}
