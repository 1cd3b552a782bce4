//! Networks in CIDR form, as strict as the reference: no host bits may be set.
//!
//! [`IpNet::parse`] takes `a.b.c.d`, `a.b.c.d/n`, `v6`, `v6/n`, `[v6]`, `[v6]/n` and `[v6/n]`. [`Networks`] is an ordered
//! list with `!` exceptions, first match wins. Version 4 addresses mapped into version 6 count as version 4.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::endpoint::parse_address;

/// A network: an address and how many of its leading bits count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct IpNet {
    address: IpAddr,
    prefix: u8,
}

/// Why text is no network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IpNetError {
    /// Not an address at all.
    Address(String),
    /// The part after `/` is no number in range.
    Prefix(String),
    /// Bits behind the prefix are set; the second network is probably meant.
    HostBits(String, IpNet),
}

impl IpNet {
    /// The network of the first `prefix` bits of an address; `None` when the prefix is longer than the address.
    #[must_use]
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        (prefix <= width(address)).then(|| Self {
            address: mask(address, prefix),
            prefix,
        })
    }

    /// The network of one address.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Self {
            address,
            prefix: width(address),
        }
    }

    /// Read a network; host bits must be zero.
    pub fn parse(text: &str) -> Result<Self, IpNetError> {
        let bad = || IpNetError::Address(text.to_owned());
        let (inner, outer) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or_else(bad)?,
            None => (text, ""),
        };
        if !outer.is_empty() && !outer.starts_with('/') {
            return Err(bad());
        }
        let (address, prefix) = match (inner.split_once('/'), outer.strip_prefix('/')) {
            (Some(_), Some(_)) => return Err(bad()),
            (Some((address, prefix)), None) => (address, Some(prefix)),
            (None, prefix) => (inner, prefix),
        };
        let address = parse_address(address).ok_or_else(bad)?;
        let Some(prefix) = prefix else {
            return Ok(Self::host(address));
        };
        let network = number(prefix)
            .and_then(|prefix| Self::new(address, prefix))
            .ok_or_else(|| IpNetError::Prefix(text.to_owned()))?;
        if network.address == address {
            Ok(network)
        } else {
            Err(IpNetError::HostBits(text.to_owned(), network))
        }
    }

    /// Whether an address lies in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        same_family(self.address, address) && mask(address, self.prefix) == self.address
    }

    /// The network's first address.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits count.
    #[must_use]
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }
}

/// An address without the mapping of version 4 into version 6.
#[must_use]
pub fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn number(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

const fn same_family(a: IpAddr, b: IpAddr) -> bool {
    a.is_ipv4() == b.is_ipv4()
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn mask(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let keep = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & keep))
        }
        IpAddr::V6(v6) => {
            let keep = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & keep))
        }
    }
}

/// Networks in order, some of them exceptions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Networks(Vec<(bool, IpNet)>);

impl Networks {
    /// Read networks separated by commas or white space, `!` before an exception.
    pub fn parse(text: &str) -> Result<Self, IpNetError> {
        let words = text.split(|c: char| c == ',' || c.is_ascii_whitespace());
        words
            .filter(|word| !word.is_empty())
            .map(|word| {
                let pattern = word.trim_start_matches('!');
                let member = (word.len() - pattern.len()).is_multiple_of(2);
                Ok((member, IpNet::parse(pattern)?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether the first network that has the address is no exception.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let found = self.0.iter().find(|(_, network)| network.contains(address));
        found.is_some_and(|(member, _)| *member)
    }
}

impl FromIterator<IpNet> for Networks {
    fn from_iter<T: IntoIterator<Item = IpNet>>(networks: T) -> Self {
        Self(
            networks
                .into_iter()
                .map(|network| (true, network))
                .collect(),
        )
    }
}

impl fmt::Display for IpNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            IpAddr::V4(v4) => write!(f, "{v4}/{}", self.prefix),
            IpAddr::V6(v6) => write!(f, "[{v6}]/{}", self.prefix),
        }
    }
}

impl fmt::Display for IpNetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(text) => write!(f, "bad address pattern: \"{text}\""),
            Self::Prefix(text) => write!(f, "bad network/prefix pattern: \"{text}\""),
            Self::HostBits(text, instead) => write!(
                f,
                "non-null host address bits in \"{text}\", perhaps you should use \"{instead}\" instead"
            ),
        }
    }
}

impl std::error::Error for IpNetError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn forms() {
        for text in [
            "10.0.0.0/8",
            "::1",
            "[::1]",
            "[2001:db8::]/32",
            "[2001:db8::/32]",
            "0.0.0.0/0",
        ] {
            assert!(IpNet::parse(text).is_ok(), "{text}");
        }
        for text in [
            "10.0.0/8",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "[::1",
            "[::/0]/0",
            "x",
        ] {
            assert!(IpNet::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            IpNet::parse("10.1.2.3/8").unwrap_err().to_string(),
            "non-null host address bits in \"10.1.2.3/8\", perhaps you should use \"10.0.0.0/8\" instead"
        );
    }

    #[test]
    fn first_match_wins() {
        let list = Networks::parse("!10.1.0.0/16, 10.0.0.0/8 [::1]").unwrap();
        assert!(list.contains(ip("10.2.3.4")));
        assert!(list.contains(ip("::ffff:10.2.3.4")));
        assert!(!list.contains(ip("10.1.3.4")));
        assert!(list.contains(ip("::1")));
        assert!(!list.contains(ip("::2")));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[0-9a-f:./\\[\\]]{0,20}") {
            if let Ok(network) = IpNet::parse(&text) {
                prop_assert!(network.contains(network.address()));
                prop_assert_eq!(IpNet::parse(&network.to_string()), Ok(network));
            }
        }
    }
}
