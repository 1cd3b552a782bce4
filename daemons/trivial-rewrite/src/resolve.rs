//! From an address to its transport, next hop and class.
//!
//! First the address is stripped of what this machine itself would undo (its own domains, `user%site`, `site!user`)
//! until what is left points elsewhere or to a user here; then the class of the domain names the transport, and tables
//! have the last word.

use lookup::address::{Order, REWRITING, find_address};
use lookup::match_list::Parents;
use lookup::{LookupError, Maps};
use mail::Address;
use mail::rewrite::Rules;
use records::resolve::{Class, Failure, Request, Route};

use crate::classes::Classes;
use crate::domain::{self, Form};
use crate::name::Method;
use crate::routes::Routes;
use crate::transport::{self, Splitting};

/// Everything that answers come from.
pub(crate) struct Resolver {
    pub(crate) names: config::params::core::Names,
    pub(crate) resolving: config::params::rewrite::Resolving,
    pub(crate) empty_address_recipient: Vec<u8>,
    pub(crate) empty_transport_key: String,
    pub(crate) empty_relayhost_key: String,
    pub(crate) owner_request_special: bool,
    pub(crate) relocated_prefix: bool,
    /// Domains may have letters beyond ASCII (`smtputf8_enable`).
    pub(crate) utf8: bool,
    pub(crate) transport_parents: Parents,
    pub(crate) rules: Rules,
    pub(crate) classes: Classes,
    pub(crate) relocated: Maps,
    pub(crate) mail: Routes,
    pub(crate) probes: Routes,
}

/// An address that needs no more stripping.
struct Destination {
    address: Vec<u8>,
    domain: Vec<u8>,
    local: bool,
    source_routed: bool,
}

/// Enough for any honest address; a longer chain is a fault of the address.
const MAX_STRIPPING: usize = 100;

impl Resolver {
    /// Where mail for the address goes.
    pub(crate) async fn resolve(&self, request: &Request) -> Result<Route, Failure> {
        let destination = self.destination(request.address.as_bytes()).await?;
        let routes = if request.probe {
            &self.probes
        } else {
            &self.mail
        };
        let class = self.class(&destination).await?;
        let sender = request.sender.as_bytes();
        let mut method = self.by_class(routes, class, &destination, sender).await?;
        if let Some(moved) = self.relocated(&destination.address).await? {
            method = moved;
        } else if class != Class::VirtualAlias {
            // An unknown virtual alias is refused whatever transport_maps say.
            self.by_table(routes, &destination, &mut method).await?;
        }
        if !self.resolving.allow_min_user && destination.address.starts_with(b"-") {
            return Err(Failure::BadAddress);
        }
        Ok(Route {
            transport: method.transport,
            nexthop: method.nexthop,
            recipient: Address::new(destination.address).map_err(|_| Failure::BadAddress)?,
            class,
            source_routed: destination.source_routed,
        })
    }

    /// Strip own domains and routing operators.
    async fn destination(&self, address: &[u8]) -> Result<Destination, Failure> {
        let mut address = address.to_vec();
        let source_routed = is_routed(&address);
        let mut own_domain: Option<Vec<u8>> = None;
        for _ in 0..MAX_STRIPPING {
            let Some(at) = address.iter().rposition(|&byte| byte == b'@') else {
                break;
            };
            let domain = address.get(at + 1..).unwrap_or_default();
            let domain = self.bracketed(strip_dot(domain));
            if domain.is_empty() && self.resolving.resolve_null_domain {
                own_domain.get_or_insert_with(|| self.names.myhostname.clone().into_bytes());
            } else if self.is_local(&domain).await? {
                own_domain.get_or_insert(domain);
            } else {
                address.truncate(at + 1);
                address.extend_from_slice(&domain);
                return self.elsewhere(address, domain, source_routed);
            }
            address.truncate(at);
            if self.has_operator(&address) {
                own_domain = None;
                self.turn_around(&mut address);
            } else {
                break;
            }
        }
        if address.is_empty() {
            address.clone_from(&self.empty_address_recipient);
        }
        let domain = own_domain.unwrap_or_else(|| self.names.myhostname.clone().into_bytes());
        address.push(b'@');
        address.extend_from_slice(&domain);
        Ok(Destination {
            address,
            domain,
            local: true,
            source_routed,
        })
    }

    /// A domain that is not ours must have a form that can be delivered to.
    fn elsewhere(
        &self,
        address: Vec<u8>,
        domain: Vec<u8>,
        source_routed: bool,
    ) -> Result<Destination, Failure> {
        if !self.utf8 && !domain.is_ascii() {
            return Err(Failure::BadAddress);
        }
        match domain::form(&domain) {
            Form::Name | Form::Literal => Ok(Destination {
                address,
                domain,
                local: false,
                source_routed,
            }),
            Form::Numeric | Form::Invalid => Err(Failure::BadAddress),
        }
    }

    /// A numeric domain as the address literal that it stands for, if that is wanted.
    fn bracketed(&self, domain: &[u8]) -> Vec<u8> {
        if self.resolving.resolve_numeric_domain && domain::form(domain) == Form::Numeric {
            let literal = [b"[", domain, b"]"].concat();
            if domain::form(&literal) == Form::Literal {
                return literal;
            }
        }
        domain.to_vec()
    }

    async fn is_local(&self, domain: &[u8]) -> Result<bool, Failure> {
        self.classes.is_local(domain).await.map_err(temporary)
    }

    /// Whether what is left after our own domain would be routed on; quotes protect it only when so configured.
    fn has_operator(&self, local_part: &[u8]) -> bool {
        let quoted = !mail::quote::is_dot_string(local_part);
        let has = |byte: u8| local_part.contains(&byte);
        if quoted && !self.resolving.resolve_dequoted_address {
            return false;
        }
        has(b'@')
            || (self.rules.swap_bangpath && has(b'!'))
            || (self.rules.allow_percent_hack && has(b'%'))
    }

    /// `site!user` and `user%site` become `user@site`; an `@` that quotes hid is one again.
    fn turn_around(&self, address: &mut Vec<u8>) {
        if !address.contains(&b'@') {
            if self.rules.swap_bangpath
                && let Some(at) = address.iter().position(|&byte| byte == b'!')
            {
                let (site, user) = address.split_at(at);
                *address = [user.get(1..).unwrap_or_default(), b"@", site].concat();
            } else if let Some(at) = address.iter().rposition(|&byte| byte == b'%')
                && let Some(byte) = address.get_mut(at)
            {
                *byte = b'@';
            }
        }
        *address = self.rules.rewrite(address).into_owned();
    }

    async fn class(&self, destination: &Destination) -> Result<Class, Failure> {
        if destination.local {
            self.classes.check_local(&destination.domain).await;
            return Ok(Class::Local);
        }
        self.classes
            .remote(&destination.domain)
            .await
            .map_err(temporary)
    }

    /// The method that the class of the domain has, complete.
    async fn by_class(
        &self,
        routes: &Routes,
        class: Class,
        destination: &Destination,
        sender: &[u8],
    ) -> Result<Method, Failure> {
        let domain = &destination.domain;
        match class {
            Class::Local => Ok(complete(&routes.local_transport, domain)),
            Class::VirtualMailbox => Ok(complete(&routes.virtual_transport, domain)),
            Class::VirtualAlias => Ok(self.unknown_alias()),
            Class::Relay => {
                let relayhost = self.relayhost(routes, sender).await?;
                Ok(complete(
                    &routes.relay_transport,
                    relayhost.as_ref().unwrap_or(domain),
                ))
            }
            Class::Default => {
                let mut method = routes.default_transport.clone();
                if let Some(own) = self.sender_transport(routes, sender).await? {
                    method = own;
                }
                let relayhost = self.relayhost(routes, sender).await?;
                Ok(complete(&method, relayhost.as_ref().unwrap_or(domain)))
            }
        }
    }

    fn unknown_alias(&self) -> Method {
        let table = if self.resolving.show_user_unknown_table_name {
            " in virtual alias table"
        } else {
            ""
        };
        Method {
            transport: String::from("error"),
            nexthop: format!("5.1.1 User unknown{table}").into_bytes(),
        }
    }

    async fn sender_transport(
        &self,
        routes: &Routes,
        sender: &[u8],
    ) -> Result<Option<Method>, Failure> {
        let maps = &routes.sender_transports;
        let key = &self.empty_transport_key;
        let local = async || self.is_ours(sender).await;
        let found = transport::find_sender(maps, sender, key, self.splitting(), local).await;
        let Some(value) = found.map_err(temporary)? else {
            return Ok(None);
        };
        let mut method = Method::parse(&value);
        if method.is_empty() {
            return Ok(None);
        }
        if method.transport.is_empty() {
            method
                .transport
                .clone_from(&routes.default_transport.transport);
        }
        Ok(Some(method))
    }

    async fn relayhost(&self, routes: &Routes, sender: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let maps = &routes.sender_relayhosts;
        let key = &self.empty_relayhost_key;
        let local = async || self.is_ours(sender).await;
        let found = transport::find_sender(maps, sender, key, self.splitting(), local).await;
        let by_sender = found.map_err(temporary)?;
        Ok(by_sender.or_else(|| (!routes.relayhost.is_empty()).then(|| routes.relayhost.clone())))
    }

    /// The new address of a user who moved, as a refusal.
    async fn relocated(&self, address: &[u8]) -> Result<Option<Method>, Failure> {
        if self.relocated.is_empty() {
            return Ok(None);
        }
        let order = Order {
            steps: REWRITING,
            delimiters: self.names.recipient_delimiter.as_bytes(),
            owner_request_special: self.owner_request_special,
            parents: Parents::Dotted,
        };
        let local = async || self.is_ours(address).await;
        let found = find_address(&self.relocated, address, &order, local).await;
        let Some(found) = found.map_err(temporary)? else {
            return Ok(None);
        };
        let prefix: &[u8] = if self.relocated_prefix {
            b"5.1.6 User has moved to "
        } else {
            b""
        };
        Ok(Some(Method {
            transport: String::from("error"),
            nexthop: [prefix, &found.value].concat(),
        }))
    }

    /// What transport_maps change.
    async fn by_table(
        &self,
        routes: &Routes,
        destination: &Destination,
        method: &mut Method,
    ) -> Result<(), Failure> {
        let maps = &routes.transport_maps;
        let found = transport::find(maps, &destination.address, self.splitting()).await;
        let Some(found) = found.map_err(temporary)? else {
            return Ok(());
        };
        if !found.transport.is_empty() {
            *method = complete(&found, &destination.domain);
        } else if !found.nexthop.is_empty() {
            method.nexthop = found.nexthop;
        }
        Ok(())
    }

    /// Whether an address is one of this machine's own users, so that tables may have its name alone.
    async fn is_ours(&self, address: &[u8]) -> Result<bool, LookupError> {
        let Some(at) = address.iter().rposition(|&byte| byte == b'@') else {
            return Ok(true);
        };
        let domain = address.get(at + 1..).unwrap_or_default();
        let origin = self.names.myorigin.as_bytes();
        Ok(domain.eq_ignore_ascii_case(origin) || self.classes.is_local(domain).await?)
    }

    fn splitting(&self) -> Splitting<'_> {
        Splitting {
            delimiters: self.names.recipient_delimiter.as_bytes(),
            owner_request_special: self.owner_request_special,
            parents: self.transport_parents,
        }
    }
}

/// A method with a next hop: its own, or `otherwise`. An error's next hop is a text.
fn complete(method: &Method, otherwise: &[u8]) -> Method {
    let mut method = method.clone();
    if method.nexthop.is_empty() {
        method.nexthop = match method.transport.as_str() {
            "error" | "retry" => b"Address is undeliverable".to_vec(),
            _ => otherwise.to_vec(),
        };
    }
    method
}

fn strip_dot(domain: &[u8]) -> &[u8] {
    match domain.strip_suffix(b".") {
        Some(bare) if !bare.is_empty() && !bare.ends_with(b".") => bare,
        _ => domain,
    }
}

/// Whether the local part has an operator that some site would follow.
fn is_routed(address: &[u8]) -> bool {
    let at = address.iter().rposition(|&byte| byte == b'@');
    let local_part = address.get(..at.unwrap_or(0)).unwrap_or_default();
    local_part
        .iter()
        .any(|byte| matches!(byte, b'@' | b'%' | b'!'))
}

fn temporary(_logged: LookupError) -> Failure {
    Failure::Temporary
}

#[cfg(test)]
mod tests;
