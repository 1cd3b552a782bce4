//! transport(5): tables that say how mail for an address or a domain is delivered.

use lookup::address::{Order, REWRITING, Step, TRANSPORT, find_address};
use lookup::{LookupError, Maps};

use crate::name::Method;

/// How addresses are taken apart for tables.
#[derive(Clone, Copy)]
pub(crate) struct Splitting<'a> {
    pub(crate) delimiters: &'a [u8],
    pub(crate) owner_request_special: bool,
    pub(crate) parents: lookup::match_list::Parents,
}

impl<'a> Splitting<'a> {
    const fn order(self, steps: &'a [Step]) -> Order<'a> {
        Order {
            steps,
            delimiters: self.delimiters,
            owner_request_special: self.owner_request_special,
            parents: self.parents,
        }
    }
}

/// What transport_maps has for an address: by user, domain, parent domain, or for all as `*`.
pub(crate) async fn find(
    maps: &Maps,
    address: &[u8],
    splitting: Splitting<'_>,
) -> Result<Option<Method>, LookupError> {
    if maps.is_empty() {
        return Ok(None);
    }
    let order = splitting.order(TRANSPORT);
    let found = find_address(maps, address, &order, async || Ok(false)).await?;
    let value = match found {
        Some(found) => Some(found.value),
        // Asked of tables of patterns, too: a negated pattern is then a wildcard, as it has always been.
        None => maps.find(b"*").await?,
    };
    Ok(value.map(|value| Method::parse(&value)))
}

/// What a table has for a sender: by address, by name alone if it is `local`, or by `@domain`; `DUNNO` ends the search as if nothing was found.
pub(crate) async fn find_sender(
    maps: &Maps,
    sender: &[u8],
    empty_key: &str,
    splitting: Splitting<'_>,
    local: impl AsyncFnOnce() -> Result<bool, LookupError>,
) -> Result<Option<Vec<u8>>, LookupError> {
    if maps.is_empty() {
        return Ok(None);
    }
    let value = if sender.is_empty() {
        maps.find(empty_key.as_bytes()).await?
    } else {
        let order = splitting.order(REWRITING);
        find_address(maps, sender, &order, local)
            .await?
            .map(|found| found.value)
    };
    Ok(value.filter(|value| !value.eq_ignore_ascii_case(b"dunno")))
}
