//! The From: header of a letter that came without one.

use mail::quote::{is_atom, quote_822};

/// `Name <address>`, or in the obsolete form `address (Name)`, folded nowhere.
///
/// A name that is not ASCII is taken to be in `charset`.
pub(crate) fn value(full_name: &[u8], address: &[u8], style: Style<'_>) -> Vec<u8> {
    let address = quote_822(address);
    let words = full_name
        .split(u8::is_ascii_whitespace)
        .filter(|w| !w.is_empty());
    let full_name = words.collect::<Vec<_>>().join(&b' ');
    if full_name.is_empty() {
        return address.into_owned();
    }
    if style.obsolete {
        let comment = comment(&full_name, style.charset);
        return [&address, b" (".as_slice(), &comment, b")"].concat();
    }
    let phrase = phrase(&full_name, style.charset);
    [&phrase, b" <".as_slice(), &address, b">"].concat()
}

/// How names are written.
#[derive(Clone, Copy)]
pub(crate) struct Style<'a> {
    /// `header_from_format = obsolete`.
    pub(crate) obsolete: bool,
    /// `full_name_encoding_charset`.
    pub(crate) charset: &'a str,
}

/// A display name: as encoded words where it is not ASCII, in quotes where it is not only atoms.
fn phrase(name: &[u8], charset: &str) -> Vec<u8> {
    if !name.is_ascii() {
        return encoded_words(name, charset);
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

fn comment(name: &[u8], charset: &str) -> Vec<u8> {
    if !name.is_ascii() {
        return encoded_words(name, charset);
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

/// Encoded words (RFC 2047) of at most 75 bytes, in the Q encoding, never within a character of UTF-8.
fn encoded_words(name: &[u8], charset: &str) -> Vec<u8> {
    let room = 75_usize.saturating_sub("=??Q??=".len() + charset.len());
    let mut words = Vec::new();
    let mut word = String::new();
    for character in name.chunk_by(|_, next| *next & 0xC0 == 0x80) {
        let mut encoded = String::new();
        for &byte in character {
            match byte {
                b' ' => encoded.push('_'),
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => encoded.push(char::from(byte)),
                _ => encoded.push_str(&format!("={byte:02X}")),
            }
        }
        if !word.is_empty() && word.len() + encoded.len() > room {
            words.push(std::mem::take(&mut word));
        }
        word.push_str(&encoded);
    }
    words.push(word);
    let words: Vec<_> = words
        .into_iter()
        .map(|word| format!("=?{charset}?Q?{word}?="))
        .collect();
    words.join(" ").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_or_encoded() {
        let from = |name: &str, obsolete| {
            let style = Style {
                obsolete,
                charset: "utf-8",
            };
            String::from_utf8(value(name.as_bytes(), b"u@d", style)).unwrap()
        };
        assert_eq!(from("", false), "u@d");
        assert_eq!(from(" Joe  Doe ", false), "Joe Doe <u@d>");
        assert_eq!(from("J. Q. Doe", false), "\"J. Q. Doe\" <u@d>");
        assert_eq!(from("J. \"Q\" Doe", false), "\"J. \\\"Q\\\" Doe\" <u@d>");
        assert_eq!(from("J\u{f6}rg X", false), "=?utf-8?Q?J=C3=B6rg_X?= <u@d>");
        assert_eq!(from("Joe (x)", true), "u@d (Joe \\(x\\))");
        let long = from(&"\u{f6}".repeat(40), false);
        assert!(long.split(' ').all(|word| word.len() <= 75));
    }
}
