//! The orders in which mail addresses are looked up, and the split of an address at its extension.
//!
//! Which keys are asked, in which order, is pure ([`keys`]); [`find_address`] asks a [`Maps`] for them. A key is asked
//! in external form (quoted where RFC 5322 needs it) first and then, where that differs, in internal form.
//! Tables of patterns are asked only for the whole address.

use mail::{extension, quote::quote_822};

use crate::error::LookupError;
use crate::maps::Maps;
use crate::match_list::{Parents, domain_keys};

/// One kind of key made of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// `user+ext@domain`, all of it.
    Full,
    /// `user@domain`, when there was an extension.
    Unextended,
    /// `user+ext`, when the domain is local.
    LocalPart,
    /// `user`, when the domain is local and there was an extension.
    UnextendedLocalPart,
    /// `@domain`.
    AtDomain,
    /// `domain`, then its parents.
    Domain,
    /// `user+ext@`.
    LocalPartAt,
    /// `user@`, when there was an extension.
    UnextendedLocalPartAt,
}

/// canonical(5), virtual(5), relocated(5), generic(5) and the bcc maps.
pub const REWRITING: &[Step] = &[
    Step::Full,
    Step::Unextended,
    Step::LocalPart,
    Step::UnextendedLocalPart,
    Step::AtDomain,
];

/// access(5), for addresses.
pub const ACCESS: &[Step] = &[
    Step::Full,
    Step::Unextended,
    Step::Domain,
    Step::LocalPartAt,
    Step::UnextendedLocalPartAt,
];

/// transport(5), before `*`.
pub const TRANSPORT: &[Step] = &[Step::Full, Step::Unextended, Step::Domain];

/// How addresses are taken apart and in which order their keys are asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Order<'a> {
    /// The keys, in order.
    pub steps: &'a [Step],
    /// `recipient_delimiter`: each of these bytes begins an extension; empty for none.
    pub delimiters: &'a [u8],
    /// `owner_request_special`: `owner-x` and `x-request` have no extension.
    pub owner_request_special: bool,
    /// How parents of a domain are asked.
    pub parents: Parents,
}

/// A key to ask for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Which step made it.
    pub step: Step,
    /// The key in internal form.
    pub key: Vec<u8>,
    /// Whether it is less than the whole address.
    pub partial: bool,
    /// The extension that the key leaves out, with its delimiter.
    pub unmatched: Option<Vec<u8>>,
}

/// A lookup's result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// What the table says.
    pub value: Vec<u8>,
    /// Which key it knew.
    pub step: Step,
    /// The extension that the key left out, with its delimiter, for `propagate_unmatched_extensions`.
    pub unmatched: Option<Vec<u8>>,
}

/// Look an address (in internal form) up. `local` is asked, at most once, whether its domain is local.
pub async fn find_address(
    maps: &Maps,
    address: &[u8],
    order: &Order<'_>,
    local: impl AsyncFnOnce() -> Result<bool, LookupError>,
) -> Result<Option<Found>, LookupError> {
    let mut local = Some(local);
    let mut is_local = false;
    for key in keys(address, order) {
        if key.step.needs_local_domain()
            && let Some(ask) = local.take()
        {
            is_local = ask().await?;
        }
        if key.step.needs_local_domain() && !is_local {
            continue;
        }
        if let Some(value) = ask(maps, &key).await? {
            return Ok(Some(Found {
                value,
                step: key.step,
                unmatched: key.unmatched,
            }));
        }
    }
    Ok(None)
}

async fn ask(maps: &Maps, key: &Key) -> Result<Option<Vec<u8>>, LookupError> {
    let external = external(key);
    let found = maps.find_where(&external, key.partial).await?;
    let found = match found {
        None if external != key.key => maps.find_where(&key.key, key.partial).await?,
        found => found,
    };
    Ok(found.map(|(value, _)| value))
}

/// The external form of a key. One without a domain is quoted as the local part that it is; `@domain` and `domain` have
/// nothing to quote.
fn external(key: &Key) -> Vec<u8> {
    match key.step {
        Step::Full | Step::Unextended => quote_822(&key.key).into_owned(),
        Step::LocalPart | Step::UnextendedLocalPart => external_local_part(&key.key),
        Step::LocalPartAt | Step::UnextendedLocalPartAt => {
            let local = key.key.strip_suffix(b"@").unwrap_or(&key.key);
            [&external_local_part(local)[..], b"@"].concat()
        }
        Step::AtDomain | Step::Domain => key.key.clone(),
    }
}

/// User and extension, the latter with its delimiter.
fn split<'a>(local: &'a [u8], order: &Order<'_>) -> Option<(&'a [u8], &'a [u8])> {
    let (user, _) = extension::split(local, order.delimiters, order.owner_request_special)?;
    local.split_at_checked(user.len())
}

impl Step {
    const fn needs_local_domain(self) -> bool {
        matches!(self, Self::LocalPart | Self::UnextendedLocalPart)
    }
}

/// The keys of an address in order; those that need a local domain are marked by their step.
#[must_use]
pub fn keys(address: &[u8], order: &Order<'_>) -> Vec<Key> {
    let at = address.iter().rposition(|&b| b == b'@');
    let (local, domain) = match at {
        Some(at) => (address.get(..at).unwrap_or_default(), address.get(at + 1..)),
        None => (address, None),
    };
    let parts = Parts {
        local,
        domain,
        split: split(local, order),
    };
    order
        .steps
        .iter()
        .flat_map(|step| parts.keys(*step, order.parents))
        .collect()
}

struct Parts<'a> {
    local: &'a [u8],
    domain: Option<&'a [u8]>,
    /// User and extension, the latter with its delimiter.
    split: Option<(&'a [u8], &'a [u8])>,
}

impl Parts<'_> {
    fn keys(&self, step: Step, parents: Parents) -> Vec<Key> {
        let key = |local: &[u8], at: bool, domain: Option<&[u8]>, unextended: bool| Key {
            step,
            key: join(local, at, domain),
            partial: step != Step::Full,
            unmatched: unextended
                .then(|| self.split.map(|(_, extension)| extension.to_vec()))
                .flatten(),
        };
        let user = self.split.map(|(user, _)| user);
        let made = match (step, self.domain) {
            (Step::Full, domain) => Some(key(self.local, domain.is_some(), domain, false)),
            (Step::Unextended, domain) => {
                user.map(|user| key(user, domain.is_some(), domain, true))
            }
            (Step::LocalPart, Some(_)) => Some(key(self.local, false, None, false)),
            (Step::UnextendedLocalPart, Some(_)) => user.map(|user| key(user, false, None, true)),
            (Step::AtDomain, Some(domain)) => Some(key(b"", true, Some(domain), false)),
            (Step::Domain, Some(domain)) => {
                return domain_keys(domain, parents)
                    .map(|domain| key(b"", false, Some(domain), false))
                    .collect();
            }
            (Step::LocalPartAt, _) => Some(key(self.local, true, None, false)),
            (Step::UnextendedLocalPartAt, _) => user.map(|user| key(user, true, None, true)),
            _ => None,
        };
        made.into_iter().collect()
    }
}

fn join(local: &[u8], at: bool, domain: Option<&[u8]>) -> Vec<u8> {
    let mut key = local.to_vec();
    if at {
        key.push(b'@');
    }
    key.extend_from_slice(domain.unwrap_or_default());
    key
}

/// A local part alone as tables have it; an `@` in it belongs to it and needs quotes.
#[must_use]
pub fn external_local_part(local: &[u8]) -> Vec<u8> {
    let mut with_domain = quote_822(&[local, b"@x"].concat()).into_owned();
    with_domain.truncate(with_domain.len() - 2);
    with_domain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::OpenOptions;
    use crate::testing::now;
    use proptest::prelude::*;

    fn order<'a>(steps: &'a [Step], parents: Parents) -> Order<'a> {
        Order {
            steps,
            delimiters: b"+-",
            owner_request_special: true,
            parents,
        }
    }

    fn names(address: &str, order: &Order<'_>) -> Vec<String> {
        keys(address.as_bytes(), order)
            .into_iter()
            .map(|key| String::from_utf8(key.key).unwrap())
            .collect()
    }

    #[test]
    fn keys_come_in_the_documented_orders() {
        assert_eq!(
            names("u+e@d.org", &order(REWRITING, Parents::Dotted)),
            ["u+e@d.org", "u@d.org", "u+e", "u", "@d.org"]
        );
        assert_eq!(
            names("u@d.org", &order(REWRITING, Parents::Dotted)),
            ["u@d.org", "u", "@d.org"]
        );
        assert_eq!(
            names("u-e@a.d.org", &order(ACCESS, Parents::Bare)),
            [
                "u-e@a.d.org",
                "u@a.d.org",
                "a.d.org",
                "d.org",
                "org",
                "u-e@",
                "u@"
            ]
        );
        assert_eq!(
            names("u@a.d.org", &order(TRANSPORT, Parents::Dotted)),
            ["u@a.d.org", "a.d.org", ".d.org", ".org"]
        );
        assert_eq!(
            names("u+e", &order(REWRITING, Parents::Dotted)),
            ["u+e", "u"]
        );
    }

    #[test]
    fn external_form_quotes_only_what_needs_it() {
        let order = order(REWRITING, Parents::Dotted);
        let external: Vec<_> = keys(b"a b@c", &order).iter().map(external).collect();
        assert_eq!(external, [&b"\"a b\"@c"[..], b"\"a b\"", b"@c"]);
        assert_eq!(external_local_part(b"u@d"), b"\"u@d\"");
        assert_eq!(external_local_part(b"u.d"), b"u.d");
    }

    #[test]
    fn found_with_the_unmatched_extension() {
        let specs = ["inline:{u@d.org=full, v=local, @e.org=all, { \"a b\"@d.org = quoted }}"];
        let maps = Maps::open("test", &specs, &OpenOptions::default());
        let order = order(REWRITING, Parents::Dotted);
        let find = |address: &str, local: bool| {
            now(find_address(
                &maps,
                address.as_bytes(),
                &order,
                async || Ok(local),
            ))
            .unwrap()
        };
        let found = find("U+x@d.org", false).unwrap();
        assert_eq!(found.value, b"full");
        assert_eq!(found.unmatched.as_deref(), Some(&b"+x"[..]));
        assert_eq!(find("v@d.org", false), None);
        assert_eq!(find("v@d.org", true).unwrap().value, b"local");
        assert_eq!(find("a b@d.org", false).unwrap().value, b"quoted");
        let found = find("w+x@e.org", false).unwrap();
        assert_eq!((found.step, found.unmatched), (Step::AtDomain, None));
    }

    /// The order of the manual pages, said once more.
    fn documented(steps: &[Step], user: &str, extension: &str, labels: &[String]) -> Vec<String> {
        let domain = labels.join(".");
        let whole = format!("{user}{extension}");
        let mut keys = vec![format!("{whole}@{domain}")];
        let mut add = |key: String, wanted: bool| {
            if wanted {
                keys.push(key);
            }
        };
        let extended = !extension.is_empty();
        add(format!("{user}@{domain}"), extended);
        if steps == REWRITING {
            add(whole.clone(), true);
            add(user.to_owned(), extended);
            add(format!("@{domain}"), true);
            return keys;
        }
        for from in 0..labels.len() {
            let parent = labels[from..].join(".");
            let dotted = steps == TRANSPORT && from > 0;
            add(if dotted { format!(".{parent}") } else { parent }, true);
        }
        add(format!("{whole}@"), steps == ACCESS);
        add(format!("{user}@"), steps == ACCESS && extended);
        keys
    }

    proptest! {
        #[test]
        fn keys_come_as_documented_and_none_twice(user in "[a-z. ]{1,5}", extension in "([+-][a-z+]{1,3})?", labels in proptest::collection::vec("[a-z]{1,3}", 1..5)) {
            let address = format!("{user}{extension}@{}", labels.join("."));
            for (steps, parents) in [(REWRITING, Parents::Dotted), (ACCESS, Parents::Bare), (TRANSPORT, Parents::Dotted)] {
                let found = names(&address, &order(steps, parents));
                prop_assert_eq!(&found, &documented(steps, &user, &extension, &labels));
                let distinct: std::collections::HashSet<_> = found.iter().collect();
                prop_assert_eq!(distinct.len(), found.len());
            }
        }

        #[test]
        fn any_address_is_asked_for_whole_first(address: Vec<u8>) {
            for (steps, parents) in [(REWRITING, Parents::Dotted), (ACCESS, Parents::Bare), (TRANSPORT, Parents::Dotted)] {
                let found = keys(&address, &order(steps, parents));
                prop_assert_eq!(found.first().map(|key| key.key.as_slice()), Some(address.as_slice()));
                prop_assert!(found.iter().skip(1).all(|key| key.partial));
                let places = found.iter().map(|key| steps.iter().position(|step| *step == key.step));
                prop_assert!(places.is_sorted(), "out of order");
            }
        }
    }
}
