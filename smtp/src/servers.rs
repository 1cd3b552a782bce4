//! From a destination to the servers to try, in order: MX and address lookup, preference, our own place in the list.
//!
//! [`Finder::find`] asks the name servers; ordering and loop detection are pure functions under it.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use dns::{Answer, Failure as DnsFailure, Mx, Resolver, Why};
use mail::DsnStatus;
use net::endpoint::parse_address;

use crate::destination::Destination;
use crate::failure::Failure;
use crate::server::{Place, Server};
use crate::settings::{Lookup, Preference, Settings};

/// What the lookup of a destination comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// Servers, best first; never none.
    Servers(Vec<Server>),
    /// We are the best mail exchanger for this domain ourselves.
    Ourselves(String),
}

/// Finds servers.
pub struct Finder<'a> {
    /// The resolver.
    pub resolver: &'a Resolver,
    /// How to look.
    pub settings: &'a Settings,
}

impl Finder<'_> {
    /// The servers of a destination.
    pub async fn find(&self, destination: &Destination) -> Result<Found, Failure> {
        match destination {
            Destination::Unix(path) => Ok(Found::Servers(vec![self.local(path.clone())])),
            Destination::Inet { host, port, mx } => {
                let asks_dns = self.settings.lookup.host.dns;
                if *mx && asks_dns {
                    self.by_domain(host, *port).await
                } else {
                    self.by_host(host, *port).await
                }
            }
        }
    }

    fn local(&self, path: PathBuf) -> Server {
        Server {
            host: self.settings.myhostname.clone(),
            place: Place::Unix(path),
            preference: 0,
        }
    }

    async fn by_domain(&self, domain: &str, port: u16) -> Result<Found, Failure> {
        let lookup = &self.settings.lookup;
        match self.resolver.mx(domain, lookup.search).await {
            Ok(exchangers) => self.by_exchangers(domain, port, exchangers).await,
            Err(failure) => match failure.why {
                Why::NotFound | Why::NoData => self.by_host(domain, port).await,
                Why::Temporary if lookup.ignore_mx_lookup_error => self.by_host(domain, port).await,
                Why::NullMx | Why::Temporary | Why::NoRecovery | Why::Invalid => {
                    Err(from_dns(&failure))
                }
            },
        }
    }

    async fn by_exchangers(
        &self,
        domain: &str,
        port: u16,
        exchangers: Answer<Mx>,
    ) -> Result<Found, Failure> {
        let lookup = &self.settings.lookup;
        let mut servers = Vec::new();
        let mut missing: Option<DnsFailure> = None;
        let best = exchangers.records.iter().map(|mx| mx.preference).min();
        for mx in &exchangers.records {
            let looked_up =
                self.resolver
                    .host(&mx.exchange, lookup.host, lookup.families, lookup.search);
            match looked_up.await {
                Ok(answer) => {
                    servers.extend(server_list(&mx.exchange, port, mx.preference, answer))
                }
                Err(failure) if missing.as_ref().is_some_and(DnsFailure::is_temporary) => {
                    drop(failure)
                }
                Err(failure) => missing = Some(failure),
            }
        }
        if servers.is_empty() {
            let failure = missing.map(|failure| from_dns(&failure));
            return Err(match failure {
                Some(failure) if lookup.defer_if_no_mx_address => Failure {
                    status: failure.status.with_class(4),
                    ..failure
                },
                Some(failure) => failure,
                None => unreachable_relay(domain),
            });
        }
        let best_found = servers.iter().map(|server| server.preference).min();
        if port == self.settings.lookup.port {
            drop_ourselves(&mut servers, |address| lookup.own.contains(address));
        }
        if servers.is_empty() {
            return if best_found > best {
                Err(unreachable_relay(domain))
            } else {
                Ok(Found::Ourselves(domain.to_owned()))
            };
        }
        Ok(Found::Servers(order(servers, lookup)))
    }

    async fn by_host(&self, host: &str, port: u16) -> Result<Found, Failure> {
        let lookup = &self.settings.lookup;
        let mut servers = if let Some(address) = parse_address(host) {
            let host = address.to_string();
            vec![inet(&host, port, 0, address)]
        } else {
            let looked_up = self
                .resolver
                .host(host, lookup.host, lookup.families, lookup.search);
            let answer = looked_up
                .await
                .map_err(|failure| self.no_host(host, &failure))?;
            server_list(host, port, 0, answer).collect()
        };
        if port == lookup.port && !self.settings.lmtp {
            drop_ourselves(&mut servers, |address| lookup.own.contains(address));
        }
        if servers.is_empty() {
            return Ok(Found::Ourselves(host.to_owned()));
        }
        Ok(Found::Servers(order(servers, lookup)))
    }

    fn no_host(&self, host: &str, failure: &DnsFailure) -> Failure {
        if self.settings.lookup.host.dns {
            return from_dns(failure);
        }
        let (status, reason) = if failure.is_temporary() {
            (
                DsnStatus::new(4, 4, 3),
                "Temporary failure in name resolution",
            )
        } else {
            (DsnStatus::new(5, 4, 4), "Name or service not known")
        };
        Failure::new(status, format!("unable to look up host {host}: {reason}"))
    }
}

/// Mail that would come back to us.
#[must_use]
pub fn loops_back(domain: &str) -> Failure {
    let text = format!("mail for {domain} loops back to myself");
    Failure::new(DsnStatus::new(5, 4, 6), text)
}

fn unreachable_relay(domain: &str) -> Failure {
    let text = format!("unable to find primary relay for {domain}");
    Failure::new(DsnStatus::new(4, 4, 4), text)
}

fn from_dns(failure: &DnsFailure) -> Failure {
    let status = match failure.why {
        Why::NotFound | Why::NoData | Why::Invalid => DsnStatus::new(5, 4, 4),
        Why::NullMx => DsnStatus::new(5, 1, 10),
        Why::Temporary => DsnStatus::new(4, 4, 3),
        Why::NoRecovery => DsnStatus::new(5, 4, 3),
    };
    Failure::new(status, failure.to_string())
}

fn server_list(
    host: &str,
    port: u16,
    preference: u16,
    answer: Answer<IpAddr>,
) -> impl Iterator<Item = Server> {
    let addresses = answer.records.into_iter();
    addresses.map(move |address| inet(host, port, preference, address))
}

fn inet(host: &str, port: u16, preference: u16, address: IpAddr) -> Server {
    Server {
        host: host.to_owned(),
        place: Place::Inet(SocketAddr::new(address, port)),
        preference,
    }
}

fn address_of(server: &Server) -> Option<IpAddr> {
    match &server.place {
        Place::Inet(socket) => Some(socket.ip()),
        Place::Unix(_) => None,
    }
}

/// Servers that are ourselves are of no use, nor those that would only pass mail on to us.
fn drop_ourselves(servers: &mut Vec<Server>, is_own: impl Fn(IpAddr) -> bool) {
    let own = servers
        .iter()
        .filter(|server| address_of(server).is_some_and(&is_own));
    if let Some(limit) = own.map(|server| server.preference).min() {
        servers.retain(|server| server.preference < limit);
    }
}

/// Best first, shuffled among equals, the wanted family before the other, and no more than the limit.
fn order(mut servers: Vec<Server>, lookup: &Lookup) -> Vec<Server> {
    if lookup.randomize {
        shuffle(&mut servers);
    }
    let rank = |server: &Server| match (lookup.preference, address_of(server)) {
        (Preference::Ipv4, Some(address)) => address.is_ipv6(),
        (Preference::Ipv6, Some(address)) => address.is_ipv4(),
        _ => false,
    };
    servers.sort_by_key(|server| (server.preference, rank(server)));
    let limit = lookup.address_limit;
    if limit == 0 || servers.len() <= limit {
        return servers;
    }
    if lookup.balance && lookup.preference == Preference::Any {
        balance(&mut servers, limit);
    }
    servers.truncate(limit);
    servers
}

/// Take away from the family that has too many, so that the other has its share of the limit.
fn balance(servers: &mut Vec<Server>, limit: usize) {
    let is_v6 = |server: &Server| address_of(server).is_some_and(|address| address.is_ipv6());
    let v6 = servers.iter().filter(|server| is_v6(server)).count();
    let v4 = servers.len() - v6;
    let v4_share = v4.min(limit - v6.min(limit / 2));
    let mut left = (v4_share, limit - v4_share);
    servers.retain(|server| {
        let room = if is_v6(server) {
            &mut left.1
        } else {
            &mut left.0
        };
        let keep = *room > 0;
        *room = room.saturating_sub(1);
        keep
    });
}

fn shuffle(servers: &mut [Server]) {
    let random = RandomState::new();
    servers.sort_by_cached_key(|server| random.hash_one(server));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<Server> {
        let entry = |word: &str| {
            let (preference, address) = word.split_once('=').unwrap();
            inet(
                address,
                25,
                preference.parse().unwrap(),
                address.parse().unwrap(),
            )
        };
        text.split(' ').map(entry).collect()
    }

    fn names(servers: &[Server]) -> String {
        let names: Vec<&str> = servers.iter().map(|server| server.host.as_str()).collect();
        names.join(" ")
    }

    fn lookup() -> Lookup {
        crate::settings::tests::settings().lookup
    }

    #[test]
    fn the_best_come_first() {
        let plain = Lookup {
            randomize: false,
            address_limit: 3,
            ..lookup()
        };
        let servers = list("20=192.0.2.3 10=192.0.2.2 10=::2 5=192.0.2.1");
        assert_eq!(
            names(&order(servers.clone(), &plain)),
            "192.0.2.1 192.0.2.2 ::2"
        );
        let v6 = Lookup {
            preference: Preference::Ipv6,
            ..plain.clone()
        };
        assert_eq!(names(&order(servers, &v6)), "192.0.2.1 ::2 192.0.2.2");
        let mixed = list("1=192.0.2.1 1=192.0.2.2 1=192.0.2.3 1=192.0.2.4 1=::1 1=::2");
        assert_eq!(names(&order(mixed, &plain)), "192.0.2.1 192.0.2.2 ::1");
    }

    #[test]
    fn worse_than_ourselves_is_no_use() {
        let ours: IpAddr = "192.0.2.2".parse().unwrap();
        let mut servers = list("5=192.0.2.1 10=192.0.2.2 10=192.0.2.3 20=192.0.2.4");
        drop_ourselves(&mut servers, |address| address == ours);
        assert_eq!(names(&servers), "192.0.2.1");
        let mut servers = list("10=192.0.2.2 20=192.0.2.4");
        drop_ourselves(&mut servers, |address| address == ours);
        assert_eq!(names(&servers), "");
    }
}
