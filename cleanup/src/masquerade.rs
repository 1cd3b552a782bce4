//! Address masquerading: `user@host.example.com` becomes `user@example.com`.
//!
//! Logs a table of exceptions that does not answer.

use lookup::{LookupError, MatchList};

use crate::config::{Class, Classes};

/// The masquerade parameters.
pub(crate) struct Masquerade {
    /// Domains in lower case, in the order in which they are tried.
    domains: Vec<Domain>,
    /// Users whose addresses stay.
    exceptions: MatchList,
    classes: Classes,
}

struct Domain {
    name: Vec<u8>,
    /// Written with `!`: addresses below it stay.
    kept: bool,
}

impl Masquerade {
    pub(crate) fn new(domains: &[String], exceptions: MatchList, classes: Classes) -> Self {
        let domains = domains.iter().map(|word| {
            let name = word.strip_prefix('!').unwrap_or(word);
            Domain {
                name: name.to_ascii_lowercase().into_bytes(),
                kept: name.len() < word.len(),
            }
        });
        Self {
            domains: domains.collect(),
            exceptions,
            classes,
        }
    }

    /// Whether addresses of a class are changed at all.
    pub(crate) fn applies(&self, class: Class) -> bool {
        !self.domains.is_empty() && self.classes.contain(class)
    }

    /// The first table of exceptions whose file was replaced since it was opened, as `type:name`.
    pub(crate) fn changed(&self) -> Option<&str> {
        self.exceptions.changed()
    }

    /// Hide the subdomain of an address, where it is to be hidden.
    pub(crate) async fn hide(
        &self,
        class: Class,
        address: &mut Vec<u8>,
    ) -> Result<(), LookupError> {
        if !self.applies(class) {
            return Ok(());
        }
        let Some(at) = address.iter().rposition(|&byte| byte == b'@') else {
            return Ok(());
        };
        let (user, domain) = address.split_at(at);
        let Some(name) = self.hidden_below(domain.get(1..).unwrap_or_default()) else {
            return Ok(());
        };
        if !self.exceptions.is_empty() && self.exceptions.matches_string(user).await? {
            return Ok(());
        }
        address.truncate(at + 1);
        address.extend_from_slice(name);
        Ok(())
    }

    /// The domain that a domain below it is to be hidden by.
    fn hidden_below(&self, domain: &[u8]) -> Option<&[u8]> {
        let domain = domain.to_ascii_lowercase();
        for known in &self.domains {
            if domain == known.name {
                return None;
            }
            let rest = domain.strip_suffix(known.name.as_slice());
            if rest.is_some_and(|rest| rest.ends_with(b".")) {
                return (!known.kept).then_some(&known.name);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subdomains_are_hidden() {
        let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        let classes = Classes {
            header_sender: true,
            ..Classes::default()
        };
        let options = lookup::OpenOptions::default();
        let exceptions = MatchList::open("x", "!notme, root", Default::default(), &options);
        let masquerade = Masquerade::new(&words("!kept.d.org d.org"), exceptions, classes);
        let hidden = |address: &str| {
            let mut address = address.as_bytes().to_vec();
            ipc::now(masquerade.hide(Class::HeaderSender, &mut address)).unwrap();
            String::from_utf8(address).unwrap()
        };
        assert_eq!(hidden("u@Host.D.org"), "u@d.org");
        assert_eq!(hidden("u@d.org"), "u@d.org");
        assert_eq!(hidden("u@x.kept.d.org"), "u@x.kept.d.org");
        assert_eq!(hidden("u@xd.org"), "u@xd.org");
        assert_eq!(hidden("Root@host.d.org"), "Root@host.d.org");
        assert_eq!(hidden("notme@host.d.org"), "notme@d.org");
        assert!(!masquerade.applies(Class::EnvelopeSender));
    }
}
