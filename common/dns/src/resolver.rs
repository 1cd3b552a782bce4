//! The lookups that mail makes.
//!
//! Each returns an [`Answer`] with at least one record, or a [`Failure`]. Aliases are followed, within answers and by
//! asking again. Results that cannot be used (an MX that is no host name) are dropped; when nothing is left, the failure
//! is [`Why::Invalid`]. Needs a tokio runtime; keeps no cache: the name server does.

use std::net::IpAddr;

use crate::failure::{Failure, Why};
use crate::hosts::Hosts;
use crate::message::{Code, Data, Kind, MAX_ALIASES, Mx, Reply};
use crate::resolv_conf::ResolvConf;
use crate::transport::Transport;

/// Records, never none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer<T> {
    /// At most [`crate::message::MAX_RECORDS`], in the server's order.
    pub records: Vec<T>,
    /// The name that the records belong to, after aliases and search.
    pub name: String,
    /// The server validated them, and resolv.conf says it may be believed.
    pub authentic: bool,
    /// How long they hold, in seconds.
    pub ttl: u32,
}

/// Which domains are appended to a name that is not absolute.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Search {
    /// None: names are complete.
    #[default]
    None,
    /// The first search domain, to names without a dot (res_defnames).
    DefaultDomain,
    /// All search domains (res_dnsrch).
    List,
}

/// Where addresses of hosts come from (smtp_host_lookup).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostLookup {
    /// The name servers.
    pub dns: bool,
    /// This machine's own table of hosts, then the name servers with the search list.
    pub native: bool,
}

/// Which address types to ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Families {
    /// A.
    pub ipv4: bool,
    /// AAAA.
    pub ipv6: bool,
}

/// The stub resolver.
#[derive(Debug)]
pub struct Resolver {
    transport: Transport,
    hosts: Hosts,
}

impl Resolver {
    /// With what was read before the jail.
    #[must_use]
    pub fn new(conf: ResolvConf, hosts: Hosts) -> Self {
        Self {
            transport: Transport::new(conf),
            hosts,
        }
    }

    /// Read resolv.conf and the hosts table of this machine.
    #[must_use]
    pub fn open() -> Self {
        Self::new(ResolvConf::open(), Hosts::open())
    }

    /// The mail exchangers of a domain, in the server's order. A null MX alone is the failure [`Why::NullMx`].
    pub async fn mx(&self, domain: &str, search: Search) -> Result<Answer<Mx>, Failure> {
        let reply = self.search(domain, Kind::Mx, search).await?;
        let exchangers: Vec<Mx> = reply.records.iter().filter_map(mx).collect();
        let failure = |why| Failure::new(domain, Kind::Mx, why);
        if let [only] = exchangers.as_slice()
            && only.exchange.is_empty()
        {
            return Err(failure(Why::NullMx));
        }
        let usable = exchangers
            .into_iter()
            .filter(|mx| is_host_name(&mx.exchange));
        reply
            .answer(usable.collect())
            .ok_or_else(|| failure(Why::Invalid))
    }

    /// The addresses of a host: all of both types, version 4 first. A temporary failure of one type does not hide
    /// addresses of the other.
    pub async fn addresses(
        &self,
        host: &str,
        families: Families,
        search: Search,
    ) -> Result<Answer<IpAddr>, Failure> {
        let mut found: Option<Answer<IpAddr>> = None;
        let mut failure: Option<Failure> = None;
        for (wanted, kind) in [(families.ipv4, Kind::A), (families.ipv6, Kind::Aaaa)] {
            if !wanted {
                continue;
            }
            match self.addresses_of_kind(host, kind, search).await {
                Ok(answer) => found = Some(join(found, answer)),
                Err(other) => failure = Some(worse(failure, other)),
            }
        }
        found.ok_or_else(|| failure.unwrap_or_else(|| Failure::new(host, Kind::A, Why::NoData)))
    }

    /// The addresses of a host as smtp_host_lookup wants them: by DNS, natively, or first the one and then the other.
    pub async fn host(
        &self,
        host: &str,
        lookup: HostLookup,
        families: Families,
        search: Search,
    ) -> Result<Answer<IpAddr>, Failure> {
        if lookup.dns {
            match self.addresses(host, families, search).await {
                Err(failure) if lookup.native && !failure.is_temporary() => {}
                result => return result,
            }
        }
        let wanted = |address: &IpAddr| match address {
            IpAddr::V4(_) => families.ipv4,
            IpAddr::V6(_) => families.ipv6,
        };
        let records: Vec<IpAddr> = self
            .hosts
            .addresses(host)
            .iter()
            .copied()
            .filter(wanted)
            .collect();
        if !records.is_empty() {
            return Ok(Answer {
                records,
                name: host.to_owned(),
                authentic: false,
                ttl: 0,
            });
        }
        self.addresses(host, families, Search::List).await
    }

    /// The names of an address (PTR).
    pub async fn names_of(&self, address: IpAddr) -> Result<Answer<String>, Failure> {
        let name = reverse_name(address);
        let reply = self.search(&name, Kind::Ptr, Search::None).await?;
        let names = reply
            .records
            .iter()
            .filter_map(name_of)
            .filter(|name| is_host_name(name));
        let names = names.map(str::to_owned).collect();
        reply
            .answer(names)
            .ok_or_else(|| Failure::new(&name, Kind::Ptr, Why::Invalid))
    }

    /// The name of an address in this machine's own table of hosts.
    #[must_use]
    pub fn local_name_of(&self, address: IpAddr) -> Option<&str> {
        self.hosts.name(address)
    }

    /// The addresses of a name in this machine's own table of hosts.
    #[must_use]
    pub fn local_addresses_of(&self, host: &str) -> &[IpAddr] {
        self.hosts.addresses(host)
    }

    /// The texts of a name (TXT), as bytes.
    pub async fn texts(&self, name: &str) -> Result<Answer<Vec<u8>>, Failure> {
        let reply = self.search(name, Kind::Txt, Search::None).await?;
        let texts = reply.records.iter().filter_map(|data| match data {
            Data::Text(text) => Some(text.clone()),
            Data::Address(_) | Data::Mx(_) | Data::Name(_) => None,
        });
        let texts = texts.collect();
        reply
            .answer(texts)
            .ok_or_else(|| Failure::new(name, Kind::Txt, Why::NoData))
    }

    /// What a name is an alias of (CNAME), one step.
    pub async fn aliases(&self, name: &str) -> Result<Answer<String>, Failure> {
        let reply = self.search(name, Kind::Cname, Search::None).await?;
        let names = reply
            .records
            .iter()
            .filter_map(name_of)
            .map(str::to_owned)
            .collect();
        reply
            .answer(names)
            .ok_or_else(|| Failure::new(name, Kind::Cname, Why::Invalid))
    }

    async fn addresses_of_kind(
        &self,
        host: &str,
        kind: Kind,
        search: Search,
    ) -> Result<Answer<IpAddr>, Failure> {
        let reply = self.search(host, kind, search).await?;
        let addresses = reply.records.iter().filter_map(|data| match data {
            Data::Address(address) => Some(*address),
            Data::Mx(_) | Data::Name(_) | Data::Text(_) => None,
        });
        let addresses = addresses.collect();
        reply
            .answer(addresses)
            .ok_or_else(|| Failure::new(host, kind, Why::NoData))
    }

    /// Try a name and its completions; the most telling failure wins.
    async fn search(&self, name: &str, kind: Kind, search: Search) -> Result<Found, Failure> {
        if !is_askable(name) {
            return Err(Failure::new(name, kind, Why::Invalid));
        }
        let mut failure = None;
        for candidate in self.candidates(name, search) {
            match self.follow(&candidate, kind).await {
                Ok(found) => return Ok(found),
                Err(why) => {
                    let next = Failure::new(name, kind, why);
                    failure = Some(worse(failure, next));
                    if why == Why::Temporary {
                        break;
                    }
                }
            }
        }
        Err(failure.unwrap_or_else(|| Failure::new(name, kind, Why::NotFound)))
    }

    fn candidates(&self, name: &str, search: Search) -> Vec<String> {
        let conf = self.transport.conf();
        if name.ends_with('.') {
            return vec![name.to_owned()];
        }
        let dots = name.bytes().filter(|&b| b == b'.').count();
        let completed = |domain: &String| format!("{name}.{domain}");
        let mut candidates: Vec<String> = match search {
            Search::None => Vec::new(),
            Search::DefaultDomain if dots > 0 => Vec::new(),
            Search::DefaultDomain => conf.search.iter().take(1).map(completed).collect(),
            Search::List => conf.search.iter().map(completed).collect(),
        };
        let place = if dots >= conf.ndots {
            0
        } else {
            candidates.len()
        };
        candidates.insert(place, name.to_owned());
        candidates
    }

    /// Ask for one complete name, following aliases that lead out of the answer.
    async fn follow(&self, name: &str, kind: Kind) -> Result<Found, Why> {
        let mut found = Found {
            records: Vec::new(),
            name: name.trim_end_matches('.').to_owned(),
            authentic: self.transport.conf().trust_ad,
            ttl: u32::MAX,
        };
        for _ in 0..MAX_ALIASES {
            let reply = self.transport.ask(&found.name, kind).await?;
            let followed = reply.alias_of.is_some();
            let code = reply.code;
            found.take(reply);
            if !found.records.is_empty() {
                return Ok(found);
            }
            match code {
                Code::NoName => return Err(Why::NotFound),
                Code::Fine if followed => {}
                Code::Fine => return Err(Why::NoData),
                Code::NotUnderstood | Code::Failed => return Err(Why::NoRecovery),
            }
        }
        Err(Why::NoRecovery)
    }
}

/// Raw records on their way to an answer.
struct Found {
    records: Vec<Data>,
    name: String,
    authentic: bool,
    ttl: u32,
}

impl Found {
    fn take(&mut self, reply: Reply) {
        self.authentic &= reply.authentic;
        self.ttl = self.ttl.min(reply.ttl);
        if let Some(name) = reply.alias_of {
            self.name = name;
        }
        self.records = reply.records;
    }

    fn answer<T>(self, records: Vec<T>) -> Option<Answer<T>> {
        (!records.is_empty()).then_some(Answer {
            records,
            name: self.name,
            authentic: self.authentic,
            ttl: self.ttl,
        })
    }
}

fn mx(data: &Data) -> Option<Mx> {
    match data {
        Data::Mx(mx) => Some(mx.clone()),
        Data::Address(_) | Data::Name(_) | Data::Text(_) => None,
    }
}

fn name_of(data: &Data) -> Option<&str> {
    match data {
        Data::Name(name) => Some(name),
        Data::Address(_) | Data::Mx(_) | Data::Text(_) => None,
    }
}

fn join(before: Option<Answer<IpAddr>>, mut answer: Answer<IpAddr>) -> Answer<IpAddr> {
    if let Some(before) = before {
        answer.records.splice(0..0, before.records);
        answer.authentic &= before.authentic;
        answer.ttl = answer.ttl.min(before.ttl);
    }
    answer
}

/// Of two failures the one that must decide: what may be temporary first, then what knows that the name exists.
fn worse(before: Option<Failure>, next: Failure) -> Failure {
    const fn weight(why: Why) -> u8 {
        match why {
            Why::Temporary => 5,
            Why::NoRecovery => 4,
            Why::NullMx => 3,
            Why::NoData => 2,
            Why::Invalid => 1,
            Why::NotFound => 0,
        }
    }
    match before {
        Some(before) if weight(before.why) > weight(next.why) => before,
        _ => next,
    }
}

/// The name under which the names of an address are found.
#[must_use]
pub fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let bytes = v6.octets();
            let nibbles = bytes
                .iter()
                .rev()
                .map(|b| format!("{:x}.{:x}.", b & 15, b >> 4));
            nibbles.chain(["ip6.arpa".to_owned()]).collect()
        }
    }
}

/// Whether a name may be asked for: names in use have more kinds of bytes than host names, but no white space.
fn is_askable(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let labels_fit = name.split('.').all(|label| (1..=63).contains(&label.len()));
    name.len() <= 253 && labels_fit && name.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

/// Whether a name in a record can be a host: letters, digits, hyphens, underscores, and not an address.
#[must_use]
pub fn is_host_name(name: &str) -> bool {
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let numeric = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    name.len() <= 253 && !numeric && name.split('.').all(label_fits)
}
