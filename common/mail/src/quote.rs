//! Quoting of local parts, in the forms of RFC 5321 (envelope commands) and RFC 5322 (headers).
//!
//! Inside, an address is plain bytes; outside, a local part that is no dot-string stands in quotes. Bytes above 127 need
//! no quotes: SMTPUTF8 and 8-bit mail pass as they are.

use std::borrow::Cow;

/// An address as it stands between `<` and `>` in MAIL and RCPT.
#[must_use]
pub fn quote_821(address: &[u8]) -> Cow<'_, [u8]> {
    quote(address, b"\"\\\r\n")
}

/// An address as it stands in a header, and as the key of a table.
#[must_use]
pub fn quote_822(address: &[u8]) -> Cow<'_, [u8]> {
    quote(address, b"\"\\\r")
}

/// The internal form of an external address: quotes and backslashes of the local part are taken away.
#[must_use]
pub fn unquote(address: &[u8]) -> Cow<'_, [u8]> {
    let quoted = address.iter().any(|b| matches!(b, b'"' | b'\\'));
    if !quoted {
        return Cow::Borrowed(address);
    }
    let mut plain = Vec::with_capacity(address.len());
    let mut bytes = address.iter().copied();
    let mut inside = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => inside = !inside,
            b'\\' => plain.extend(bytes.next()),
            b'@' if !inside => {
                plain.push(byte);
                plain.extend(bytes.by_ref());
            }
            _ => plain.push(byte),
        }
    }
    Cow::Owned(plain)
}

/// Whether a local part needs no quotes: words of ordinary characters with single dots between them.
#[must_use]
pub fn is_dot_string(local_part: &[u8]) -> bool {
    local_part
        .split(|&byte| byte == b'.')
        .all(|word| !word.is_empty() && word.iter().all(|&byte| is_atom(byte)))
}

/// Whether a byte may stand in an atom: no control, no space, none of `()<>@,;:\".[]`.
#[must_use]
pub const fn is_atom(byte: u8) -> bool {
    byte > b' '
        && byte != 127
        && !matches!(
            byte,
            b'(' | b')'
                | b'<'
                | b'>'
                | b'@'
                | b','
                | b';'
                | b':'
                | b'\\'
                | b'"'
                | b'.'
                | b'['
                | b']'
        )
}

fn quote<'a>(address: &'a [u8], escaped: &[u8]) -> Cow<'a, [u8]> {
    if address.is_empty() {
        return Cow::Borrowed(address);
    }
    let at = memchr::memrchr(b'@', address).unwrap_or(address.len());
    let (local_part, domain) = address.split_at(at);
    if is_dot_string(local_part) {
        return Cow::Borrowed(address);
    }
    let mut quoted = Vec::with_capacity(address.len() + 2);
    quoted.push(b'"');
    for &byte in local_part {
        if escaped.contains(&byte) {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted.extend_from_slice(domain);
    Cow::Owned(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_needs_quotes_gets_them() {
        for (plain, quoted) in [
            ("user@example.com", "user@example.com"),
            ("a b@example.com", "\"a b\"@example.com"),
            ("a\"b\\c@d", "\"a\\\"b\\\\c\"@d"),
            ("a@b@c", "\"a@b\"@c"),
            (".lead@c", "\".lead\"@c"),
            ("@c", "\"\"@c"),
            ("", ""),
            ("user", "user"),
            ("us..er", "\"us..er\""),
        ] {
            assert_eq!(&*quote_821(plain.as_bytes()), quoted.as_bytes());
            assert_eq!(&*unquote(quoted.as_bytes()), plain.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn quoting_and_unquoting_is_the_identity(plain in "[ -~\u{80}-\u{ff}]{0,20}(@[a-z.\\[\\]]{1,10})?") {
            for quoted in [quote_821(plain.as_bytes()), quote_822(plain.as_bytes())] {
                let again = unquote(&quoted);
                prop_assert_eq!(&*again, plain.as_bytes());
            }
        }

        #[test]
        fn any_bytes_pass(bytes: Vec<u8>) {
            let _ = unquote(&bytes);
            let _ = quote_821(&unquote(&bytes));
        }
    }
}
