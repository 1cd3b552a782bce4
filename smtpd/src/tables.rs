//! The tables and lists that smtpd asks, opened before the jail.

use std::net::IpAddr;

use ::config::params::{cleanup, core, smtpd};
use ::config::{Settings, TableList, Words};
use lookup::{DebugPeers, LookupError, Maps, MatchList, OpenOptions};

use crate::config::parents;
use crate::peer::Peer;

/// Opened once, for all sessions.
pub struct Tables {
    pub mynetworks: MatchList,
    pub local_recipients: Maps,
    pub relay_recipients: Maps,
    pub virtual_mailboxes: Maps,
    pub virtual_aliases: Maps,
    pub canonical: Maps,
    pub recipient_canonical: Maps,
    pub rbl_replies: Maps,
    pub command_filter: Maps,
    pub discarded_keywords: Maps,
    pub xclient_hosts: MatchList,
    pub xforward_hosts: MatchList,
    pub bare_lf_exclusions: MatchList,
    pub forbidden: Forbidden,
    pub local_clients: LocalClients,
    pub debug_peers: DebugPeers,
}

impl Tables {
    /// Open them.
    pub fn open(settings: &Settings, options: &OpenOptions) -> Result<Self, String> {
        let text = |error: ::config::Error| error.to_string();
        let access: smtpd::Access = settings.get().map_err(text)?;
        let commands: smtpd::Commands = settings.get().map_err(text)?;
        let trust: smtpd::Trust = settings.get().map_err(text)?;
        let block_lists: smtpd::BlockLists = settings.get().map_err(text)?;
        let mapping: cleanup::Mapping = settings.get().map_err(text)?;
        let aliases: cleanup::Virtual = settings.get().map_err(text)?;
        // virtual(8) insists on the other parameters of its group; here only this one counts.
        let mailboxes = settings.text("virtual_mailbox_maps").map_err(text)?;
        let mailboxes = TableList::from(mailboxes.as_deref().unwrap_or_default());
        let domains: core::Domains = settings.get().map_err(text)?;
        let networks: core::Networks = settings.get().map_err(text)?;
        let maps = |title: &str, list: &TableList| Maps::open(title, list, options);
        let hosts = |title: &str, words: &Words| {
            let list = words.to_string();
            MatchList::open(title, &list, parents(&domains, title), options)
        };
        let near = parents(&domains, "mynetworks");
        Ok(Self {
            mynetworks: MatchList::open("mynetworks", &networks.mynetworks, near, options),
            local_recipients: maps("local_recipient_maps", &access.local_recipient_maps),
            relay_recipients: maps("relay_recipient_maps", &access.relay_recipient_maps),
            virtual_mailboxes: maps("virtual_mailbox_maps", &mailboxes),
            virtual_aliases: maps("virtual_alias_maps", &aliases.virtual_alias_maps),
            canonical: maps("canonical_maps", &mapping.canonical_maps),
            recipient_canonical: maps(
                "recipient_canonical_maps",
                &mapping.recipient_canonical_maps,
            ),
            rbl_replies: maps("rbl_reply_maps", &block_lists.rbl_reply_maps),
            command_filter: maps("smtpd_command_filter", &commands.smtpd_command_filter),
            discarded_keywords: maps(
                "smtpd_discard_ehlo_keyword_address_maps",
                &commands.smtpd_discard_ehlo_keyword_address_maps,
            ),
            xclient_hosts: hosts(
                "smtpd_authorized_xclient_hosts",
                &trust.smtpd_authorized_xclient_hosts,
            ),
            xforward_hosts: hosts(
                "smtpd_authorized_xforward_hosts",
                &trust.smtpd_authorized_xforward_hosts,
            ),
            bare_lf_exclusions: hosts(
                "smtpd_forbid_bare_newline_exclusions",
                &commands.smtpd_forbid_bare_newline_exclusions,
            ),
            forbidden: Forbidden::open(&commands.smtpd_forbidden_commands, options),
            local_clients: LocalClients::open(&trust.local_header_rewrite_clients, options)?,
            debug_peers: DebugPeers::open(settings, options).map_err(text)?,
        })
    }
}

impl Tables {
    /// The first table that was replaced since it was opened.
    pub fn changed(&self) -> Option<&str> {
        let maps = [
            &self.local_recipients,
            &self.relay_recipients,
            &self.virtual_mailboxes,
            &self.virtual_aliases,
            &self.canonical,
            &self.recipient_canonical,
            &self.rbl_replies,
            &self.command_filter,
            &self.discarded_keywords,
        ];
        let lists = [
            &self.mynetworks,
            &self.xclient_hosts,
            &self.xforward_hosts,
            &self.bare_lf_exclusions,
            &self.forbidden.list,
        ];
        let changed = maps.into_iter().find_map(Maps::changed);
        changed.or_else(|| lists.into_iter().find_map(MatchList::changed))
    }
}

/// Commands that end the session (`smtpd_forbidden_commands`).
pub struct Forbidden {
    not_alphabetic: bool,
    list: MatchList,
}

impl Forbidden {
    fn open(words: &Words, options: &OpenOptions) -> Self {
        let (patterns, others): (Vec<&String>, Vec<&String>) = words
            .iter()
            .partition(|word| word.as_str() == NOT_ALPHABETIC);
        let others: Vec<&str> = others.into_iter().map(String::as_str).collect();
        let list = others.join(" ");
        Self {
            not_alphabetic: !patterns.is_empty(),
            list: MatchList::open(
                "smtpd_forbidden_commands",
                &list,
                Default::default(),
                options,
            ),
        }
    }

    /// Whether a command's first word is one of them.
    pub async fn contains(&self, word: &[u8]) -> bool {
        let strange = !word.first().is_some_and(u8::is_ascii_alphabetic);
        if self.not_alphabetic && strange {
            return true;
        }
        // A list that fails forbids nothing; the failure is in the log.
        self.list.matches_string(word).await.unwrap_or(false)
    }
}

/// The pattern in the stock value, which is so common that it needs no regular expressions.
const NOT_ALPHABETIC: &str = "regexp:{{/^[^A-Z]/ Bogus}}";

/// Clients whose mail gets header addresses completed (`local_header_rewrite_clients`).
pub struct LocalClients(Vec<LocalClient>);

enum LocalClient {
    Interfaces,
    Networks,
    /// Only with a login or a certificate.
    Never,
    Addresses(Maps),
}

impl LocalClients {
    fn open(words: &Words, options: &OpenOptions) -> Result<Self, String> {
        let mut clients = Vec::new();
        for word in words.iter() {
            clients.push(match word.to_ascii_lowercase().as_str() {
                "permit_inet_interfaces" => LocalClient::Interfaces,
                "permit_mynetworks" => LocalClient::Networks,
                "permit_sasl_authenticated"
                | "permit_tls_clientcerts"
                | "permit_tls_all_clientcerts" => LocalClient::Never,
                "check_address_map" => continue,
                _ if word.contains(':') => {
                    LocalClient::Addresses(Maps::open(word, &[word], options))
                }
                _ => {
                    return Err(format!(
                        "parameter local_header_rewrite_clients: unknown word \"{word}\""
                    ));
                }
            });
        }
        Ok(Self(clients))
    }
}

impl crate::server::Shared {
    /// Whether header addresses of a client's mail are completed as those of this machine's users.
    pub async fn rewrites_locally(&self, peer: &Peer) -> Result<bool, LookupError> {
        let Some(address) = peer.address else {
            return Ok(false);
        };
        for client in &self.tables.local_clients.0 {
            let local = match client {
                LocalClient::Interfaces => self.own.is_interface(address),
                LocalClient::Networks => self.is_trusted(peer).await?,
                LocalClient::Never => false,
                LocalClient::Addresses(maps) => knows(maps, address).await?,
            };
            if local {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

async fn knows(maps: &Maps, address: IpAddr) -> Result<bool, LookupError> {
    Ok(maps.find(address.to_string().as_bytes()).await?.is_some())
}
