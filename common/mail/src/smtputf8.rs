//! Internationalised mail (RFC 6531): when a message needs SMTPUTF8, and the two forms of a domain name (RFC 5890).

/// Whether text is UTF-8 with something above ASCII in it: such an address or header needs SMTPUTF8.
#[must_use]
pub fn is_utf8_text(text: &[u8]) -> bool {
    !text.is_ascii() && std::str::from_utf8(text).is_ok()
}

/// The ASCII form (A-labels) of a domain; `None` when it has none.
#[cfg(feature = "idn")]
#[must_use]
pub fn domain_to_ascii(domain: &[u8]) -> Option<Vec<u8>> {
    if domain.is_ascii() {
        return Some(domain.to_vec());
    }
    let domain = std::str::from_utf8(domain).ok()?;
    let ascii = idna::domain_to_ascii(domain).ok()?;
    Some(ascii.into_bytes())
}

/// The UTF-8 form (U-labels) of a domain; `None` when it has none.
#[cfg(feature = "idn")]
#[must_use]
pub fn domain_to_utf8(domain: &[u8]) -> Option<Vec<u8>> {
    let domain = std::str::from_utf8(domain).ok()?;
    let (text, result) = idna::domain_to_unicode(domain);
    result.ok()?;
    Some(text.into_bytes())
}

#[cfg(all(test, feature = "idn"))]
mod tests {
    use super::*;

    #[test]
    fn domains_have_two_forms() {
        let umlaut = "b\u{fc}cher.example".as_bytes();
        let ascii = b"xn--bcher-kva.example";
        assert_eq!(domain_to_ascii(umlaut).as_deref(), Some(&ascii[..]));
        assert_eq!(domain_to_utf8(ascii).as_deref(), Some(umlaut));
        assert!(is_utf8_text(umlaut));
        assert!(!is_utf8_text(ascii));
        assert!(!is_utf8_text(b"\xff"));
    }
}
