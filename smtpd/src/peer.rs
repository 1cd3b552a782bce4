//! Who the client is: its address, and the names that belong to it.
//!
//! [`Peer::of`] looks the names up (`smtpd_peername_lookup`): the address's name in this machine's table of hosts or in
//! the DNS, and then the name's addresses, among which the client's must be. What was found is remembered for a short
//! while. Logs a name that does not lead back to its address.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use dns::{Families, HostLookup, Resolver, Search};

/// The name of a client without one.
pub const UNKNOWN: &str = "unknown";

/// The client's end of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// The name that leads back to the address, or [`UNKNOWN`].
    pub name: String,
    /// The name of the address, whether or not it leads back; or [`UNKNOWN`].
    pub reverse_name: String,
    /// Why there is no name.
    pub name_status: NameStatus,
    /// Why there is no reverse name.
    pub reverse_status: NameStatus,
    /// The address; `None` when a proxy did not tell.
    pub address: Option<IpAddr>,
    /// The port, or [`UNKNOWN`].
    pub port: String,
    /// Our end of the connection.
    pub server: Option<SocketAddr>,
    /// Whether log lines show the port (`smtpd_client_port_logging`).
    pub shows_port: bool,
}

/// How the lookup of a name went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameStatus {
    /// There is a name.
    Known,
    /// Later there may be one.
    Temporary,
    /// There is none.
    Missing,
    /// There is one that does not lead back to the address.
    Forged,
}

/// Both ends of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    /// The client's.
    pub client: SocketAddr,
    /// Ours.
    pub server: Option<SocketAddr>,
}

impl Peer {
    /// The client of a local connection that has no addresses.
    pub fn local() -> Self {
        Self {
            name: "localhost".to_owned(),
            reverse_name: "localhost".to_owned(),
            name_status: NameStatus::Known,
            reverse_status: NameStatus::Known,
            address: Some(IpAddr::from([127, 0, 0, 1])),
            port: "0".to_owned(),
            server: None,
            shows_port: false,
        }
    }

    /// The client at the other end of a connection; `names` is asked for its names.
    pub async fn of(ends: Ends, names: Option<&Names>) -> Self {
        let address = net::cidr::canonical(ends.client.ip());
        let found = match names {
            Some(names) => names.of(address).await,
            None => Found::nothing(NameStatus::Missing),
        };
        Self {
            name: found.name,
            reverse_name: found.reverse_name,
            name_status: found.name_status,
            reverse_status: found.reverse_status,
            address: Some(address),
            port: ends.client.port().to_string(),
            server: ends.server,
            shows_port: false,
        }
    }

    /// The address as text, or [`UNKNOWN`].
    pub fn address_text(&self) -> String {
        self.address
            .map_or_else(|| UNKNOWN.to_owned(), |address| address.to_string())
    }

    /// The address as RFC 5321 has it within brackets, or [`UNKNOWN`].
    pub fn rfc_address(&self) -> String {
        self.address
            .map_or_else(|| UNKNOWN.to_owned(), net::peer::rfc_address)
    }

    #[cfg(test)]
    pub fn for_tests(name: &str, address: &str) -> Self {
        Self {
            name: name.to_owned(),
            address: address.parse().ok(),
            ..Self::local()
        }
    }
}

impl std::fmt::Display for Peer {
    /// `name[address]`, with the port where it is wanted.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, port, .. } = self;
        write!(f, "{name}[{}]", self.address_text())?;
        if self.shows_port {
            write!(f, ":{port}")?;
        }
        Ok(())
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Found {
    name: String,
    name_status: NameStatus,
    reverse_name: String,
    reverse_status: NameStatus,
}

impl Found {
    fn nothing(status: NameStatus) -> Self {
        Self {
            name: UNKNOWN.to_owned(),
            name_status: status,
            reverse_name: UNKNOWN.to_owned(),
            reverse_status: status,
        }
    }

    fn forged(reverse_name: String, status: NameStatus) -> Self {
        Self {
            name: UNKNOWN.to_owned(),
            name_status: status,
            reverse_name,
            reverse_status: NameStatus::Known,
        }
    }
}

/// Finds the names of clients.
pub struct Names {
    families: Families,
    kept: RefCell<HashMap<IpAddr, (Instant, Found)>>,
    resolver: std::rc::Rc<Resolver>,
}

/// How long a client's names are remembered.
const KEEP: Duration = Duration::from_secs(30);
/// Of how many clients.
const MOST: usize = 1000;

impl Names {
    /// With the resolver of this process.
    pub fn new(resolver: std::rc::Rc<Resolver>, families: Families) -> Self {
        Self {
            families,
            kept: RefCell::default(),
            resolver,
        }
    }

    async fn of(&self, address: IpAddr) -> Found {
        let now = Instant::now();
        if let Some((until, found)) = self.kept.borrow().get(&address)
            && *until > now
        {
            return found.clone();
        }
        let found = self.look_up(address).await;
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= MOST {
            kept.retain(|_, (until, _)| *until > now);
        }
        if kept.len() < MOST && found.name_status != NameStatus::Temporary {
            kept.insert(address, (now + KEEP, found.clone()));
        }
        found
    }

    async fn look_up(&self, address: IpAddr) -> Found {
        let local = self.resolver.local_name_of(address).map(str::to_owned);
        let name = match local {
            Some(name) => name,
            None => match self.resolver.names_of(address).await {
                Ok(answer) => match answer.records.into_iter().next() {
                    Some(name) => name,
                    None => return Found::nothing(NameStatus::Missing),
                },
                Err(failure) if failure.is_temporary() => {
                    return Found::nothing(NameStatus::Temporary);
                }
                Err(_) => return Found::nothing(NameStatus::Missing),
            },
        };
        self.confirm(name, address).await
    }

    /// Whether the name leads back to the address.
    async fn confirm(&self, name: String, address: IpAddr) -> Found {
        if self.resolver.local_addresses_of(&name).contains(&address) {
            return Found {
                name: name.clone(),
                name_status: NameStatus::Known,
                reverse_name: name,
                reverse_status: NameStatus::Known,
            };
        }
        let lookup = HostLookup {
            dns: true,
            native: true,
        };
        let found = self
            .resolver
            .host(&name, lookup, self.families, Search::None)
            .await;
        match found {
            Ok(answer) if answer.records.contains(&address) => Found {
                name: name.clone(),
                name_status: NameStatus::Known,
                reverse_name: name,
                reverse_status: NameStatus::Known,
            },
            Ok(_) => {
                maillog::warning!("hostname {name} does not resolve to address {address}");
                Found::forged(name, NameStatus::Forged)
            }
            Err(failure) => {
                maillog::warning!(
                    "hostname {name} does not resolve to address {address}: {failure}"
                );
                let status = if failure.is_temporary() {
                    NameStatus::Temporary
                } else {
                    NameStatus::Missing
                };
                Found::forged(name, status)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display() {
        let mut peer = Peer::for_tests("a.test", "2001:db8::1");
        assert_eq!(peer.to_string(), "a.test[2001:db8::1]");
        assert_eq!(peer.rfc_address(), "IPv6:2001:db8::1");
        peer.shows_port = true;
        peer.port = "99".to_owned();
        assert_eq!(peer.to_string(), "a.test[2001:db8::1]:99");
        peer.address = None;
        assert_eq!(peer.address_text(), "unknown");
    }
}
