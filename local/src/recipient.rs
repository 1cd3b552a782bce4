//! Delivery to a local address, and to the destinations that an alias, a .forward or a list names.

use delivery::Fate;
use lookup::aliases::Destination;
use mail::Address;
use records::resolve::{Failure, Request};

use crate::job::Job;
use crate::place::Place;

/// More expansions within each other are taken for a loop.
const MAX_LEVEL: usize = 100;

impl Job<'_> {
    /// Deliver to a local address: aliases, then .forward, then the mailbox.
    pub(crate) fn recipient(&self, place: &Place) -> Fate {
        if place.level > MAX_LEVEL {
            let name = String::from_utf8_lossy(place.recipient.address.as_bytes()).into_owned();
            return self.failed(place, (5, 4, 6), format!("alias expansion loop for {name}"));
        }
        if (place.level == 0 || !self.config().aliases.frozen_delivered_to)
            && self.delivered.contains(&place.delivered)
        {
            let address = String::from_utf8_lossy(place.delivered.as_bytes()).into_owned();
            return self.failed(
                place,
                (5, 4, 6),
                format!("mail forwarding loop for {address}"),
            );
        }
        let parts = place.parts(self.config());
        if let Some(fate) = self.alias(place, &parts, &parts.local, b"") {
            return fate;
        }
        if parts.user != parts.local
            && let Some(fate) = self.alias(place, &parts, &parts.user, &parts.suffix())
        {
            return fate;
        }
        if self.is_for_another_letter(place, &parts.user) {
            return self.forward(place, &place.recipient.address);
        }
        match self.forward_file(place, &parts) {
            Some(fate) => fate,
            None => self.mailbox(place, &parts),
        }
    }

    /// Members of a list with an owner, and other users that a .forward names, get letters of their own, so that what
    /// becomes of them is known for each.
    fn is_for_another_letter(&self, place: &Place, user: &[u8]) -> bool {
        let other_user = |owner: &sys::users::Account| owner.name.as_bytes() != user;
        place.level > 0 && (place.owner.is_some() || place.user.as_ref().is_some_and(other_user))
    }

    /// Deliver to each destination.
    pub(crate) fn destinations(&self, place: &Place, destinations: Vec<Destination>) -> Fate {
        destinations
            .into_iter()
            .fold(Fate::DONE, |fate, destination| {
                fate.and(match destination {
                    Destination::Address(address) => self.address(place, &address),
                    Destination::Command(command) => self.command(place, &command),
                    Destination::File(path) => self.file(place, &path),
                    Destination::Include(path) => self.include(place, &path),
                })
            })
    }

    /// Deliver to an address: here if it is ours, otherwise by another letter.
    fn address(&self, place: &Place, address: &[u8]) -> Fate {
        let canonical = self.config().rules.rewrite(address);
        let canonical = mail::extension::add(&canonical, &place.unmatched);
        let Ok(address) = Address::new(canonical) else {
            return self.failed(place, (5, 1, 3), "bad recipient address syntax");
        };
        let request = Request {
            sender: self.sender(place).clone(),
            address: address.clone(),
            probe: false,
        };
        let complain =
            |error: &ipc::Error| maillog::warning!("{}: {error}", self.config().rewrite_socket);
        let reply = ipc::now(self.agent.resolver.resolve_patiently(&request, complain));
        match reply.result {
            Ok(route) if route.transport == self.config().service => {
                let inner = self.inner(place, route.recipient);
                self.recipient(&inner)
            }
            Ok(route) => self.forward(place, &route.recipient),
            Err(Failure::BadAddress) => {
                self.failed(place, (5, 1, 3), "bad recipient address syntax")
            }
            Err(Failure::Temporary) => self.failed(place, (4, 3, 0), "address resolver failure"),
        }
    }

    /// A place one expansion further.
    fn inner(&self, place: &Place, address: Address) -> Place {
        let mut inner = place.clone();
        if inner.recipient.original.is_null() {
            inner.recipient.original = place.recipient.address.clone();
        }
        if !self.config().aliases.frozen_delivered_to {
            inner.delivered = address.clone();
        }
        inner.recipient.address = address;
        inner.unmatched.clear();
        inner.level += 1;
        inner
    }
}
