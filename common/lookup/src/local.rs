//! Which domains this machine is the destination of: `mydestination`, and address literals of its own addresses.
//!
//! Asked by everything that treats local recipients on their own. Opened before the jail; the addresses of the machine
//! are those at that time. Logs a warning for each table of mydestination that does not answer.

use config::{Settings, params};
use net::interfaces::{InterfacesError, OwnAddresses, Protocols};

use crate::error::LookupError;
use crate::match_list::{MatchList, Parents};
use crate::table::OpenOptions;

/// The local domains.
#[derive(Debug)]
pub struct LocalDomains {
    mydestination: MatchList,
    own: OwnAddresses,
}

/// Why the parameters cannot be used.
#[derive(Debug)]
pub enum LocalError {
    /// A parameter cannot be read.
    Settings(config::Error),
    /// inet_interfaces, inet_protocols or proxy_interfaces is wrong.
    Interfaces(InterfacesError),
}

impl std::fmt::Display for LocalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::Interfaces(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LocalError {}

impl From<config::Error> for LocalError {
    fn from(error: config::Error) -> Self {
        Self::Settings(error)
    }
}

impl From<InterfacesError> for LocalError {
    fn from(error: InterfacesError) -> Self {
        Self::Interfaces(error)
    }
}

impl LocalDomains {
    /// As main.cf says.
    pub fn open(settings: &Settings, options: &OpenOptions) -> Result<Self, LocalError> {
        let domains: params::core::Domains = settings.get()?;
        let networks: params::core::Networks = settings.get()?;
        let protocols = Protocols::parse(&networks.inet_protocols)?;
        Ok(Self {
            mydestination: MatchList::open(
                "mydestination",
                &domains.mydestination,
                Parents::Dotted,
                options,
            ),
            own: OwnAddresses::open(
                &networks.inet_interfaces,
                &networks.proxy_interfaces,
                protocols,
            )?,
        })
    }

    /// Whether mail for this domain ends here. One dot at its end does not matter.
    pub async fn contains(&self, domain: &[u8]) -> Result<bool, LookupError> {
        let domain = match domain.strip_suffix(b".") {
            Some(bare) if !bare.is_empty() => bare,
            _ => domain,
        };
        if self.mydestination.matches_string(domain).await? {
            return Ok(true);
        }
        Ok(literal(domain).is_some_and(|address| self.own.contains(address)))
    }

    /// The machine's own addresses.
    #[must_use]
    pub const fn own(&self) -> &OwnAddresses {
        &self.own
    }

    /// The first table whose file was replaced since it was opened, as `type:name`.
    #[must_use]
    pub fn changed(&self) -> Option<&str> {
        self.mydestination.changed()
    }
}

/// The address in `[1.2.3.4]` or `[IPv6:::1]`.
#[must_use]
pub fn literal(domain: &[u8]) -> Option<std::net::IpAddr> {
    let inside = domain.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let text = std::str::from_utf8(inside).ok()?;
    match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => {
            text.get(5..)?.parse().ok().map(std::net::IpAddr::V6)
        }
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        assert_eq!(literal(b"[127.0.0.1]"), "127.0.0.1".parse().ok());
        assert_eq!(literal(b"[IPv6:::1]"), "::1".parse().ok());
        for text in ["127.0.0.1", "[127.0.0]", "[]", "[IPv6:127.0.0.1]", "[x"] {
            assert_eq!(literal(text.as_bytes()), None, "{text}");
        }
    }
}
