//! The syntactic rewriting of addresses into `user@domain` form, as a pure function of a few options.
//!
//! In this order: an address without domain has its `site!user` and `user%site` forms turned
//! around and `@origin` appended; a domain without a dot gets the parent domain; one trailing dot is dropped. Table
//! lookups (canonical, virtual, transport) are not done here.

use std::borrow::Cow;

use crate::quote;

/// What rewriting does; the names are those of main.cf.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// `append_at_myorigin`.
    pub append_at_myorigin: bool,
    /// `append_dot_mydomain`.
    pub append_dot_mydomain: bool,
    /// `swap_bangpath`.
    pub swap_bangpath: bool,
    /// `allow_percent_hack`.
    pub allow_percent_hack: bool,
    /// What is put after the `@` of an address without one; a leading `@` in it is not doubled.
    pub origin: Vec<u8>,
    /// What completes a domain without a dot.
    pub domain: Vec<u8>,
    /// Who wants to know of domains that were completed.
    pub completed: Completed,
}

/// Called with a domain that `append_dot_mydomain` has completed, and with what became of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Completed(pub Option<Listener>);

/// What a listener is called with: the domain as it was, and whole.
pub type Listener = fn(&[u8], &[u8]);

/// Rules are the same whoever listens.
impl PartialEq for Completed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Completed {}

impl Rules {
    /// The same rules for mail from strangers: both completions are `remote_header_rewrite_domain`.
    #[must_use]
    pub fn remote(&self, remote_header_rewrite_domain: &[u8]) -> Self {
        Self {
            append_at_myorigin: true,
            append_dot_mydomain: true,
            origin: remote_header_rewrite_domain.to_vec(),
            domain: remote_header_rewrite_domain.to_vec(),
            completed: Completed(None),
            ..self.clone()
        }
    }

    /// Rewrite an address in internal form. The null address stays what it is.
    #[must_use]
    pub fn rewrite<'a>(&self, address: &'a [u8]) -> Cow<'a, [u8]> {
        if address.is_empty() || address == b"@" {
            return Cow::Borrowed(b"");
        }
        let mut address = Cow::Borrowed(address);
        if !address.contains(&b'@') {
            self.give_domain(&mut address);
        }
        self.complete_domain(&mut address);
        drop_last_dot(&mut address);
        address
    }

    fn give_domain(&self, address: &mut Cow<'_, [u8]>) {
        // An address that only quotes make possible means its operators literally.
        let operators = quote::is_dot_string(address);
        if operators
            && self.swap_bangpath
            && let Some(at) = memchr::memchr(b'!', address)
        {
            let (site, user) = address.split_at(at);
            *address = Cow::Owned([user.get(1..).unwrap_or_default(), b"@", site].concat());
        } else if operators
            && self.allow_percent_hack
            && let Some(at) = memchr::memrchr(b'%', address)
        {
            let (user, site) = address.split_at(at);
            *address = Cow::Owned([user, b"@", site.get(1..).unwrap_or_default()].concat());
        } else if self.append_at_myorigin && !self.origin.is_empty() {
            let origin = self.origin.strip_prefix(b"@").unwrap_or(&self.origin);
            *address = Cow::Owned([address, b"@".as_slice(), origin].concat());
        }
    }

    fn complete_domain(&self, address: &mut Cow<'_, [u8]>) {
        if !self.append_dot_mydomain || self.domain.is_empty() {
            return;
        }
        let Some(at) = memchr::memrchr(b'@', address) else {
            return;
        };
        let domain = address.get(at + 1..).unwrap_or_default();
        if domain.is_empty() || domain.starts_with(b"[") || domain.contains(&b'.') {
            return;
        }
        let parent = self.domain.strip_prefix(b".").unwrap_or(&self.domain);
        let whole = [address, b".".as_slice(), parent].concat();
        if let Completed(Some(tell)) = self.completed {
            tell(domain, whole.get(at + 1..).unwrap_or_default());
        }
        *address = Cow::Owned(whole);
    }
}

fn drop_last_dot(address: &mut Cow<'_, [u8]>) {
    let Some(at) = memchr::memrchr(b'@', address) else {
        return;
    };
    let domain = address.get(at + 1..).unwrap_or_default();
    let bare = domain.strip_suffix(b".").unwrap_or(domain);
    if bare.len() == domain.len() || bare.is_empty() || bare.ends_with(b".") {
        return;
    }
    let length = address.len() - 1;
    match address {
        Cow::Borrowed(bytes) => *bytes = bytes.get(..length).unwrap_or_default(),
        Cow::Owned(bytes) => bytes.truncate(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules() -> Rules {
        Rules {
            append_at_myorigin: true,
            append_dot_mydomain: true,
            swap_bangpath: true,
            allow_percent_hack: true,
            origin: b"origin.example.org".to_vec(),
            domain: b"example.org".to_vec(),
            completed: Completed(None),
        }
    }

    fn rewritten(address: &str) -> String {
        String::from_utf8_lossy(&rules().rewrite(address.as_bytes())).into_owned()
    }

    #[test]
    fn forms_become_user_at_domain() {
        for (address, expected) in [
            ("user", "user@origin.example.org"),
            ("user@d", "user@d.example.org"),
            ("user@d.e", "user@d.e"),
            ("a!b!c", "b!c@a.example.org"),
            ("a%b%c", "a%b@c.example.org"),
            ("a!b%c", "b%c@a.example.org"),
            ("x!y@z", "x!y@z.example.org"),
            ("a b", "a b@origin.example.org"),
            ("a b!c", "a b!c@origin.example.org"),
            ("a@b@c", "a@b@c.example.org"),
            ("user@d.", "user@d"),
            ("user@h.x.", "user@h.x"),
            ("a.b.", "a.b.@origin.example.org"),
            ("a%b.", "a%b.@origin.example.org"),
            ("%b", "@b.example.org"),
            ("a!", "@a.example.org"),
            ("user@[1.2.3.4]", "user@[1.2.3.4]"),
            ("user@[IPv6:::1]", "user@[IPv6:::1]"),
            ("@[IPv6:::1]", "@[IPv6:::1]"),
            ("a:b@c", "a:b@c.example.org"),
            ("@dom.ain", "@dom.ain"),
            ("x@y@", "x@y@"),
            ("user@h..", "user@h.."),
            ("user@.", "user@."),
            ("", ""),
            ("@", ""),
        ] {
            assert_eq!(rewritten(address), expected, "{address}");
        }
    }

    #[test]
    fn strangers_get_the_remote_domain() {
        let rules = rules().remote(b"domain.invalid");
        assert_eq!(&*rules.rewrite(b"user"), b"user@domain.invalid");
        assert_eq!(&*rules.rewrite(b"user@host"), b"user@host.domain.invalid");
    }

    proptest! {
        #[test]
        fn any_bytes_pass(bytes: Vec<u8>) {
            let _ = rules().rewrite(&bytes);
        }
    }
}
