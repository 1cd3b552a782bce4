//! resolv.conf(5): which servers to ask, and how.
//!
//! [`ResolvConf::open`] before the jail. What it does not know it skips, as the C library does. A file without servers,
//! or none at all, means the server on this machine.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use net::endpoint::parse_address;

/// How to ask for names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResolvConf {
    /// At most three, in order.
    pub servers: Vec<SocketAddr>,
    /// Domains to append to short names.
    pub search: Vec<String>,
    /// A name with at least so many dots is tried as it is first.
    pub ndots: usize,
    /// How long to wait for one server.
    pub timeout: Duration,
    /// How often to go through the servers.
    pub attempts: usize,
    /// Start with another server each time.
    pub rotate: bool,
    /// Always TCP.
    pub use_vc: bool,
    /// Whether the servers' AD bit may be believed.
    pub trust_ad: bool,
    /// Do not send an EDNS record.
    pub no_edns: bool,
}

impl Default for ResolvConf {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
            rotate: false,
            use_vc: false,
            trust_ad: false,
            no_edns: false,
        }
    }
}

impl ResolvConf {
    /// Read the system's file.
    #[must_use]
    pub fn open() -> Self {
        let text = fs::read(PATH).unwrap_or_default();
        Self::parse(&String::from_utf8_lossy(&text))
    }

    /// Read the text of a resolv.conf.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut conf = Self::default();
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("nameserver") => conf.add_server(words.next()),
                Some("domain") => conf.search = words.take(1).map(absolute).collect(),
                Some("search") => conf.search = words.map(absolute).collect(),
                Some("options") => words.for_each(|word| conf.option(word)),
                _ => {}
            }
        }
        if conf.servers.is_empty() {
            conf.servers
                .push(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)));
        }
        conf
    }

    fn add_server(&mut self, word: Option<&str>) {
        // A scope id (fe80::1%eth0) cannot be kept without asking the kernel; such servers are skipped.
        if let Some(address) = word.and_then(parse_address)
            && self.servers.len() < MAX_SERVERS
        {
            self.servers
                .push(SocketAddr::new(unspecified_is_local(address), PORT));
        }
    }

    fn option(&mut self, word: &str) {
        let (name, value) = word.split_once(':').unwrap_or((word, ""));
        let number: Option<u8> = value.parse().ok();
        match (name, number) {
            ("ndots", Some(n)) => self.ndots = usize::from(n.min(15)),
            ("timeout", Some(n)) => self.timeout = Duration::from_secs(u64::from(n.clamp(1, 30))),
            ("attempts", Some(n)) => self.attempts = usize::from(n.clamp(1, 5)),
            ("rotate", _) => self.rotate = true,
            ("use-vc", _) => self.use_vc = true,
            ("trust-ad", _) => self.trust_ad = true,
            _ => {}
        }
    }
}

fn absolute(domain: &str) -> String {
    domain.trim_end_matches('.').to_owned()
}

fn unspecified_is_local(address: IpAddr) -> IpAddr {
    if address.is_unspecified() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        address
    }
}

const PATH: &str = "/etc/resolv.conf";
const PORT: u16 = 53;
const MAX_SERVERS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_file() {
        let conf = ResolvConf::parse(
            "# made by dhcp\nnameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver x\n\
             search example.com. example.net\noptions ndots:2 timeout:3 attempts:9 rotate trust-ad unknown\n",
        );
        assert_eq!(conf.servers.len(), 2);
        assert_eq!(conf.search, ["example.com", "example.net"]);
        assert_eq!((conf.ndots, conf.attempts), (2, 5));
        assert_eq!(conf.timeout, Duration::from_secs(3));
        assert!(conf.rotate && conf.trust_ad && !conf.use_vc);
    }

    #[test]
    fn nothing_means_this_machine() {
        assert_eq!(
            ResolvConf::parse("").servers,
            ["127.0.0.1:53".parse().unwrap()]
        );
    }
}
