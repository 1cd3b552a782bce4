//! The remote systems whose sessions are logged in detail (`debug_peer_list`, `debug_peer_level`).
//!
//! Opened before the jail, asked once for each session. A conversation that is to be heard of on its own runs within
//! [`maillog::separately`].

use std::net::IpAddr;

use config::{Settings, params};
use text::token;

use crate::match_list::{MatchList, Parents};
use crate::table::OpenOptions;

/// The list, and how much more is logged.
#[derive(Debug, Default)]
pub struct DebugPeers {
    list: MatchList,
    level: u8,
}

impl DebugPeers {
    /// As main.cf says.
    pub fn open(settings: &Settings, options: &OpenOptions) -> Result<Self, config::Error> {
        let debug: params::core::Debug = settings.get()?;
        let domains: params::core::Domains = settings.get()?;
        let listed = token::words(&domains.parent_domain_matches_subdomains)
            .any(|word| word == "debug_peer_list");
        let parents = if listed {
            Parents::Bare
        } else {
            Parents::Dotted
        };
        let peers = debug.debug_peer_list.to_string();
        Ok(Self {
            list: MatchList::open("debug_peer_list", &peers, parents, options),
            level: u8::try_from(debug.debug_peer_level).unwrap_or(u8::MAX),
        })
    }

    /// How much more is logged of a session with a host.
    pub async fn level_for_host(&self, name: &[u8], address: IpAddr) -> u8 {
        if self.list.is_empty() {
            return 0;
        }
        // A list that fails asks for nothing; the failure is in the log.
        let listed = self.list.matches_client(name, address).await;
        self.if_listed(listed.unwrap_or(false))
    }

    /// How much more is logged of deliveries to a destination, without brackets and port.
    pub async fn level_for_destination(&self, domain: &[u8]) -> u8 {
        if self.list.is_empty() {
            return 0;
        }
        let listed = self.list.matches_domain(domain).await;
        self.if_listed(listed.unwrap_or(false))
    }

    const fn if_listed(&self, listed: bool) -> u8 {
        if listed { self.level } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_addresses_and_domains() {
        let peers = DebugPeers {
            list: MatchList::open(
                "debug_peer_list",
                "192.0.2.0/24 noisy.example",
                Parents::Bare,
                &OpenOptions::default(),
            ),
            level: 2,
        };
        let host = |name: &str, address: &str| {
            ipc::now(peers.level_for_host(name.as_bytes(), address.parse().unwrap()))
        };
        assert_eq!(host("a.example", "192.0.2.7"), 2);
        assert_eq!(host("mx.noisy.example", "198.51.100.1"), 2);
        assert_eq!(host("a.example", "198.51.100.1"), 0);
        assert_eq!(ipc::now(peers.level_for_destination(b"noisy.example")), 2);
        assert_eq!(ipc::now(peers.level_for_destination(b"quiet.example")), 0);
        assert_eq!(
            ipc::now(DebugPeers::default().level_for_destination(b"x")),
            0
        );
    }
}
