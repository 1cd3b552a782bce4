//! What an address stands for by a table of addresses: canonical(5), virtual(5), generic(5), the bcc maps.
//!
//! The order of keys, extensions that are kept, `@domain` results, and results without domain are the same for all of
//! them. Opened before the jail. Logs a warning for each table that does not answer.

use config::{Settings, params};
use mail::rewrite::{Completed, Rules};
use mail::{AddressList, extension};
use text::token;

use crate::address::{Order, REWRITING, find_address};
use crate::error::LookupError;
use crate::local::{LocalDomains, LocalError};
use crate::maps::Maps;
use crate::match_list::Parents;
use crate::table::OpenOptions;

/// How addresses of this machine are completed, as main.cf says.
pub fn rules(settings: &Settings) -> Result<Rules, config::Error> {
    let syntax: params::rewrite::Syntax = settings.get()?;
    let names: params::core::Names = settings.get()?;
    Ok(Rules {
        append_at_myorigin: syntax.append_at_myorigin,
        append_dot_mydomain: syntax.append_dot_mydomain,
        swap_bangpath: syntax.swap_bangpath,
        allow_percent_hack: syntax.allow_percent_hack,
        origin: names.myorigin.into_bytes(),
        domain: names.mydomain.into_bytes(),
        completed: completed(settings)?,
    })
}

/// Domains that are completed only because of an old stock value are logged; so is `localhost`, unless it is meant to be
/// completed to a name of this machine.
fn completed(settings: &Settings) -> Result<Completed, config::Error> {
    if !settings.keeps_old("append_dot_mydomain")? {
        return Ok(Completed(None));
    }
    let domains: params::core::Domains = settings.get()?;
    let mut own = token::words(&domains.mydestination);
    Ok(Completed(Some(if own.any(|word| word == "localhost") {
        |domain, whole| {
            if domain != b"localhost" {
                tell_completed(domain, whole, "");
            }
        }
    } else {
        |domain, whole| {
            let advice = match domain {
                b"localhost" => {
                    "; please add \"localhost\" to mydestination or other address class"
                }
                _ => "",
            };
            tell_completed(domain, whole, advice);
        }
    })))
}

fn tell_completed(domain: &[u8], whole: &[u8], advice: &str) {
    let shown = String::from_utf8_lossy;
    maillog::info!(
        "using backwards-compatible default setting append_dot_mydomain=yes to rewrite \"{}\" to \"{}\"{advice}",
        shown(domain),
        shown(whole)
    );
}

/// What lookups of addresses need besides the table.
#[derive(Debug)]
pub struct AddressMapping {
    rules: Rules,
    myorigin: String,
    delimiters: String,
    owner_request_special: bool,
    token_limit: usize,
    local: LocalDomains,
}

impl AddressMapping {
    /// As main.cf says.
    pub fn open(settings: &Settings, options: &OpenOptions) -> Result<Self, LocalError> {
        let names: params::core::Names = settings.get()?;
        let mime: params::core::Mime = settings.get()?;
        let compatibility: params::core::Compatibility = settings.get()?;
        Ok(Self {
            rules: rules(settings)?,
            myorigin: names.myorigin,
            delimiters: names.recipient_delimiter,
            owner_request_special: compatibility.owner_request_special,
            token_limit: mime.header_address_token_limit,
            local: LocalDomains::open(settings, options)?,
        })
    }

    /// The addresses that a table has for this one, complete and in internal form; `None` when it has nothing. An
    /// extension that the table does not know is added to each when `propagate` says so.
    pub async fn find(
        &self,
        maps: &Maps,
        address: &[u8],
        propagate: bool,
    ) -> Result<Option<Vec<Vec<u8>>>, LookupError> {
        let order = Order {
            steps: REWRITING,
            delimiters: self.delimiters.as_bytes(),
            owner_request_special: self.owner_request_special,
            parents: Parents::Dotted,
        };
        let local = async || self.is_local(address).await;
        let Some(found) = find_address(maps, address, &order, local).await? else {
            return Ok(None);
        };
        let mut value = found.value;
        if value.starts_with(b"@") {
            let user = kept_user(address, found.unmatched.as_deref());
            value = mail::quote::quote_822(&[user, value.as_slice()].concat()).into_owned();
        }
        let list = AddressList::parse(&value, self.token_limit);
        if list.addresses().next().is_none() {
            let (title, address) = (maps.title(), String::from_utf8_lossy(address));
            let value = String::from_utf8_lossy(&value);
            maillog::warning!("{title} lookup of {address} returns non-address result \"{value}\"");
            return Err(LookupError::Failed {
                table: title.to_owned(),
                reason: "non-address result".to_owned(),
            });
        }
        let extension = found.unmatched.filter(|_| propagate);
        let complete = |address: &[u8]| {
            let address = self.rules.rewrite(address).into_owned();
            match &extension {
                Some(extension) => extension::add(&address, extension),
                None => address,
            }
        };
        Ok(Some(list.addresses().map(complete).collect()))
    }

    /// The first table of `mydestination` whose file was replaced since it was opened, as `type:name`.
    #[must_use]
    pub fn changed(&self) -> Option<&str> {
        self.local.changed()
    }

    async fn is_local(&self, address: &[u8]) -> Result<bool, LookupError> {
        let at = address.iter().rposition(|&byte| byte == b'@');
        let Some(domain) = at.and_then(|at| address.get(at + 1..)) else {
            return Ok(true);
        };
        let origin = self.myorigin.as_bytes();
        Ok(domain.eq_ignore_ascii_case(origin) || self.local.contains(domain).await?)
    }
}

/// The user that a result of `@domain` alone keeps: the local part without the extension that the key left out.
fn kept_user<'a>(address: &'a [u8], unmatched: Option<&[u8]>) -> &'a [u8] {
    let at = address.iter().rposition(|&byte| byte == b'@');
    let local_part = address.get(..at.unwrap_or(address.len()));
    let local_part = local_part.unwrap_or_default();
    unmatched
        .and_then(|extension| local_part.strip_suffix(extension))
        .unwrap_or(local_part)
}
