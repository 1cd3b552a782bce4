//! Aliases: a name that stands for others (aliases(5)).

use delivery::Fate;
use lookup::address::external_local_part;
use lookup::aliases::destinations;
use lookup::{LookupError, Table};
use mail::Address;

use crate::job::Job;
use crate::place::{Origin, Parts, Place};
use crate::rights::table_owner;

impl Job<'_> {
    /// Deliver to what the alias `name` stands for; `None` when there is no such alias. `unmatched` is the part of the
    /// address that was left out.
    pub(crate) fn alias(
        &self,
        place: &Place,
        parts: &Parts,
        name: &[u8],
        unmatched: &[u8],
    ) -> Option<Fate> {
        // A name within its own alias is the user of that name.
        if place.aliases.last().is_some_and(|outer| outer == name) {
            return None;
        }
        let (value, table) = match self.find_alias(name) {
            Ok(found) => found?,
            Err(_) => return Some(self.failed(place, (4, 3, 0), "alias database unavailable")),
        };
        if place.aliases.iter().any(|outer| outer == name) {
            let text = format!("alias database loop for {}", String::from_utf8_lossy(name));
            maillog::warning!("{text}");
            return Some(self.failed(place, (5, 4, 6), text));
        }
        if !self.first_time("alias", name) {
            return Some(Fate::DONE);
        }
        if self.delivery.request().flags.mta_verify {
            return Some(self.sent(place, [b"aliased to ", value.as_slice()].concat()));
        }
        let destinations = match destinations(&value) {
            Ok(destinations) if !destinations.is_empty() => destinations,
            outcome => {
                let error = outcome
                    .err()
                    .map_or_else(|| String::from("no destination"), |error| error.to_string());
                let name = String::from_utf8_lossy(name);
                maillog::warning!("{}: alias {name}: {error}", table.name());
                return Some(self.failed(place, (4, 3, 5), "mail system configuration error"));
            }
        };
        let Ok(owner) = self.owner(name, parts) else {
            return Some(self.failed(place, (4, 3, 0), "alias database unavailable"));
        };
        let mut inner = place.clone();
        inner.origin = Origin::Alias;
        inner.aliases.push(name.to_vec());
        inner.user = None;
        inner.rights = table_owner(table.name());
        inner.unmatched = if self.config().propagate.has("alias") {
            unmatched.to_vec()
        } else {
            Vec::new()
        };
        if owner.is_some() || self.config().aliases.reset_owner_alias {
            inner.owner = owner;
        }
        Some(self.destinations(&inner, destinations))
    }

    /// The external form of the name first, then the name itself, as older tables have it.
    fn find_alias(&self, name: &[u8]) -> Result<Option<(Vec<u8>, &Table)>, LookupError> {
        let maps = &self.config().alias_maps;
        let external = external_local_part(name);
        match ipc::now(maps.find_where(&external, false))? {
            None if external != name => ipc::now(maps.find_where(name, false)),
            found => Ok(found),
        }
    }

    /// Who gets the errors of a list: the address of `owner-name`, or what that stands for.
    fn owner(&self, name: &[u8], parts: &Parts) -> Result<Option<Address>, LookupError> {
        let special = name.starts_with(b"owner-") || name.ends_with(b"-request");
        if special || !self.config().owner_request_special {
            return Ok(None);
        }
        let owner = [b"owner-", name].concat();
        let Some((value, _)) = self.find_alias(&owner)? else {
            return Ok(None);
        };
        let address = if self.config().aliases.expand_owner_alias {
            self.config().rules.rewrite(value.trim_ascii()).into_owned()
        } else {
            [owner.as_slice(), b"@", &parts.domain].concat()
        };
        Ok(Address::new(address).ok())
    }
}
