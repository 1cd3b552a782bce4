//! DNS block and allow lists: what a restriction names, and the names that are asked for.
//!
//! Pure but for [`BlockList::look_up`]. A list is `domain` or `domain=address-pattern`, where the pattern's octets may
//! be numbers, `[1;2..5]` alternatives, or absent; without a pattern any address counts as listed.

use std::net::{IpAddr, Ipv4Addr};

use dns::{Families, Resolver, Search};

use super::{Facts, Object};

/// What is looked up in a list, and what it means to be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Domains {
    /// Whose address or domain.
    pub object: Object,
    /// The client's address rather than a domain.
    pub by_address: bool,
    /// Being listed permits instead of rejecting.
    pub permits: bool,
}

/// One list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockList {
    /// What is looked up.
    pub domains: Domains,
    /// The list's domain.
    pub domain: String,
    pattern: Option<[Octets; 4]>,
}

/// The ranges that an octet may be in.
type Octets = Vec<(u8, u8)>;

/// What a list said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listing {
    /// Not there, or there with an address that does not count.
    Absent,
    /// There, with the list's explanation, which may be empty.
    Present(Vec<u8>),
    /// The list did not answer.
    Failed,
}

impl Domains {
    /// The restriction of that name, in lower case.
    pub fn named(word: &str) -> Option<Self> {
        let of = |object, by_address, permits| {
            Some(Self {
                object,
                by_address,
                permits,
            })
        };
        match word {
            "reject_rbl_client" | "reject_rbl" => of(Object::Client, true, false),
            "permit_dnswl_client" => of(Object::Client, true, true),
            "reject_rhsbl_client" => of(Object::Client, false, false),
            "permit_rhswl_client" => of(Object::Client, false, true),
            "reject_rhsbl_reverse_client" => of(Object::ReverseClient, false, false),
            "reject_rhsbl_helo" => of(Object::Helo, false, false),
            "reject_rhsbl_sender" => of(Object::Sender, false, false),
            "reject_rhsbl_recipient" => of(Object::Recipient, false, false),
            _ => None,
        }
    }
}

impl BlockList {
    /// Read `domain` or `domain=pattern`.
    pub fn parse(domains: Domains, text: &str) -> Option<Self> {
        let (domain, pattern) = match text.split_once('=') {
            Some((domain, pattern)) => (domain, Some(pattern_of(pattern)?)),
            None => (text, None),
        };
        let domain = domain.trim_matches('.');
        (!domain.is_empty()).then(|| Self {
            domains,
            domain: domain.to_owned(),
            pattern,
        })
    }

    /// What is asked about: the client's address, or the domain of the object. `None` when there is none.
    pub fn subject(&self, facts: &Facts<'_>) -> Option<String> {
        let domain = |bytes: Option<&[u8]>| {
            let domain = std::str::from_utf8(bytes?).ok()?;
            dns::resolver::is_host_name(domain).then(|| domain.to_owned())
        };
        let known = |name: &str| (name != crate::peer::UNKNOWN).then(|| name.to_owned());
        match self.domains.object {
            Object::Client if self.domains.by_address => facts.peer.address.map(|a| a.to_string()),
            Object::Client => known(&facts.peer.name),
            Object::ReverseClient => known(&facts.peer.reverse_name),
            Object::Helo => domain(facts.hello.map(|hello| hello.name.as_slice())),
            Object::Sender => domain(facts.sender.and_then(|sender| sender.domain())),
            Object::Recipient => domain(facts.recipient.and_then(|recipient| recipient.domain())),
            Object::Data | Object::EndOfData | Object::Etrn => None,
        }
    }

    /// The name that is asked for about a subject.
    fn query(&self, subject: &str) -> String {
        match subject.parse::<IpAddr>() {
            Ok(address) if self.domains.by_address => {
                let reverse = dns::resolver::reverse_name(address);
                let labels = reverse
                    .trim_end_matches('.')
                    .trim_end_matches(".in-addr.arpa")
                    .trim_end_matches(".ip6.arpa");
                format!("{labels}.{}", self.domain)
            }
            _ => format!("{subject}.{}", self.domain),
        }
    }

    /// Ask the list.
    pub async fn look_up(&self, resolver: &Resolver, subject: &str) -> Listing {
        let query = self.query(subject);
        let ipv4 = Families {
            ipv4: true,
            ipv6: false,
        };
        let addresses = match resolver.addresses(&query, ipv4, Search::None).await {
            Ok(answer) => answer.records,
            Err(failure) if failure.is_temporary() => {
                maillog::warning!("{query}: RBL lookup error: {failure}");
                return Listing::Failed;
            }
            Err(_) => return Listing::Absent,
        };
        if !addresses.iter().any(|address| self.counts(*address)) {
            return Listing::Absent;
        }
        if self.domains.permits {
            return Listing::Present(Vec::new());
        }
        let texts = resolver.texts(&query).await;
        let reason = texts
            .ok()
            .and_then(|answer| answer.records.into_iter().next());
        Listing::Present(reason.unwrap_or_default())
    }

    fn counts(&self, address: IpAddr) -> bool {
        match (&self.pattern, address) {
            (None, _) => true,
            (Some(pattern), IpAddr::V4(address)) => matches(pattern, address),
            (Some(_), IpAddr::V6(_)) => false,
        }
    }
}

fn matches(pattern: &[Octets; 4], address: Ipv4Addr) -> bool {
    let octets = address.octets();
    pattern.iter().zip(octets).all(|(ranges, octet)| {
        ranges
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&octet))
    })
}

/// Four octets, each a number or `[a;b..c]`.
fn pattern_of(text: &str) -> Option<[Octets; 4]> {
    let mut octets = Vec::new();
    let mut rest = text;
    loop {
        let end = match rest.strip_prefix('[') {
            Some(inner) => inner.find(']')? + 2,
            None => rest.find('.').unwrap_or(rest.len()),
        };
        let (octet, after) = rest.split_at_checked(end)?;
        octets.push(ranges(octet.trim_matches(['[', ']']))?);
        match after.strip_prefix('.') {
            Some(after) => rest = after,
            None if after.is_empty() => break,
            None => return None,
        }
    }
    octets.try_into().ok()
}

fn ranges(text: &str) -> Option<Octets> {
    let range = |part: &str| {
        let (low, high) = part.split_once("..").unwrap_or((part, part));
        let (low, high) = (low.parse().ok()?, high.parse().ok()?);
        (low <= high).then_some((low, high))
    };
    text.split(';').map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(text: &str) -> BlockList {
        BlockList::parse(Domains::named("reject_rbl_client").unwrap(), text).unwrap()
    }

    #[test]
    fn names_and_patterns() {
        let plain = list("zen.test");
        assert_eq!(plain.query("192.0.2.1"), "1.2.0.192.zen.test");
        assert!(
            plain
                .query("2001:db8::1")
                .ends_with("8.b.d.0.1.0.0.2.zen.test")
        );
        let some = list("zen.test=127.0.0.[2;4..8]");
        assert_eq!(some.domain, "zen.test");
        for (address, counts) in [
            ("127.0.0.2", true),
            ("127.0.0.3", false),
            ("127.0.0.8", true),
        ] {
            assert_eq!(some.counts(address.parse().unwrap()), counts, "{address}");
        }
        let domains = Domains::named("reject_rbl_client").unwrap();
        assert!(BlockList::parse(domains, "zen.test=127.0.0").is_none());
        assert!(BlockList::parse(domains, "=1.2.3.4").is_none());
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z0-9.=\\[\\];]{0,30}") {
            let _ = BlockList::parse(Domains::named("reject_rbl_client").unwrap(), &text);
        }
    }
}
