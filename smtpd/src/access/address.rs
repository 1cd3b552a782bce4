//! Restrictions about addresses: completeness, domains that exist, and destinations that this system serves.

use dns::Why;
use mail::Address;
use records::resolve::{Class, Failure, Route};

use super::{Evaluation, Object, Verdict};
use crate::reply::Reply;

/// Whether this system delivers to an address or relays for its domain.
enum Destination {
    Ours,
    Foreign,
    Unknown,
}

impl Evaluation<'_> {
    pub(super) const fn address_of(&self, object: Object) -> Option<&'_ Address> {
        if matches!(object, Object::Sender) {
            self.facts.sender
        } else if matches!(object, Object::Recipient) {
            self.facts.recipient
        } else {
            None
        }
    }

    pub(super) fn non_fqdn_address(&mut self, object: Object) -> Verdict {
        let Some(address) = self.address_of(object) else {
            return Verdict::Dunno;
        };
        let exempt = address.is_null() || address.as_bytes().eq_ignore_ascii_case(b"postmaster");
        let complete = address.domain().is_some_and(|domain| {
            let domain = domain.strip_suffix(b".").unwrap_or(domain);
            domain.starts_with(b"[") || domain.contains(&b'.')
        });
        if exempt || complete {
            return Verdict::Dunno;
        }
        let code = self.shared.config.codes.non_fqdn_reject_code;
        self.reject(object, code, (5, 5, 2), b"need fully-qualified address")
    }

    pub(super) async fn unknown_domain(&mut self, object: Object) -> Verdict {
        let Some(address) = self.address_of(object).filter(|address| !address.is_null()) else {
            return Verdict::Dunno;
        };
        let sender = self.facts.sender.cloned().unwrap_or_default();
        let known = self.shared.routes.resolve(&sender, address).await;
        let Ok(route) = &known.route else {
            return self.lookup_failure(object);
        };
        if matches!(
            route.class,
            Class::Local | Class::VirtualAlias | Class::VirtualMailbox
        ) {
            return Verdict::Dunno;
        }
        let Some(domain) = route
            .recipient
            .domain()
            .filter(|domain| !domain.starts_with(b"["))
        else {
            return Verdict::Dunno;
        };
        let domain = String::from_utf8_lossy(domain).into_owned();
        let config = &self.shared.config;
        let detail = if object == Object::Sender { 8 } else { 2 };
        match self.shared.mail_host_exists(&domain).await {
            Ok(()) => Verdict::Dunno,
            Err(Why::NullMx) => {
                let text = format!("Domain {domain} does not accept mail (nullMX)");
                let (code, status) = if object == Object::Sender {
                    (550, (5, 7, 27))
                } else {
                    (556, (5, 1, 10))
                };
                let mut reply = self.worded(object, code, status, text.as_bytes());
                reply.status = Some(mail::DsnStatus::new(status.0, status.1, status.2));
                self.refuse(reply)
            }
            Err(Why::Temporary) => {
                let reply = self.worded(object, 450, (4, 1, detail), b"Domain not found");
                self.tempfail(&config.actions.unknown_address_tempfail_action, reply)
            }
            Err(_) => {
                let code = config.codes.unknown_address_reject_code;
                self.reject(object, code, (4, 1, detail), b"Domain not found")
            }
        }
    }

    pub(super) async fn permit_auth_destination(&mut self) -> Verdict {
        match self.destination().await {
            Destination::Ours => Verdict::Permit,
            Destination::Foreign => Verdict::Dunno,
            Destination::Unknown => self.lookup_failure(Object::Recipient),
        }
    }

    pub(super) async fn unauth_destination(&mut self, defer: bool) -> Verdict {
        match self.destination().await {
            Destination::Ours => Verdict::Dunno,
            Destination::Foreign => {
                let name = Object::Recipient.name(&self.facts);
                let text = [b"<", &*name, b">: Relay access denied"].concat();
                let code = self.shared.config.codes.relay_domains_reject_code;
                let code = if defer { code % 100 + 400 } else { code };
                self.refuse(Reply::new(code, (5, 7, 1), text))
            }
            Destination::Unknown => self.lookup_failure(Object::Recipient),
        }
    }

    async fn destination(&self) -> Destination {
        let Some(recipient) = self.facts.recipient else {
            return Destination::Ours;
        };
        let sender = self.facts.sender.cloned().unwrap_or_default();
        let known = self.shared.routes.resolve(&sender, recipient).await;
        match &known.route {
            Ok(route) => self.judge(route),
            Err(Failure::Temporary) => Destination::Unknown,
            Err(Failure::BadAddress) => Destination::Foreign,
        }
    }

    /// Whether mail for the recipient goes to a machine that is none of ours to relay for.
    pub(super) async fn leads_elsewhere(&self) -> bool {
        matches!(self.destination().await, Destination::Foreign)
    }

    /// Whether the recipient is in a relay domain.
    pub(super) async fn is_relayed(&self) -> bool {
        let Some(recipient) = self.facts.recipient else {
            return false;
        };
        let sender = self.facts.sender.cloned().unwrap_or_default();
        let known = self.shared.routes.resolve(&sender, recipient).await;
        matches!(&known.route, Ok(route) if route.class == Class::Relay)
    }

    fn judge(&self, route: &Route) -> Destination {
        let untrusted = route.source_routed && !self.shared.config.access.allow_untrusted_routing;
        match route.class {
            _ if untrusted => Destination::Foreign,
            Class::Local | Class::VirtualAlias | Class::VirtualMailbox | Class::Relay => {
                Destination::Ours
            }
            // An address without domain is completed with this system's own.
            Class::Default if route.recipient.domain().is_none() => Destination::Ours,
            Class::Default => Destination::Foreign,
        }
    }
}
