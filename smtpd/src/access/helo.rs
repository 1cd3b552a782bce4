//! Restrictions about the name that the client gave with HELO or EHLO.

use dns::{Search, Why};

use super::{Evaluation, Object, Verdict};

impl Evaluation<'_> {
    pub(super) fn invalid_helo(&mut self) -> Verdict {
        let Some(hello) = self.facts.hello else {
            return Verdict::Dunno;
        };
        let code = self.shared.config.codes.invalid_hostname_reject_code;
        match Form::of(&hello.name) {
            Form::BadLiteral => self.reject(Object::Helo, code, (5, 5, 2), b"invalid ip address"),
            Form::Invalid => self.reject(Object::Helo, code, (5, 5, 2), b"Invalid name"),
            Form::Literal | Form::Host => Verdict::Dunno,
        }
    }

    pub(super) fn non_fqdn_helo(&mut self) -> Verdict {
        let Some(hello) = self.facts.hello else {
            return Verdict::Dunno;
        };
        let dotted = hello.name.trim_ascii_end();
        let dotted = dotted.strip_suffix(b".").unwrap_or(dotted).contains(&b'.');
        let fqdn = match Form::of(&hello.name) {
            Form::Literal => true,
            Form::Host => dotted,
            Form::BadLiteral | Form::Invalid => false,
        };
        if fqdn {
            return Verdict::Dunno;
        }
        let code = self.shared.config.codes.non_fqdn_reject_code;
        let text = b"need fully-qualified hostname";
        self.reject(Object::Helo, code, (5, 5, 2), text)
    }

    pub(super) async fn unknown_helo(&mut self) -> Verdict {
        let Some(hello) = self.facts.hello else {
            return Verdict::Dunno;
        };
        if hello.name.starts_with(b"[") {
            return self.invalid_helo();
        }
        let name = String::from_utf8_lossy(&hello.name).into_owned();
        let config = &self.shared.config;
        match self.shared.mail_host_exists(&name).await {
            Ok(()) => Verdict::Dunno,
            Err(Why::Temporary) => {
                let reply = self.worded(Object::Helo, 450, (4, 7, 1), b"Host not found");
                self.tempfail(&config.actions.unknown_helo_hostname_tempfail_action, reply)
            }
            Err(_) => {
                let code = config.codes.unknown_hostname_reject_code;
                self.reject(Object::Helo, code, (4, 7, 1), b"Host not found")
            }
        }
    }

    /// What a lookup that failed for now leads to (`*_tempfail_action`).
    pub(super) fn tempfail(&mut self, action: &str, reply: crate::reply::Reply) -> Verdict {
        if action.eq_ignore_ascii_case("defer") {
            self.refuse(reply)
        } else {
            self.defer_if_permit(reply)
        }
    }
}

impl crate::server::Shared {
    /// Whether a domain has a mail exchanger or an address.
    pub async fn mail_host_exists(&self, name: &str) -> Result<(), Why> {
        let ascii = mail::smtputf8::domain_to_ascii(name.as_bytes());
        let ascii = ascii.and_then(|ascii| String::from_utf8(ascii).ok());
        let name = ascii.as_deref().unwrap_or(name);
        match self.resolver.mx(name, Search::None).await {
            Ok(_) => return Ok(()),
            Err(failure) if matches!(failure.why, Why::Temporary | Why::NullMx) => {
                return Err(failure.why);
            }
            Err(_) => {}
        }
        let found = self.resolver.addresses(name, self.families, Search::None);
        found.await.map(|_| ()).map_err(|failure| failure.why)
    }
}

/// What a HELO name looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Host,
    Literal,
    BadLiteral,
    Invalid,
}

impl Form {
    fn of(name: &[u8]) -> Self {
        let Ok(name) = std::str::from_utf8(name) else {
            return Self::Invalid;
        };
        if name.starts_with('[') || name.contains(':') {
            return match address(name) {
                Some(()) => Self::Literal,
                None => Self::BadLiteral,
            };
        }
        let numeric = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if numeric {
            return Self::BadLiteral;
        }
        let host = name.strip_suffix('.').unwrap_or(name);
        if is_host(host) {
            Self::Host
        } else {
            Self::Invalid
        }
    }
}

/// `[1.2.3.4]` or `[IPv6:::1]`.
fn address(name: &str) -> Option<()> {
    let inner = name.strip_prefix('[')?.strip_suffix(']')?;
    let text = match inner.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => inner.get(5..)?,
        _ => inner,
    };
    text.parse::<std::net::IpAddr>().ok().map(|_| ())
}

/// A host name, with the underscores that are seen in practice and with U-labels.
fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        let fits = !label.is_empty() && label.len() <= 63;
        let dashes = label.starts_with('-') || label.ends_with('-');
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii();
        fits && !dashes && label.chars().all(plain)
    };
    !name.is_empty() && name.len() <= 255 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, form) in [
            ("mail.example.test", Form::Host),
            ("x_y", Form::Host),
            ("x.", Form::Host),
            ("x!", Form::Invalid),
            ("a..b", Form::Invalid),
            ("-a", Form::Invalid),
            ("", Form::BadLiteral),
            ("1.2.3.4", Form::BadLiteral),
            ("[1.2.3.4]", Form::Literal),
            ("[IPv6:2001:db8::1]", Form::Literal),
            ("[1.2.3]", Form::BadLiteral),
        ] {
            assert_eq!(Form::of(name.as_bytes()), form, "{name}");
        }
        assert_eq!(Form::of(b"\xff"), Form::Invalid);
    }
}
