//! This machine's own addresses, and which of them the mail system calls its own (inet_interfaces, proxy_interfaces).
//!
//! [`machine`] asks the kernel; [`OwnAddresses::open`] reads the parameters, before the jail because host names in them
//! are looked up. Never logs.

use std::fmt;
use std::net::{IpAddr, ToSocketAddrs};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;

use crate::cidr::{IpNet, canonical};
use crate::endpoint::parse_address;

/// An address of an interface, with the network it is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interface {
    /// The interface's own address.
    pub address: IpAddr,
    /// The network by its mask.
    pub network: IpNet,
}

/// Which versions of the Internet protocol are in use (inet_protocols).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protocols {
    /// Version 4.
    pub ipv4: bool,
    /// Version 6.
    pub ipv6: bool,
}

/// The addresses on which mail arrives here, directly or through a proxy.
#[derive(Clone, Debug, Default)]
pub struct OwnAddresses {
    /// By inet_interfaces.
    pub interfaces: Vec<IpAddr>,
    /// By proxy_interfaces.
    pub proxies: Vec<IpAddr>,
}

/// Why the parameters cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InterfacesError {
    /// A word of inet_protocols, and the whole of it.
    Protocol(String, String),
    /// `all` or `loopback-only` with other words beside it.
    NotAlone(String),
    /// A name without address.
    Host(String),
    /// The kernel did not list the interfaces.
    Kernel(nix::Error),
}

impl Protocols {
    /// Read `all`, `ipv4`, `ipv6` or a list.
    pub fn parse(text: &str) -> Result<Self, InterfacesError> {
        let mut protocols = Self {
            ipv4: false,
            ipv6: false,
        };
        for word in words(text) {
            match word.to_ascii_lowercase().as_str() {
                "all" => {
                    protocols = Self {
                        ipv4: true,
                        ipv6: true,
                    }
                }
                "ipv4" => protocols.ipv4 = true,
                "ipv6" => protocols.ipv6 = true,
                _ => return Err(InterfacesError::Protocol(word.to_owned(), text.to_owned())),
            }
        }
        if protocols.ipv4 || protocols.ipv6 {
            Ok(protocols)
        } else {
            Err(InterfacesError::Protocol(text.to_owned(), text.to_owned()))
        }
    }

    /// Whether an address is of a version in use.
    #[must_use]
    pub const fn allow(self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(_) => self.ipv4,
            IpAddr::V6(_) => self.ipv6,
        }
    }
}

impl OwnAddresses {
    /// Read inet_interfaces and proxy_interfaces; names in them are looked up.
    pub fn open(
        inet_interfaces: &str,
        proxy_interfaces: &str,
        protocols: Protocols,
    ) -> Result<Self, InterfacesError> {
        Ok(Self {
            interfaces: listed(inet_interfaces, protocols)?,
            proxies: named(words(proxy_interfaces), protocols)?,
        })
    }

    /// Whether mail to this address comes back here.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.is_interface(address) || self.is_proxy(address)
    }

    /// Whether the address is one of inet_interfaces.
    #[must_use]
    pub fn is_interface(&self, address: IpAddr) -> bool {
        self.interfaces.contains(&canonical(address))
    }

    /// Whether the address is one of proxy_interfaces.
    #[must_use]
    pub fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.contains(&canonical(address))
    }
}

/// Every address of every interface of this machine.
pub fn machine() -> Result<Vec<Interface>, InterfacesError> {
    let found = getifaddrs().map_err(InterfacesError::Kernel)?;
    let interfaces = found.filter_map(|entry| {
        let address = canonical(ip(entry.address.as_ref()?)?);
        let prefix = entry.netmask.as_ref().and_then(ip).map(prefix_of);
        let network = prefix.and_then(|prefix| IpNet::new(address, prefix));
        let network = network.unwrap_or_else(|| IpNet::host(address));
        Some(Interface { address, network })
    });
    Ok(interfaces.collect())
}

fn ip(socket: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = socket.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| socket.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}

fn prefix_of(mask: IpAddr) -> u8 {
    let ones = match mask {
        IpAddr::V4(v4) => v4.to_bits().leading_ones(),
        IpAddr::V6(v6) => v6.to_bits().leading_ones(),
    };
    u8::try_from(ones).unwrap_or(0)
}

fn listed(text: &str, protocols: Protocols) -> Result<Vec<IpAddr>, InterfacesError> {
    let list: Vec<&str> = words(text).collect();
    let keyword = |word: &&str| matches!(*word, "all" | "loopback-only");
    match list.as_slice() {
        ["all"] => own(protocols, |_| true),
        ["loopback-only"] => own(protocols, |address| address.is_loopback()),
        _ if list.iter().any(keyword) => Err(InterfacesError::NotAlone(text.to_owned())),
        _ => named(list.into_iter(), protocols),
    }
}

fn own(
    protocols: Protocols,
    keep: impl Fn(IpAddr) -> bool,
) -> Result<Vec<IpAddr>, InterfacesError> {
    let addresses = machine()?.into_iter().map(|interface| interface.address);
    Ok(addresses
        .filter(|&address| protocols.allow(address) && keep(address))
        .collect())
}

fn named<'a>(
    hosts: impl Iterator<Item = &'a str>,
    protocols: Protocols,
) -> Result<Vec<IpAddr>, InterfacesError> {
    let mut addresses = Vec::new();
    for host in hosts {
        let plain = host.trim_start_matches('[').trim_end_matches(']');
        let found = match parse_address(plain) {
            Some(address) => vec![address],
            None => resolve(plain)?,
        };
        let usable = found.into_iter().map(canonical);
        addresses.extend(usable.filter(|&address| protocols.allow(address)));
    }
    Ok(addresses)
}

fn resolve(host: &str) -> Result<Vec<IpAddr>, InterfacesError> {
    match (host, 0).to_socket_addrs() {
        Ok(found) => Ok(found.map(|socket| socket.ip()).collect()),
        Err(_) => Err(InterfacesError::Host(host.to_owned())),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
}

impl fmt::Display for InterfacesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(word, text) => {
                write!(f, "unknown inet_protocols value \"{word}\" in \"{text}\"")
            }
            Self::NotAlone(text) => write!(
                f,
                "parameter inet_interfaces: \"all\" and \"loopback-only\" must stand alone: \"{text}\""
            ),
            Self::Host(host) => write!(
                f,
                "parameter inet_interfaces: no local interface found for {host}"
            ),
            Self::Kernel(error) => write!(f, "cannot list network interfaces: {error}"),
        }
    }
}

impl std::error::Error for InterfacesError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_our_own() {
        let both = Protocols::parse("all").unwrap();
        let own = OwnAddresses::open("loopback-only", "192.0.2.9", both).unwrap();
        assert!(own.is_interface("127.0.0.1".parse().unwrap()));
        assert!(own.is_proxy("192.0.2.9".parse().unwrap()));
        assert!(!own.contains("192.0.2.1".parse().unwrap()));
        assert!(OwnAddresses::open("all, 127.0.0.1", "", both).is_err());
        assert!(Protocols::parse("ipv5").is_err());
    }
}
