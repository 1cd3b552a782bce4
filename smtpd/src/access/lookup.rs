//! `check_*_access`: which keys an access(5) table is asked for, and what is done about its answer.

use std::net::IpAddr;
use std::rc::Rc;

use lookup::address::{ACCESS, Order, find_address};
use lookup::match_list::{Parents, domain_keys};
use lookup::table::fold;
use lookup::{LookupError, Maps};
use mail::{Address, DsnStatus};

use super::action::{Action, Text};
use super::{Context, Effect, Evaluation, Object, Verdict};
use crate::event;

impl Evaluation<'_> {
    pub(super) async fn access(
        &mut self,
        object: Object,
        maps: &Rc<Maps>,
        context: Context,
    ) -> Verdict {
        match self.find(object, maps).await {
            Ok(None) => Verdict::Dunno,
            Ok(Some(value)) => self.act(object, &value, context).await,
            Err(_) => self.reject(object, 451, (4, 3, 5), b"Server configuration error"),
        }
    }

    async fn find(&self, object: Object, maps: &Maps) -> Result<Option<Vec<u8>>, LookupError> {
        match object {
            Object::Client => self.find_client(&self.facts.peer.name, maps).await,
            Object::ReverseClient => {
                self.find_host(self.facts.peer.reverse_name.as_bytes(), maps)
                    .await
            }
            Object::Helo => match self.facts.hello {
                Some(hello) => self.find_host(&hello.name, maps).await,
                None => Ok(None),
            },
            Object::Etrn => match self.facts.etrn {
                Some(domain) => self.find_host(domain, maps).await,
                None => Ok(None),
            },
            Object::Sender => match self.facts.sender {
                Some(sender) if sender.is_null() => {
                    maps.find(
                        self.shared
                            .config
                            .access
                            .smtpd_null_access_lookup_key
                            .as_bytes(),
                    )
                    .await
                }
                Some(sender) => self.find_address(sender, maps).await,
                None => Ok(None),
            },
            Object::Recipient => match self.facts.recipient {
                Some(recipient) => {
                    let sender = self.facts.sender.cloned().unwrap_or_default();
                    let known = self.shared.routes.resolve(&sender, recipient).await;
                    let completed = known
                        .route
                        .as_ref()
                        .map_or(recipient, |route| &route.recipient);
                    self.find_address(completed, maps).await
                }
                None => Ok(None),
            },
            Object::Data | Object::EndOfData => Ok(None),
        }
    }

    async fn find_client(&self, name: &str, maps: &Maps) -> Result<Option<Vec<u8>>, LookupError> {
        if let Some(value) = self.find_host(name.as_bytes(), maps).await? {
            return Ok(Some(value));
        }
        let Some(address) = self.facts.peer.address else {
            return Ok(None);
        };
        for (index, key) in network_keys(address).iter().enumerate() {
            let found = if index == 0 {
                maps.find(key.as_bytes()).await?
            } else {
                maps.find_partial(key.as_bytes()).await?
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn find_host(&self, name: &[u8], maps: &Maps) -> Result<Option<Vec<u8>>, LookupError> {
        let name = name.strip_suffix(b".").unwrap_or(name);
        for (index, key) in domain_keys(name, self.parents()).enumerate() {
            let found = if index == 0 {
                maps.find(key).await?
            } else {
                maps.find_partial(key).await?
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn find_address(
        &self,
        address: &Address,
        maps: &Maps,
    ) -> Result<Option<Vec<u8>>, LookupError> {
        let order = Order {
            steps: ACCESS,
            delimiters: self.shared.config.names.recipient_delimiter.as_bytes(),
            owner_request_special: self.shared.config.compatibility.owner_request_special,
            parents: self.parents(),
        };
        // Tables of patterns and servers that answer for any key get addresses in small letters, too.
        let address = fold(address.as_bytes());
        let found = find_address(maps, &address, &order, async || Ok(false)).await?;
        Ok(found.map(|found| found.value))
    }

    const fn parents(&self) -> Parents {
        self.shared.config.access_parents
    }

    async fn act(&mut self, object: Object, value: &[u8], context: Context) -> Verdict {
        let codes = &self.shared.config.codes;
        match Action::parse(value) {
            Action::Ok => Verdict::Permit,
            Action::Dunno => Verdict::Dunno,
            Action::Code(code, text) => self.refuse_for_table(object, code, &text),
            Action::Reject(text) => {
                self.refuse_for_table(object, codes.access_map_reject_code, &text)
            }
            Action::Defer(text) => {
                self.refuse_for_table(object, codes.access_map_defer_code, &text)
            }
            Action::DeferIfPermit(text) => {
                let reply = self.for_table(
                    object,
                    codes.access_map_defer_code,
                    &text,
                    b"Service unavailable",
                );
                self.defer_if_permit(reply)
            }
            Action::DeferIfReject(text) => {
                let reply = self.for_table(
                    object,
                    codes.access_map_defer_code,
                    &text,
                    b"Service unavailable",
                );
                self.defer_if_reject(reply)
            }
            Action::Hold(text) => {
                self.note("hold", object, &text, "triggers HOLD action");
                self.effect(Effect::Hold)
            }
            Action::Discard(text) => {
                self.note("discard", object, &text, "triggers DISCARD action");
                self.effect(Effect::Discard);
                Verdict::Permit
            }
            Action::Filter(destination) => self.filter(object, destination),
            Action::Redirect(address) => {
                self.address_action("redirect", "REDIRECT", object, &address)
            }
            Action::Bcc(address) => self.address_action("bcc", "BCC", object, &address),
            Action::Prepend(header) if context == Context::EndOfData => {
                let header = String::from_utf8_lossy(&header);
                maillog::warning!("PREPEND must be used before end of data: {header}");
                Verdict::Dunno
            }
            Action::Prepend(header) => self.prepend(header),
            Action::Warn(text) => {
                event::decision("warn", &self.facts, &text);
                Verdict::Dunno
            }
            Action::Info(text) => {
                event::decision("info", &self.facts, &text);
                Verdict::Dunno
            }
            Action::Restrictions(text) => self.restrictions(&text, context).await,
        }
    }

    async fn restrictions(&mut self, text: &str, context: Context) -> Verdict {
        let shared = self.shared;
        match shared.lists.classes.compile(text, context) {
            Ok(list) => Box::pin(self.list(&list, context)).await,
            Err(mistake) => {
                maillog::warning!("{mistake}");
                self.configuration_error()
            }
        }
    }

    fn refuse_for_table(&mut self, object: Object, code: u16, text: &Text) -> Verdict {
        let reply = self.for_table(object, code, text, b"Access denied");
        self.refuse(reply)
    }

    fn for_table(
        &self,
        object: Object,
        code: u16,
        text: &Text,
        default: &[u8],
    ) -> crate::reply::Reply {
        let class = if code >= 500 { 5 } else { 4 };
        let status = text.status.unwrap_or_else(|| DsnStatus::new(class, 7, 1));
        let words = if text.text.is_empty() {
            default
        } else {
            &text.text
        };
        self.worded(
            object,
            code,
            (status.class, status.subject, status.detail),
            words,
        )
    }

    fn effect(&mut self, effect: Effect) -> Verdict {
        self.effects.push(effect);
        Verdict::Dunno
    }

    fn filter(&mut self, object: Object, destination: Vec<u8>) -> Verdict {
        if !destination.contains(&b':') {
            let destination = String::from_utf8_lossy(&destination);
            maillog::warning!("FILTER {destination} must have transport:destination");
            return Verdict::Dunno;
        }
        self.triggers("filter", "FILTER", object, &destination);
        self.effect(Effect::Filter(destination))
    }

    fn address_action(&mut self, log: &str, word: &str, object: Object, address: &[u8]) -> Verdict {
        let internal = mail::quote::unquote(address).into_owned();
        let effect = match Address::new(internal) {
            Ok(internal) if internal.as_bytes().contains(&b'@') && word == "BCC" => {
                Effect::Bcc(internal)
            }
            Ok(internal) if internal.as_bytes().contains(&b'@') => Effect::Redirect(internal),
            _ => {
                let address = String::from_utf8_lossy(address);
                maillog::warning!("{word} {address} must have user@domain");
                return Verdict::Dunno;
            }
        };
        self.triggers(log, word, object, address);
        self.effect(effect)
    }

    fn prepend(&mut self, header: Vec<u8>) -> Verdict {
        if crate::command::looks_like_header(&header) {
            return self.effect(Effect::Prepend(header));
        }
        let header = String::from_utf8_lossy(&header);
        maillog::warning!("PREPEND {header} must have header: value");
        Verdict::Dunno
    }

    fn triggers(&self, log: &str, word: &str, object: Object, what: &[u8]) {
        let text = [b"triggers ", word.as_bytes(), b" ", what].concat();
        self.note(log, object, &text, "");
    }

    fn note(&self, log: &str, object: Object, text: &[u8], default: &str) {
        let name = object.name(&self.facts);
        let class = object.class().as_bytes();
        let words = if text.is_empty() {
            default.as_bytes()
        } else {
            text
        };
        let text = [b"<", &*name, b">: ", class, b" ", words].concat();
        event::decision(log, &self.facts, &text);
    }
}

/// The address, and then the networks it is in, each as the text that is left without its last part.
fn network_keys(address: IpAddr) -> Vec<String> {
    let (separator, whole) = match address {
        IpAddr::V4(_) => ('.', address.to_string()),
        IpAddr::V6(_) => (':', address.to_string()),
    };
    let mut keys = vec![whole];
    while let Some((network, _)) = keys.last().and_then(|key| key.rsplit_once(separator)) {
        let network = network.trim_end_matches(separator).to_owned();
        if network.is_empty() {
            break;
        }
        keys.push(network);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let keys = |text: &str| network_keys(text.parse().unwrap());
        assert_eq!(keys("192.0.2.1"), ["192.0.2.1", "192.0.2", "192.0", "192"]);
        assert_eq!(keys("2001:db8::1"), ["2001:db8::1", "2001:db8", "2001"]);
        assert_eq!(keys("::1"), ["::1"]);
    }
}
