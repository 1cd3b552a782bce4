//! Recipients and senders in domains of this system that its tables do not name.

use lookup::address::{Order, REWRITING, find_address};
use lookup::match_list::Parents;
use lookup::table::fold;
use lookup::{LookupError, Maps};
use mail::DsnStatus;
use records::resolve::{Class, Failure, Route};

use super::action::Text;
use super::{Evaluation, Object, Verdict};
use crate::reply::Reply;

impl Evaluation<'_> {
    /// `reject_unlisted_sender` and `reject_unlisted_recipient`.
    pub async fn unlisted(&mut self, object: Object) -> Verdict {
        let shared = self.shared;
        let Some(address) = self.address_of(object).filter(|address| !address.is_null()) else {
            return Verdict::Dunno;
        };
        if shared.is_double_bounce(address) {
            return Verdict::Dunno;
        }
        let sender = self.facts.sender.cloned().unwrap_or_default();
        let known = shared.routes.resolve(&sender, address).await;
        let route = match &known.route {
            Ok(route) => route,
            Err(Failure::Temporary) => return self.lookup_failure(object),
            Err(Failure::BadAddress) => return Verdict::Dunno,
        };
        if known.listed.get() {
            return Verdict::Dunno;
        }
        match self.is_rewritten(route).await {
            Ok(true) => {
                known.listed.set(true);
                return Verdict::Dunno;
            }
            Ok(false) => {}
            Err(_) => return self.lookup_failure(object),
        }
        if fails_all(route) {
            return self.undeliverable(object, route);
        }
        match self.is_listed(route).await {
            Ok(Ok(())) => {
                known.listed.set(true);
                Verdict::Dunno
            }
            Ok(Err((code, table))) => {
                let text = if shared.config.resolving.show_user_unknown_table_name {
                    format!("User unknown in {table} table")
                } else {
                    "User unknown".to_owned()
                };
                self.reject(object, code, (5, 1, 1), text.as_bytes())
            }
            Err(_) => self.lookup_failure(object),
        }
    }

    /// The address has been given a transport that fails all mail, with its text.
    fn undeliverable(&mut self, object: Object, route: &Route) -> Verdict {
        let (code, class) = if route.transport == "error" {
            (550, 5)
        } else {
            (450, 4)
        };
        let Text { status, text } = Text::parse(&route.nexthop);
        let status = status.unwrap_or_else(|| DsnStatus::new(class, 1, 1));
        let DsnStatus {
            class,
            subject,
            detail,
        } = status;
        self.reject(object, code, (class, subject, detail), &text)
    }

    /// Whether cleanup would make another address of it.
    async fn is_rewritten(&self, route: &Route) -> Result<bool, LookupError> {
        // What is neither ours nor refused is accepted whatever the tables say, and needs none of them.
        if route.class == Class::Default && !fails_all(route) {
            return Ok(false);
        }
        let tables = &self.shared.tables;
        for maps in [
            &tables.recipient_canonical,
            &tables.canonical,
            &tables.virtual_aliases,
        ] {
            if self.is_in(maps, route).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether tables name the address; otherwise the reply code and the table that should.
    async fn is_listed(
        &self,
        route: &Route,
    ) -> Result<Result<(), (u16, &'static str)>, LookupError> {
        let tables = &self.shared.tables;
        let codes = &self.shared.config.codes;
        let (maps, code, table) = match route.class {
            Class::Default => return Ok(Ok(())),
            Class::Local => (
                Some(&tables.local_recipients),
                codes.unknown_local_recipient_reject_code,
                "local recipient",
            ),
            Class::VirtualAlias => (
                None,
                codes.unknown_virtual_alias_reject_code,
                "virtual alias",
            ),
            Class::VirtualMailbox => (
                Some(&tables.virtual_mailboxes),
                codes.unknown_virtual_mailbox_reject_code,
                "virtual mailbox",
            ),
            Class::Relay => (
                Some(&tables.relay_recipients),
                codes.unknown_relay_recipient_reject_code,
                "relay recipient",
            ),
        };
        if maps.is_some_and(Maps::is_empty) {
            return Ok(Ok(()));
        }
        if let Some(maps) = maps
            && self.is_in(maps, route).await?
        {
            return Ok(Ok(()));
        }
        Ok(Err((code, table)))
    }

    async fn is_in(&self, maps: &Maps, route: &Route) -> Result<bool, LookupError> {
        if maps.is_empty() {
            return Ok(false);
        }
        let order = Order {
            steps: REWRITING,
            delimiters: self.shared.config.names.recipient_delimiter.as_bytes(),
            owner_request_special: self.shared.config.compatibility.owner_request_special,
            parents: Parents::Dotted,
        };
        let local = route.class == Class::Local;
        let recipient = fold(route.recipient.as_bytes());
        let found = find_address(maps, &recipient, &order, async || Ok(local)).await?;
        Ok(found.is_some())
    }

    /// A refusal for a recipient that every list permitted, because some list had reservations.
    pub fn conclude(&mut self, verdict: Verdict) -> Option<Reply> {
        match verdict {
            Verdict::Refuse(reply) => Some(reply),
            Verdict::Permit | Verdict::Dunno => self.conditions.if_permit.clone(),
        }
    }
}

/// Whether an address has a transport that delivers nothing.
fn fails_all(route: &Route) -> bool {
    route.transport == "error" || route.transport == "retry"
}
