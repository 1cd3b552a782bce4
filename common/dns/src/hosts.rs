//! hosts(5): names and addresses that the administrator wrote down on this machine.
//!
//! [`Hosts::open`] before the jail. Asked before the name servers by lookups of kind `native`, as most systems do.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;

use net::endpoint::parse_address;

/// The table of hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    addresses: HashMap<String, Vec<IpAddr>>,
    names: HashMap<IpAddr, String>,
}

impl Hosts {
    /// Read the system's table; an empty one when there is none.
    #[must_use]
    pub fn open() -> Self {
        let text = fs::read(PATH).unwrap_or_default();
        Self::parse(&String::from_utf8_lossy(&text))
    }

    /// Read the text of a table: an address, its name, its other names.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut hosts = Self::default();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_ascii_whitespace();
            let Some(address) = words.next().and_then(parse_address) else {
                continue;
            };
            for (place, name) in words.enumerate() {
                if place == 0 {
                    let first = || name.to_owned();
                    hosts.names.entry(address).or_insert_with(first);
                }
                let known = hosts
                    .addresses
                    .entry(name.to_ascii_lowercase())
                    .or_default();
                if !known.contains(&address) {
                    known.push(address);
                }
            }
        }
        hosts
    }

    /// The addresses of a name, in the order of the table.
    #[must_use]
    pub fn addresses(&self, name: &str) -> &[IpAddr] {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.addresses
            .get(&name)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The first name of an address.
    #[must_use]
    pub fn name(&self, address: IpAddr) -> Option<&str> {
        self.names.get(&address).map(String::as_str)
    }
}

const PATH: &str = "/etc/hosts";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        let hosts = Hosts::parse("127.0.0.1 localhost me # here\n::1\tLocalhost\nbad line\n");
        assert_eq!(hosts.addresses("LOCALHOST.").len(), 2);
        assert_eq!(hosts.name("127.0.0.1".parse().unwrap()), Some("localhost"));
        assert!(hosts.addresses("line").is_empty());
    }
}
