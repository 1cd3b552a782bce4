//! The path of MAIL and RCPT (RFC 5321 section 4.1.2): from a client's text to an address in internal form.
//!
//! Strict syntax is `<path>` and nothing else. Lenient syntax takes what clients have always sent: no brackets, a
//! phrase or a comment beside the address. A source route is dropped in either.

use std::fmt;

use crate::address_list::AddressList;
use crate::{Address, address};

/// Which paths are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Syntax {
    /// Only `<path>`, nothing around it (`strict_rfc821_envelopes`).
    pub strict: bool,
    /// Whether `<>` is a path: in MAIL it is, in RCPT it is not.
    pub allow_empty: bool,
}

/// Why text is no path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathError {
    /// Not an address, or more than one.
    Syntax,
    /// An address that is empty where it must not be.
    Empty,
    /// An address that is longer than can be carried.
    TooLong,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "bad address syntax",
            Self::Empty => "empty address",
            Self::TooLong => "address too long",
        })
    }
}

impl std::error::Error for PathError {}

/// The address that `text` names.
pub fn parse(text: &[u8], syntax: Syntax) -> Result<Address, PathError> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Err(PathError::Syntax);
    }
    if text.len() > address::MAX_LENGTH {
        return Err(PathError::TooLong);
    }
    if syntax.strict && !(text.starts_with(b"<") && text.ends_with(b">")) {
        return Err(PathError::Syntax);
    }
    let open = text.strip_suffix(b">");
    let inside = match open {
        Some(open) if open.starts_with(b"<") => open.get(1..).unwrap_or_default(),
        Some(open) if !open.contains(&b'<') => open,
        _ => text,
    };
    let list = AddressList::parse(without_route(inside), TOKEN_LIMIT);
    if list.has_group() || (syntax.strict && !list.is_bare()) {
        return Err(PathError::Syntax);
    }
    let mut addresses = list.addresses();
    let address = addresses.next().unwrap_or_default();
    if addresses.next().is_some() {
        return Err(PathError::Syntax);
    }
    if address.is_empty() && !syntax.allow_empty {
        return Err(PathError::Empty);
    }
    if syntax.strict && memchr::memrchr(b'@', address) == Some(0) {
        return Err(PathError::Syntax);
    }
    Address::new(address).map_err(|_| PathError::Syntax)
}

/// What follows `@relay,@relay:`; brackets of an address literal may contain colons.
fn without_route(path: &[u8]) -> &[u8] {
    let mut literal = false;
    let colon = path.iter().position(|&byte| {
        literal = byte == b'[' || (literal && byte != b']');
        byte == b':' && !literal
    });
    match colon {
        Some(colon) if path.starts_with(b"@") => path.get(colon + 1..).unwrap_or_default(),
        _ => path,
    }
}

/// Split a command's text after the colon into the path and what follows it (parameters).
///
/// The path is `<...>` or a word; quotes, comments and backslash pairs may contain blanks.
#[must_use]
pub fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii_start();
    let bracket = text.first() == Some(&b'<');
    let mut quoted = false;
    let mut bytes = text.iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => quoted = !quoted,
            b'>' if bracket && !quoted => return text.split_at(at + 1),
            _ if !bracket && !quoted && byte.is_ascii_whitespace() => return text.split_at(at),
            _ => {}
        }
    }
    (text, b"")
}

const TOKEN_LIMIT: usize = 10_240;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str, strict: bool) -> Result<String, PathError> {
        let syntax = Syntax {
            strict,
            allow_empty: false,
        };
        parse(text.as_bytes(), syntax)
            .map(|address| String::from_utf8_lossy(address.as_bytes()).into_owned())
    }

    #[test]
    fn strict_paths() {
        assert_eq!(path("<u@d>", true).as_deref(), Ok("u@d"));
        assert_eq!(path("<\"a b\"@d>", true).as_deref(), Ok("a b@d"));
        assert_eq!(path("<@r1,@r2:u@d.e>", true).as_deref(), Ok("u@d.e"));
        assert_eq!(path("<u@[IPv6:::1]>", true).as_deref(), Ok("u@[IPv6:::1]"));
        assert_eq!(path("u@d", true), Err(PathError::Syntax));
        assert_eq!(path("<u@d> x", true), Err(PathError::Syntax));
        assert_eq!(path("<(c)u@d>", true), Err(PathError::Syntax));
        assert_eq!(path("<@d>", true), Err(PathError::Syntax));
        assert_eq!(path("<>", true), Err(PathError::Empty));
    }

    #[test]
    fn lenient_paths() {
        for (text, address) in [
            ("u@d", "u@d"),
            ("<(c)d@e>", "d@e"),
            ("<foo@bar,>", "foo@bar"),
            ("foo@bar>", "foo@bar"),
            ("Name <u@d>", "u@d"),
            ("<Name <u@d>>", "u@d"),
            ("<a\\ b@c>", "a b@c"),
            ("<a:b@c>", "a:b@c"),
            ("<@dom.ain>", "@dom.ain"),
            ("<[1.2.3.4]>", "[1.2.3.4]"),
        ] {
            assert_eq!(path(text, false).as_deref(), Ok(address), "{text}");
        }
        assert_eq!(path("<a@b>,<c@d>", false), Err(PathError::Syntax));
        for text in ["", "<aa bb>", "<a,b@c>", "<a;b@c>", "<us\"er\"@x>"] {
            assert_eq!(path(text, false), Err(PathError::Syntax), "{text}");
        }
    }

    #[test]
    fn a_path_ends_at_its_bracket_or_blank() {
        assert_eq!(
            split(b" <\"a> b\"@c> SIZE=1"),
            (&b"<\"a> b\"@c>"[..], &b" SIZE=1"[..])
        );
        assert_eq!(split(b"u@d SIZE=1"), (&b"u@d"[..], &b" SIZE=1"[..]));
        assert_eq!(split(b"<u@d"), (&b"<u@d"[..], &b""[..]));
    }

    proptest! {
        #[test]
        fn any_bytes_pass(bytes: Vec<u8>, strict: bool) {
            let (path, _) = split(&bytes);
            let _ = parse(path, Syntax { strict, allow_empty: true });
        }

        #[test]
        fn quoted_addresses_come_back(local in "[ -~]{1,12}") {
            let address = format!("{local}@example.com");
            let path = [b"<".as_slice(), &crate::quote::quote_821(address.as_bytes()), b">"].concat();
            let parsed = parse(&path, Syntax { strict: true, allow_empty: false }).unwrap();
            prop_assert_eq!(parsed.as_bytes(), address.as_bytes());
        }
    }
}
