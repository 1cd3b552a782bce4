//! Lists that say whether a name or an address belongs to something: `mynetworks`, `relay_domains`, `mydestination`.
//!
//! Members are names, `.domain`, networks, `type:table`, `/file` (its contents stand in its place) and `!` before any of
//! them; the first member that matches decides. A member that cannot be used is an error when the search reaches it.
//! Files are read and tables opened by [`MatchList::open`], before the jail. Logs a warning for each failure.

use std::net::IpAddr;

use net::IpNet;
use text::token;

use crate::error::LookupError;
use crate::source::logical_lines;
use crate::table::{OpenOptions, Table, fold};

/// How deep `/file` members may name further files.
const MAX_NESTING: usize = 10;

/// Whether `example.com` in a list matches the hosts below it too.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Parents {
    /// Only `.example.com` matches what is below example.com.
    #[default]
    Dotted,
    /// `example.com` matches itself and what is below: the list is in `parent_domain_matches_subdomains`.
    Bare,
}

/// A list, ready to be asked.
#[derive(Debug, Default)]
pub struct MatchList {
    title: String,
    parents: Parents,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    /// Without `!`.
    positive: bool,
    pattern: Pattern,
}

#[derive(Debug)]
enum Pattern {
    Text {
        text: Vec<u8>,
        /// The text as a network, when it looks like one.
        network: Option<Result<IpNet, String>>,
    },
    Table(Table),
    Unreadable(LookupError),
}

impl MatchList {
    /// Read the list that the parameter `title` holds as text.
    #[must_use]
    pub fn open(title: &str, text: &str, parents: Parents, options: &OpenOptions) -> Self {
        let mut members = Vec::new();
        read_members(text, true, 0, options, &mut members);
        Self {
            title: title.to_owned(),
            parents,
            members,
        }
    }

    /// The name of the parameter.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Whether the list has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The first table whose file was replaced since it was opened, as `type:name`.
    #[must_use]
    pub fn changed(&self) -> Option<&str> {
        self.members
            .iter()
            .find_map(|member| match &member.pattern {
                Pattern::Table(table) => table.changed().then(|| table.name()),
                Pattern::Text { .. } | Pattern::Unreadable(_) => None,
            })
    }

    /// Whether a member equals the text, by letter case folded (`mydestination`).
    pub async fn matches_string(&self, text: &[u8]) -> Result<bool, LookupError> {
        self.search(&Subject::string(text)).await
    }

    /// Whether a domain is a member or below one (`relay_domains`).
    pub async fn matches_domain(&self, name: &[u8]) -> Result<bool, LookupError> {
        self.search(&Subject::domain(name)).await
    }

    /// Whether an address is in the list (`proxy_interfaces`, postscreen's lists).
    pub async fn matches_address(&self, address: IpAddr) -> Result<bool, LookupError> {
        self.search(&Subject::address(address)).await
    }

    /// Whether a client is in the list by name or by address (`mynetworks`).
    pub async fn matches_client(&self, name: &[u8], address: IpAddr) -> Result<bool, LookupError> {
        let subject = Subject {
            domain: Some(fold(name)),
            ..Subject::address(address)
        };
        self.search(&subject).await
    }

    async fn search(&self, subject: &Subject) -> Result<bool, LookupError> {
        for member in &self.members {
            let matched = self.matches(&member.pattern, subject).await;
            match matched {
                Ok(true) => return Ok(member.positive),
                Ok(false) => {}
                Err(error) => {
                    self.tell_of(member, &error);
                    return Err(error);
                }
            }
        }
        Ok(false)
    }

    /// A table has said itself what is wrong with it.
    fn tell_of(&self, member: &Member, error: &LookupError) {
        let title = &self.title;
        match &member.pattern {
            Pattern::Table(table) => {
                maillog::warning!("{title}: {}: table lookup problem", table.name());
            }
            Pattern::Text { .. } | Pattern::Unreadable(_) => {
                maillog::warning!("{title}: {error}");
            }
        }
    }

    async fn matches(&self, pattern: &Pattern, subject: &Subject) -> Result<bool, LookupError> {
        match pattern {
            Pattern::Text { text, network } => self.matches_text(text, network.as_ref(), subject),
            Pattern::Table(table) => self.matches_table(table, subject).await,
            Pattern::Unreadable(error) => Err(error.clone()),
        }
    }

    fn matches_text(
        &self,
        text: &[u8],
        network: Option<&Result<IpNet, String>>,
        subject: &Subject,
    ) -> Result<bool, LookupError> {
        if subject.string.as_deref() == Some(text) {
            return Ok(true);
        }
        if let Some(domain) = &subject.domain
            && (domain == text || self.below(domain, text))
        {
            return Ok(true);
        }
        match (&subject.address, network) {
            (Some((address, _)), Some(Ok(network))) => Ok(network.contains(*address)),
            (Some(_), Some(Err(reason))) => Err(LookupError::Failed {
                table: self.title.clone(),
                reason: reason.clone(),
            }),
            _ => Ok(false),
        }
    }

    fn below(&self, domain: &[u8], pattern: &[u8]) -> bool {
        let rest = domain.strip_suffix(pattern);
        rest.is_some_and(|rest| match (self.parents, pattern.first()) {
            (Parents::Dotted, Some(b'.')) => !rest.is_empty(),
            (Parents::Dotted, _) => false,
            (Parents::Bare, _) => rest.ends_with(b"."),
        })
    }

    async fn matches_table(&self, table: &Table, subject: &Subject) -> Result<bool, LookupError> {
        if let Some(string) = &subject.string {
            return Ok(table.find(string).await?.is_some());
        }
        if let Some(domain) = &subject.domain {
            for (index, key) in domain_keys(domain, self.parents).enumerate() {
                let asked = index == 0 || !table.is_pattern();
                if asked && table.find(key).await?.is_some() {
                    return Ok(true);
                }
            }
        }
        match &subject.address {
            Some((_, text)) => Ok(table.find(text).await?.is_some()),
            None => Ok(false),
        }
    }
}

/// A domain and then its parents, as tables are asked for them.
pub fn domain_keys(domain: &[u8], parents: Parents) -> impl Iterator<Item = &[u8]> {
    let mut next = Some(domain);
    std::iter::from_fn(move || {
        let this = next.filter(|name| !name.is_empty())?;
        let dot = this.iter().skip(1).position(|&b| b == b'.');
        next = dot.and_then(|at| match parents {
            Parents::Dotted => this.get(at + 1..),
            Parents::Bare => this.get(at + 2..),
        });
        Some(this)
    })
}

/// What is sought: one of these, or a client's name and address together.
#[derive(Default)]
struct Subject {
    string: Option<Vec<u8>>,
    domain: Option<Vec<u8>>,
    address: Option<(IpAddr, Vec<u8>)>,
}

impl Subject {
    fn string(text: &[u8]) -> Self {
        Self {
            string: Some(fold(text)),
            ..Self::default()
        }
    }

    fn domain(name: &[u8]) -> Self {
        Self {
            domain: Some(fold(name)),
            ..Self::default()
        }
    }

    fn address(address: IpAddr) -> Self {
        let address = net::cidr::canonical(address);
        Self {
            address: Some((address, address.to_string().into_bytes())),
            ..Self::default()
        }
    }
}

fn read_members(
    text: &str,
    positive: bool,
    depth: usize,
    options: &OpenOptions,
    members: &mut Vec<Member>,
) {
    for word in token::groups(text) {
        let mut positive = positive;
        let mut word = word;
        while let Some(rest) = word.strip_prefix('!') {
            positive = !positive;
            word = rest;
        }
        if word.starts_with('/') {
            match read_file(word, depth) {
                Ok(text) => read_members(&text, positive, depth + 1, options, members),
                Err(error) => members.push(Member {
                    positive,
                    pattern: Pattern::Unreadable(error),
                }),
            }
        } else if !word.is_empty() {
            let pattern = if names_table(word) {
                Pattern::Table(Table::open_or_unavailable(word, options))
            } else {
                Pattern::Text {
                    text: fold(word.as_bytes()),
                    network: looks_like_network(word)
                        .then(|| IpNet::parse(word).map_err(|error| error.to_string())),
                }
            };
            members.push(Member { positive, pattern });
        }
    }
}

fn read_file(path: &str, depth: usize) -> Result<String, LookupError> {
    let unavailable = |reason: String| LookupError::Unavailable {
        table: path.to_owned(),
        reason,
    };
    if depth >= MAX_NESTING {
        return Err(unavailable(format!("open file {path}: nested too deep")));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        let error = sys::reason(&error);
        unavailable(format!("open file {path}: {error}"))
    })?;
    let lines: Vec<String> = logical_lines(&bytes)
        .iter()
        .map(|line| String::from_utf8_lossy(&line.text).into_owned())
        .collect();
    Ok(lines.join("\n"))
}

/// `type:name`, but neither `[v6]` nor a bare IPv6 address.
fn names_table(word: &str) -> bool {
    match word.split_once(':') {
        Some((kind, name)) => {
            !kind.is_empty()
                && !name.is_empty()
                && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && !looks_like_network(word)
        }
        None => false,
    }
}

fn looks_like_network(word: &str) -> bool {
    let bytes = word.as_bytes();
    let numeric = bytes
        .iter()
        .all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'/' | b'[' | b']'));
    numeric
        && (word.contains(':')
            || bytes
                .first()
                .is_some_and(|b| b.is_ascii_digit() || *b == b'['))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str, parents: Parents) -> MatchList {
        MatchList::open("test", text, parents, &OpenOptions::default())
    }

    fn domain(list: &MatchList, name: &str) -> bool {
        crate::testing::now(list.matches_domain(name.as_bytes())).unwrap()
    }

    fn client(list: &MatchList, name: &str, address: &str) -> Result<bool, LookupError> {
        crate::testing::now(list.matches_client(name.as_bytes(), address.parse().unwrap()))
    }

    #[test]
    fn domains_and_their_parents() {
        let text = "!bad.example.com example.com .dotted.org inline:{t.net=x, .u.net=y}";
        let dotted = list(text, Parents::Dotted);
        assert!(domain(&dotted, "Example.COM"));
        assert!(!domain(&dotted, "sub.example.com"));
        assert!(domain(&dotted, "a.dotted.org"));
        assert!(!domain(&dotted, "dotted.org"));
        assert!(domain(&dotted, "a.u.net"));
        assert!(!domain(&dotted, "a.t.net"));
        let bare = list(text, Parents::Bare);
        assert!(domain(&bare, "sub.example.com"));
        assert!(!domain(&bare, "bad.example.com"));
        assert!(!domain(&bare, "a.dotted.org"));
        assert!(domain(&bare, "a.b.t.net"));
    }

    #[test]
    fn clients_by_network_and_name() {
        let networks = list(
            "!10.0.0.9, 10.0.0.0/8 [::1]/128 fe80::/10 .example.org",
            Parents::Dotted,
        );
        assert_eq!(client(&networks, "unknown", "10.1.2.3"), Ok(true));
        assert_eq!(client(&networks, "unknown", "10.0.0.9"), Ok(false));
        assert_eq!(client(&networks, "unknown", "::ffff:10.1.2.3"), Ok(true));
        assert_eq!(client(&networks, "unknown", "::1"), Ok(true));
        assert_eq!(client(&networks, "a.example.org", "192.0.2.1"), Ok(true));
        assert_eq!(client(&networks, "unknown", "192.0.2.1"), Ok(false));
    }

    #[test]
    fn a_bad_member_is_an_error_and_not_a_miss() {
        let networks = list("192.0.2.1 10.0.0.1/8", Parents::Dotted);
        assert_eq!(client(&networks, "x", "192.0.2.1"), Ok(true));
        let error = client(&networks, "x", "10.0.0.1").unwrap_err().to_string();
        assert!(error.contains("10.0.0.0/8"), "{error}");
        let missing = list("/nonexistent/file", Parents::Dotted);
        assert!(client(&missing, "x", "10.0.0.1").is_err());
    }

    #[test]
    fn files_stand_for_their_contents() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nets");
        std::fs::write(&path, "# networks\n10.0.0.0/8,\n  192.0.2.1\n").unwrap();
        let path = path.display();
        let networks = list(&format!("{path}"), Parents::Dotted);
        assert_eq!(client(&networks, "x", "192.0.2.1"), Ok(true));
        let networks = list(&format!("!{path} 0.0.0.0/0"), Parents::Dotted);
        assert_eq!(client(&networks, "x", "192.0.2.1"), Ok(false));
        assert_eq!(client(&networks, "x", "192.0.2.2"), Ok(true));
    }
}
