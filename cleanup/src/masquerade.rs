//! Address masquerading: `user@host.example.com` becomes `user@example.com`.

use crate::config::{Class, Classes};

/// The masquerade parameters.
pub(crate) struct Masquerade {
    /// Domains in lower case, in the order in which they are tried.
    domains: Vec<Domain>,
    /// Users whose addresses stay, in lower case.
    exceptions: Vec<Vec<u8>>,
    classes: Classes,
}

struct Domain {
    name: Vec<u8>,
    /// Written with `!`: addresses below it stay.
    kept: bool,
}

impl Masquerade {
    pub(crate) fn new(domains: &[String], exceptions: &[String], classes: Classes) -> Self {
        let domains = domains.iter().map(|word| {
            let name = word.strip_prefix('!').unwrap_or(word);
            Domain {
                name: name.to_ascii_lowercase().into_bytes(),
                kept: name.len() < word.len(),
            }
        });
        Self {
            domains: domains.collect(),
            exceptions: exceptions
                .iter()
                .map(|user| user.to_ascii_lowercase().into_bytes())
                .collect(),
            classes,
        }
    }

    /// Whether addresses of a class are changed at all.
    pub(crate) fn applies(&self, class: Class) -> bool {
        !self.domains.is_empty() && self.classes.contain(class)
    }

    /// Hide the subdomain of an address, where it is to be hidden.
    pub(crate) fn hide(&self, class: Class, address: &mut Vec<u8>) {
        if !self.applies(class) {
            return;
        }
        let Some(at) = address.iter().rposition(|&byte| byte == b'@') else {
            return;
        };
        let (user, domain) = address.split_at(at);
        let user = user.to_ascii_lowercase();
        let domain = domain.get(1..).unwrap_or_default().to_ascii_lowercase();
        if self.exceptions.contains(&user) {
            return;
        }
        for known in &self.domains {
            if domain == known.name {
                return;
            }
            let below = domain
                .strip_suffix(known.name.as_slice())
                .is_some_and(|rest| rest.ends_with(b"."));
            if below {
                if !known.kept {
                    address.truncate(at + 1);
                    address.extend_from_slice(&known.name);
                }
                return;
            }
        }
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
        let masquerade = Masquerade::new(&words("!kept.d.org d.org"), &words("root"), classes);
        let hidden = |address: &str| {
            let mut address = address.as_bytes().to_vec();
            masquerade.hide(Class::HeaderSender, &mut address);
            String::from_utf8(address).unwrap()
        };
        assert_eq!(hidden("u@Host.D.org"), "u@d.org");
        assert_eq!(hidden("u@d.org"), "u@d.org");
        assert_eq!(hidden("u@x.kept.d.org"), "u@x.kept.d.org");
        assert_eq!(hidden("u@xd.org"), "u@xd.org");
        assert_eq!(hidden("Root@host.d.org"), "Root@host.d.org");
        assert!(!masquerade.applies(Class::EnvelopeSender));
    }
}
