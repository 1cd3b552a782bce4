//! Endpoints as configuration writes them: `host`, `host:port`, `[host]`, `[host]:port`, `[v6]:port`, with an optional
//! `inet:` before, or `unix:` and a path.
//!
//! [`Endpoint::parse`] for table and server names, [`HostPort::parse`] where only a host can stand (next hops, relays).
//! A port is a number or a service name; [`Port::number`] reads the system's table of services, so ask before the jail.
//! Never resolves the host.

use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

/// A place to connect to or to listen on.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Endpoint {
    /// TCP.
    Inet(HostPort),
    /// A socket in the file system; relative paths are below the queue directory.
    Unix(PathBuf),
}

/// A host and perhaps a port.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct HostPort {
    /// Name or address without brackets; empty means "any" or the default host.
    pub host: String,
    /// What stood after the colon.
    pub port: Option<Port>,
    /// Whether the host stood in brackets: then it is taken as it is, without MX lookup.
    pub bracketed: bool,
}

/// A port number or the name of a service.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Port {
    /// 1 to 65535.
    Number(u16),
    /// A name for the table of services.
    Service(String),
}

/// Why text is no endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndpointError {
    /// `[` without `]`, or text after `]` that is no port.
    Brackets,
    /// Nothing where a host or path is needed.
    MissingHost,
    /// More than one colon outside brackets, or an empty port.
    Port,
    /// White space or another byte that no host name has.
    Host,
}

impl Endpoint {
    /// Read `inet:...`, `unix:path`, or without a prefix a host and port.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        if let Some(path) = text.strip_prefix("unix:") {
            if path.is_empty() {
                return Err(EndpointError::MissingHost);
            }
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        let rest = text.strip_prefix("inet:").unwrap_or(text);
        HostPort::parse(rest).map(Self::Inet)
    }

    /// Like [`Self::parse`], but what has no host is a port: `10025`, `inet:10025`, `:smtp`.
    pub fn parse_service(text: &str) -> Result<Self, EndpointError> {
        if text.starts_with("unix:") {
            return Self::parse(text);
        }
        let rest = text.strip_prefix("inet:").unwrap_or(text);
        HostPort::parse_service(rest).map(Self::Inet)
    }
}

impl HostPort {
    /// Read a host with an optional port: `host`, `host:port`, `[host]`, `[host]:port`.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let (host, port, bracketed) = split(text)?;
        if host.is_empty() {
            return Err(EndpointError::MissingHost);
        }
        let port = port.map(Port::parse).transpose()?;
        Self::new(host, port, bracketed)
    }

    /// Read a port with an optional host: `port`, `:port`, `host:port`, `[host]:port`.
    pub fn parse_service(text: &str) -> Result<Self, EndpointError> {
        let (host, port, bracketed) = split(text)?;
        let (host, port) = match port {
            Some(port) => (host, port),
            None if bracketed => return Err(EndpointError::Port),
            None => ("", host),
        };
        Self::new(host, Some(Port::parse(port)?), bracketed)
    }

    fn new(host: &str, port: Option<Port>, bracketed: bool) -> Result<Self, EndpointError> {
        if host.bytes().any(|b| b <= b' ' || b == 127) {
            return Err(EndpointError::Host);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            bracketed,
        })
    }

    /// The host as an address, when it is one; `IPv6:` before a version 6 address is allowed.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        parse_address(&self.host)
    }

    /// The port's number, or `default` when none was given; `None` for an unknown service.
    #[must_use]
    pub fn port_or(&self, default: u16) -> Option<u16> {
        self.port.as_ref().map_or(Some(default), Port::number)
    }
}

/// An address literal, with or without `IPv6:` before a version 6 address.
#[must_use]
pub fn parse_address(text: &str) -> Option<IpAddr> {
    match text.get(..5) {
        Some(prefix) if prefix.eq_ignore_ascii_case("ipv6:") => {
            let address: Ipv6Addr = text.get(5..)?.parse().ok()?;
            Some(IpAddr::V6(address))
        }
        _ => text.parse().ok(),
    }
}

impl Port {
    /// Read a number or a service name.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        if text.is_empty() || text.bytes().any(|b| b <= b' ' || b == b':' || b == b']') {
            return Err(EndpointError::Port);
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return match text.parse() {
                Ok(number) if number > 0 => Ok(Self::Number(number)),
                _ => Err(EndpointError::Port),
            };
        }
        Ok(Self::Service(text.to_owned()))
    }

    /// The number, by the table of services for names; `None` for an unknown name.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Service(name) => service_number(name),
        }
    }
}

/// Look up a TCP service: first the system's table, then the names a mail system needs.
fn service_number(name: &str) -> Option<u16> {
    let table = fs::read_to_string(SERVICES).unwrap_or_default();
    let found = table.lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        let first = words.next()?;
        let (number, protocol) = words.next()?.split_once('/')?;
        let matches = protocol == "tcp" && (first == name || words.any(|alias| alias == name));
        matches.then(|| number.parse().ok()).flatten()
    });
    found.or_else(|| {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        known.map(|(_, number)| *number)
    })
}

/// Host, port, whether in brackets.
fn split(text: &str) -> Result<(&str, Option<&str>, bool), EndpointError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(EndpointError::Brackets)?;
        return match after.strip_prefix(':') {
            Some("") => Ok((host, None, true)),
            Some(port) => Ok((host, Some(port), true)),
            None if after.is_empty() => Ok((host, None, true)),
            None => Err(EndpointError::Brackets),
        };
    }
    match text.split_once(':') {
        None => Ok((text, None, false)),
        Some((host, "")) => Ok((host, None, false)),
        Some((_, port)) if port.contains(':') => Err(EndpointError::Port),
        Some((host, port)) => Ok((host, Some(port), false)),
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bracketed {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        match &self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Service(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(place) => write!(f, "inet:{place}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Brackets => "missing \"]\" or text after it that is no \":port\"",
            Self::MissingHost => "missing host name or path",
            Self::Port => "bad port, or an IPv6 address without \"[]\"",
            Self::Host => "bad character in host name",
        })
    }
}

impl std::error::Error for EndpointError {}

/// The system's table of services.
const SERVICES: &str = "/etc/services";

/// For systems without the table.
const KNOWN: [(&str, u16); 9] = [
    ("smtp", 25),
    ("mail", 25),
    ("lmtp", 24),
    ("submission", 587),
    ("submissions", 465),
    ("smtps", 465),
    ("ssmtp", 465),
    ("qmqp", 628),
    ("domain", 53),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inet(host: &str, port: Option<u16>, bracketed: bool) -> HostPort {
        HostPort {
            host: host.to_owned(),
            port: port.map(Port::Number),
            bracketed,
        }
    }

    #[test]
    fn forms_of_a_host() {
        let cases = [
            ("example.com", inet("example.com", None, false)),
            ("example.com:", inet("example.com", None, false)),
            ("example.com:26", inet("example.com", Some(26), false)),
            ("[example.com]", inet("example.com", None, true)),
            ("[::1]:2525", inet("::1", Some(2525), true)),
            ("[IPv6:::1]:2525", inet("IPv6:::1", Some(2525), true)),
        ];
        for (text, expected) in cases {
            assert_eq!(HostPort::parse(text), Ok(expected), "{text}");
        }
        for text in ["", ":25", "[", "[a", "[a]b", "::1", "a:0", "a:70000", "a b"] {
            assert!(HostPort::parse(text).is_err(), "{text}");
        }
        assert_eq!(inet("IPv6:::1", None, true).address(), "::1".parse().ok());
    }

    #[test]
    fn forms_of_a_service() {
        assert_eq!(
            Endpoint::parse_service("inet:10025"),
            Ok(Endpoint::Inet(inet("", Some(10025), false)))
        );
        let smtp = HostPort::parse_service("127.0.0.1:smtp").unwrap();
        assert_eq!(smtp.port_or(1), Some(25));
        assert_eq!(
            Endpoint::parse("unix:private/x"),
            Ok(Endpoint::Unix(PathBuf::from("private/x")))
        );
        assert!(Endpoint::parse("unix:").is_err());
    }

    proptest! {
        #[test]
        fn never_panics_and_prints_what_it_read(text in "[a-z0-9:.\\[\\]]{0,12}") {
            if let Ok(place) = HostPort::parse(&text) {
                prop_assert_eq!(HostPort::parse(&place.to_string()), Ok(place));
            }
        }
    }
}
