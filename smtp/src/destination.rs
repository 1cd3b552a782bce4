//! Destinations as transport tables, relayhost and fallback_relay write them. Pure.
//!
//! SMTP: `domain`, `domain:port` (MX lookup), `[host]`, `[host]:port`, `[address]`. LMTP: `unix:path`, `inet:host`,
//! `inet:host:port`, `inet:[address]:port`, and the same without `inet:`; never with MX lookup. Several are tried in order.

use std::path::PathBuf;

use mail::DsnStatus;
use net::{Endpoint, HostPort};

use crate::failure::Failure;

/// Where to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Destination {
    /// A host, or a domain with mail exchangers.
    Inet {
        /// Without brackets.
        host: String,
        /// As given, or the default.
        port: u16,
        /// Whether to look for mail exchangers.
        mx: bool,
    },
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Read a list of destinations separated by commas or white space.
pub fn parse_list(text: &str, lmtp: bool, default_port: u16) -> Vec<Result<Destination, Failure>> {
    let words = text.split(|c: char| c == ',' || c.is_ascii_whitespace());
    words
        .filter(|word| !word.is_empty())
        .map(|word| parse(word, lmtp, default_port))
        .collect()
}

fn parse(word: &str, lmtp: bool, default_port: u16) -> Result<Destination, Failure> {
    let endpoint = if lmtp {
        Endpoint::parse(word)
    } else {
        HostPort::parse(word).map(Endpoint::Inet)
    };
    let place = match endpoint {
        Ok(Endpoint::Unix(path)) => return Ok(Destination::Unix(path)),
        Ok(Endpoint::Inet(place)) => place,
        Err(error) => return Err(unusable(word, &error.to_string())),
    };
    let port = place.port_or(default_port);
    let port = port.ok_or_else(|| unusable(word, "unknown service"))?;
    let mx = !lmtp && !place.bracketed && place.address().is_none();
    Ok(Destination::Inet {
        host: place.host,
        port,
        mx,
    })
}

/// A mistake of the administrator: mail waits until it is put right.
fn unusable(word: &str, reason: &str) -> Failure {
    maillog::warning!("bad destination \"{word}\": {reason}");
    Failure::new(
        DsnStatus::new(4, 3, 5),
        "mail system configuration error".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inet(host: &str, port: u16, mx: bool) -> Result<Destination, Failure> {
        Ok(Destination::Inet {
            host: host.to_owned(),
            port,
            mx,
        })
    }

    #[test]
    fn smtp_forms() {
        let list = parse_list(
            "a.example, b.example:26 [c.example] [192.0.2.1]:2525 192.0.2.2",
            false,
            25,
        );
        let expected = [
            inet("a.example", 25, true),
            inet("b.example", 26, true),
            inet("c.example", 25, false),
            inet("192.0.2.1", 2525, false),
            inet("192.0.2.2", 25, false),
        ];
        assert_eq!(list, expected);
        let bad = parse_list("a.example:nosuchservice", false, 25);
        assert!(matches!(bad.as_slice(), [Err(failure)] if failure.is_temporary()));
    }

    #[test]
    fn lmtp_forms() {
        let list = parse_list("unix:private/lmtp inet:host:26,inet:[::1] host", true, 24);
        let expected = [
            Ok(Destination::Unix(PathBuf::from("private/lmtp"))),
            inet("host", 26, false),
            inet("::1", 24, false),
            inet("host", 24, false),
        ];
        assert_eq!(list, expected);
    }
}
