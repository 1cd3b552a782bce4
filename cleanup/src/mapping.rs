//! Addresses that become others: canonical(5) and virtual(5).
//!
//! Logs why a letter cannot be accepted now: a table that does not answer, or tables that refer to each other without
//! end.

use std::cell::RefCell;

use lookup::{LookupError, Maps};
use mail::QueueId;
use records::cleanup::{Outcome, Status};

use crate::config::{Class, ClassMaps, Config, Tables};

/// How often one canonical address may refer to another.
const MAX_CANONICAL: usize = 10;

/// The tables of one letter.
pub(crate) struct Mapper<'a> {
    pub(crate) config: &'a Config,
    pub(crate) tables: &'a Tables,
    pub(crate) id: &'a QueueId,
}

impl Mapper<'_> {
    /// Whether canonical tables or masquerading may change addresses of a class.
    pub(crate) fn changes(&self, class: Class) -> bool {
        self.canonical_of(class).next().is_some() || self.tables.masquerade.applies(class)
    }

    /// The address that stands for `address` after canonical mapping and masquerading. The null address stays.
    pub(crate) async fn canonical(
        &self,
        class: Class,
        mut address: Vec<u8>,
    ) -> Result<Vec<u8>, Outcome> {
        if address.is_empty() {
            return Ok(address);
        }
        for table in self.canonical_of(class) {
            address = self.follow(&table.maps, address).await?;
        }
        let hidden = self.tables.masquerade.hide(class, &mut address).await;
        self.answer(hidden, "masquerade_exceptions", &address)?;
        Ok(address)
    }

    fn canonical_of(&self, class: Class) -> impl Iterator<Item = &ClassMaps> {
        let canonical = &self.tables.canonical;
        let own = match class {
            Class::EnvelopeSender | Class::HeaderSender => &canonical.sender,
            Class::EnvelopeRecipient | Class::HeaderRecipient => &canonical.recipient,
        };
        [own, &canonical.both]
            .into_iter()
            .filter(move |table| !table.maps.is_empty() && table.classes.contain(class))
    }

    async fn follow(&self, maps: &Maps, address: Vec<u8>) -> Result<Vec<u8>, Outcome> {
        let mut current = address;
        for _ in 0..MAX_CANONICAL {
            let propagate = self.config.propagate_canonical;
            let found = self.tables.addresses.find(maps, &current, propagate).await;
            let Some(addresses) = self.answer(found, maps.title(), &current)? else {
                return Ok(current);
            };
            self.expect_one(&addresses, maps, &current);
            let Some(next) = addresses.into_iter().next() else {
                return Ok(current);
            };
            let same = next.eq_ignore_ascii_case(&current);
            current = next;
            if same {
                return Ok(current);
            }
        }
        // Tables that go round in circles have always been left at the address that is reached then.
        let (id, title, address) = (self.id, maps.title(), shown(&current));
        maillog::warning!(
            "{id}: unreasonable {title} map nesting for {address} -- using this address"
        );
        Ok(current)
    }

    fn expect_one(&self, addresses: &[Vec<u8>], maps: &Maps, key: &[u8]) {
        if addresses.len() > 1 {
            let (id, title, key) = (self.id, maps.title(), shown(key));
            maillog::warning!("{id}: multi-valued {title} entry for {key}");
        }
    }

    /// All addresses that a recipient stands for after virtual alias expansion; itself when it is no alias.
    pub(crate) async fn virtual_aliases(
        &self,
        recipient: Vec<u8>,
    ) -> Result<Vec<Vec<u8>>, Outcome> {
        let maps = &self.tables.virtual_alias;
        let limits = &self.config.aliases;
        let mut addresses = vec![recipient.clone()];
        let expands_to_itself = RefCell::new(Vec::<Vec<u8>>::new());
        let mut at = 0;
        while let Some(first) = addresses.get(at).cloned() {
            let mut current = first;
            for depth in 0.. {
                if addresses.len() > limits.virtual_alias_expansion_limit {
                    return Err(self.unreasonable("map expansion size for", maps, &recipient));
                }
                let folded = current.to_ascii_lowercase();
                if expands_to_itself.borrow().contains(&folded) {
                    break;
                }
                if depth >= limits.virtual_alias_recursion_limit {
                    return Err(self.unreasonable("map nesting for", maps, &recipient));
                }
                let propagate = self.config.propagate_virtual;
                let found = self.tables.addresses.find(maps, &current, propagate).await;
                let Some(results) = self.answer(found, maps.title(), &current)? else {
                    break;
                };
                if results.is_empty() {
                    break;
                }
                if let Some(long) = results
                    .iter()
                    .find(|result| result.len() > limits.virtual_alias_address_length_limit)
                {
                    let prefix = [long.get(..100).unwrap_or(long), b"..."].concat();
                    return Err(self.unreasonable("result", maps, &prefix));
                }
                if results.iter().any(|r| r.eq_ignore_ascii_case(&current)) {
                    expands_to_itself.borrow_mut().push(folded);
                }
                let mut results = results.into_iter();
                if let Some(replacement) = results.next() {
                    current = replacement;
                }
                addresses.extend(results);
            }
            if let Some(place) = addresses.get_mut(at) {
                *place = current;
            }
            at += 1;
        }
        Ok(addresses)
    }

    /// Who gets a copy because of `address`, by a bcc table.
    pub(crate) async fn copy(
        &self,
        maps: &Maps,
        address: &[u8],
    ) -> Result<Option<Vec<u8>>, Outcome> {
        if maps.is_empty() || address.is_empty() {
            return Ok(None);
        }
        let found = self.tables.addresses.find(maps, address, false).await;
        let addresses = self.answer(found, maps.title(), address)?;
        self.expect_one(addresses.as_deref().unwrap_or_default(), maps, address);
        Ok(addresses.and_then(|found| found.into_iter().next()))
    }

    fn answer<T>(
        &self,
        found: Result<T, LookupError>,
        title: &str,
        address: &[u8],
    ) -> Result<T, Outcome> {
        found.map_err(|_| {
            let (id, address) = (self.id, shown(address));
            maillog::warning!(
                "{id}: {title} map lookup problem for {address} -- message not accepted, try again later"
            );
            Outcome {
                status: Status::Defer,
                reason: b"4.3.0 Temporary lookup failure".to_vec(),
            }
        })
    }

    fn unreasonable(&self, what: &str, maps: &Maps, address: &[u8]) -> Outcome {
        let (id, title, address) = (self.id, maps.title(), shown(address));
        maillog::warning!(
            "{id}: unreasonable {title} {what} {address} -- message not accepted, try again later"
        );
        Outcome {
            status: Status::Defer,
            reason: b"4.6.0 Alias expansion error".to_vec(),
        }
    }
}

fn shown(address: &[u8]) -> String {
    String::from_utf8_lossy(address).into_owned()
}
