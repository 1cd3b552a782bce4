//! The address classes: which domains are local, virtual, relayed (ADDRESS_CLASS_README).
//!
//! Logs a domain that is in two classes.

use config::{Settings, params};
use lookup::match_list::Parents;
use lookup::{LocalDomains, LookupError, MatchList, OpenOptions};
use records::resolve::Class;
use service::Fatal;

/// The lists of domains.
pub(crate) struct Classes {
    local: LocalDomains,
    virtual_alias: MatchList,
    virtual_mailbox: MatchList,
    relay: MatchList,
}

impl Classes {
    pub(crate) fn open(settings: &Settings, options: &OpenOptions) -> Result<Self, Fatal> {
        let domains: params::core::Domains = settings.get()?;
        let text = |name: &str| settings.text(name).map(Option::unwrap_or_default);
        let list =
            |title: &str, text: &str, parents| MatchList::open(title, text, parents, options);
        let parents = parents("relay_domains", &domains.parent_domain_matches_subdomains);
        Ok(Self {
            local: LocalDomains::open(settings, options).map_err(|e| Fatal::new(e.to_string()))?,
            virtual_alias: list(
                "virtual_alias_domains",
                &text("virtual_alias_domains")?,
                Parents::Dotted,
            ),
            virtual_mailbox: list(
                "virtual_mailbox_domains",
                &text("virtual_mailbox_domains")?,
                Parents::Dotted,
            ),
            relay: list("relay_domains", &domains.relay_domains, parents),
        })
    }

    /// Whether mail for the domain ends on this machine's own mailboxes.
    pub(crate) async fn is_local(&self, domain: &[u8]) -> Result<bool, LookupError> {
        self.local.contains(domain).await
    }

    /// The class of a domain that is not local.
    pub(crate) async fn remote(&self, domain: &[u8]) -> Result<Class, LookupError> {
        if self.virtual_alias.matches_string(domain).await? {
            let class = self.virtual_alias.title();
            self.check_not_in(&self.virtual_mailbox, domain, class)
                .await;
            self.check_relay(domain, class).await;
            Ok(Class::VirtualAlias)
        } else if self.virtual_mailbox.matches_string(domain).await? {
            self.check_relay(domain, self.virtual_mailbox.title()).await;
            Ok(Class::VirtualMailbox)
        } else if self.relay.matches_domain(domain).await? {
            Ok(Class::Relay)
        } else {
            Ok(Class::Default)
        }
    }

    /// Warn when a local domain is a virtual one too.
    pub(crate) async fn check_local(&self, domain: &[u8]) {
        self.check_not_in(&self.virtual_alias, domain, "mydestination")
            .await;
        self.check_not_in(&self.virtual_mailbox, domain, "mydestination")
            .await;
    }

    async fn check_relay(&self, domain: &[u8], class: &str) {
        // A table that does not answer is in the log, and mail that does not need it goes on.
        if self.relay.matches_domain(domain).await == Ok(true) {
            warn_of_both(domain, class, self.relay.title());
        }
    }

    async fn check_not_in(&self, list: &MatchList, domain: &[u8], class: &str) {
        if list.matches_string(domain).await == Ok(true) {
            warn_of_both(domain, class, list.title());
        }
    }

    /// The first table whose file was replaced since it was opened, as `type:name`.
    pub(crate) fn changed(&self) -> Option<&str> {
        [&self.virtual_alias, &self.virtual_mailbox, &self.relay]
            .into_iter()
            .find_map(MatchList::changed)
            .or_else(|| self.local.changed())
    }
}

/// How the list of a feature treats subdomains.
pub(crate) fn parents(feature: &str, parent_domain_matches_subdomains: &str) -> Parents {
    let named = parent_domain_matches_subdomains
        .split(|c: char| c == ',' || c.is_ascii_whitespace())
        .any(|word| word == feature);
    if named {
        Parents::Bare
    } else {
        Parents::Dotted
    }
}

fn warn_of_both(domain: &[u8], one: &str, other: &str) {
    let domain = String::from_utf8_lossy(domain);
    maillog::warning!("do not list domain {domain} in BOTH {one} and {other}");
}
