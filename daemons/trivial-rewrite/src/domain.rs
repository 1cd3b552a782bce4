//! Which domains an address may have: host names and address literals.

/// What a domain is, by its form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// A host name.
    Name,
    /// Digits and dots, without brackets.
    Numeric,
    /// An address in brackets.
    Literal,
    /// None of these.
    Invalid,
}

/// The form of a domain without a dot at its end.
pub(crate) fn form(domain: &[u8]) -> Form {
    if domain.starts_with(b"[") {
        return match lookup::local::literal(domain) {
            Some(_) => Form::Literal,
            None => Form::Invalid,
        };
    }
    if domain.is_ascii() {
        return ascii_form(domain);
    }
    match mail::smtputf8::domain_to_ascii(domain) {
        Some(ascii) => ascii_form(&ascii),
        None => Form::Invalid,
    }
}

/// As RFC 1123 section 2.1 has names, with underscores, which exist.
fn ascii_form(domain: &[u8]) -> Form {
    let label = |label: &[u8]| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
            && label
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if domain.len() > 255 || !domain.split(|&byte| byte == b'.').all(label) {
        Form::Invalid
    } else if domain
        .iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'.')
    {
        Form::Numeric
    } else {
        Form::Name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_domains() {
        for (domain, expected) in [
            ("example.com", Form::Name),
            ("_d", Form::Name),
            ("1.2.3.4", Form::Numeric),
            ("[1.2.3.4]", Form::Literal),
            ("[IPv6:::1]", Form::Literal),
            ("b\u{fc}cher.example", Form::Name),
            ("", Form::Invalid),
            (".d", Form::Invalid),
            ("d..e", Form::Invalid),
            ("-d", Form::Invalid),
            ("q d", Form::Invalid),
            ("host:25", Form::Invalid),
            ("[", Form::Invalid),
            ("[]", Form::Invalid),
        ] {
            assert_eq!(form(domain.as_bytes()), expected, "{domain}");
        }
    }
}
