//! The From: header of a letter that came without one.

use mail::quote::{is_atom, quote_822};

/// `Name <address>`, or in the obsolete form `address (Name)`, folded nowhere.
pub(crate) fn value(full_name: &[u8], address: &[u8], obsolete: bool) -> Vec<u8> {
    let address = quote_822(address);
    let full_name = full_name.trim_ascii();
    if full_name.is_empty() {
        return address.into_owned();
    }
    if obsolete {
        return [&address, b" (".as_slice(), &comment(full_name), b")"].concat();
    }
    [&phrase(full_name), b" <".as_slice(), &address, b">"].concat()
}

/// A display name: as encoded words where it is not ASCII, in quotes where it is not only atoms.
fn phrase(name: &[u8]) -> Vec<u8> {
    if !name.is_ascii() {
        return encoded_words(name);
    }
    let plain = name
        .split(|&byte| byte == b' ')
        .all(|word| word.iter().all(|&byte| is_atom(byte)));
    if plain {
        return name.to_vec();
    }
    let mut quoted = vec![b'"'];
    for &byte in name {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

fn comment(name: &[u8]) -> Vec<u8> {
    if !name.is_ascii() {
        return encoded_words(name);
    }
    let mut text = Vec::new();
    for &byte in name {
        if matches!(byte, b'(' | b')' | b'\\') {
            text.push(b'\\');
        }
        text.push(byte);
    }
    text
}

/// Encoded words (RFC 2047) of at most 75 bytes, in UTF-8 and the Q encoding, never within a character.
fn encoded_words(name: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(name);
    let mut words = Vec::new();
    let mut word = String::new();
    for character in text.chars() {
        let mut bytes = [0; 4];
        let mut encoded = String::new();
        for &byte in character.encode_utf8(&mut bytes).as_bytes() {
            match byte {
                b' ' => encoded.push('_'),
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => encoded.push(char::from(byte)),
                _ => encoded.push_str(&format!("={byte:02X}")),
            }
        }
        if word.len() + encoded.len() > 75 - "=?utf-8?Q??=".len() {
            words.push(std::mem::take(&mut word));
        }
        word.push_str(&encoded);
    }
    words.push(word);
    let words: Vec<_> = words
        .into_iter()
        .map(|word| format!("=?utf-8?Q?{word}?="))
        .collect();
    words.join(" ").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_or_encoded() {
        let from = |name: &str, obsolete| {
            String::from_utf8(value(name.as_bytes(), b"u@d", obsolete)).unwrap()
        };
        assert_eq!(from("", false), "u@d");
        assert_eq!(from("Joe Doe", false), "Joe Doe <u@d>");
        assert_eq!(from("J. \"Q\" Doe", false), "\"J. \\\"Q\\\" Doe\" <u@d>");
        assert_eq!(from("J\u{f6}rg X", false), "=?utf-8?Q?J=C3=B6rg_X?= <u@d>");
        assert_eq!(from("Joe (x)", true), "u@d (Joe \\(x\\))");
        let long = from(&"\u{f6}".repeat(40), false);
        assert!(long.split(' ').all(|word| word.len() <= 75));
    }
}
