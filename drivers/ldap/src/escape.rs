//! Keys in search filters (RFC 4515) and in distinguished names (RFC 4514), so that they stay data.

/// Add a part of a key to a filter. What is not ASCII goes as its bytes in hexadecimal.
pub(crate) fn filter(part: &[u8], text: &mut Vec<u8>) {
    for &byte in part {
        match byte {
            b'*' | b'(' | b')' | b'\\' | 0..=31 | 127.. => hexadecimal(byte, text),
            _ => text.push(byte),
        }
    }
}

/// Add a part of a key to a distinguished name.
pub(crate) fn distinguished_name(part: &[u8], text: &mut Vec<u8>) {
    for (at, &byte) in part.iter().enumerate() {
        let at_end = at == 0 || at + 1 == part.len();
        match byte {
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' | b'=' => {
                text.extend_from_slice(&[b'\\', byte]);
            }
            b'#' | b' ' if at_end => text.extend_from_slice(&[b'\\', byte]),
            0..=31 | 127.. => hexadecimal(byte, text),
            _ => text.push(byte),
        }
    }
}

fn hexadecimal(byte: u8, text: &mut Vec<u8>) {
    text.extend_from_slice(format!("\\{byte:02x}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(escape: fn(&[u8], &mut Vec<u8>), part: &[u8]) -> String {
        let mut text = Vec::new();
        escape(part, &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn what_is_special_is_escaped() {
        assert_eq!(with(filter, b"a*)(b\\\xc3"), r"a\2a\29\28b\5c\c3");
        assert_eq!(with(distinguished_name, b"#a,b=c #"), r"\#a\,b\=c \#");
        assert_eq!(with(distinguished_name, b" x "), r"\ x\ ");
    }

    /// What `\xx` and `\c` stand for.
    fn unescaped(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte != b'\\' {
                bytes.push(byte);
                continue;
            }
            let hex = &after[..after.len().min(2)];
            if hex.len() == 2 && hex.iter().all(u8::is_ascii_hexdigit) {
                let hex = std::str::from_utf8(hex).unwrap();
                bytes.push(u8::from_str_radix(hex, 16).unwrap());
                rest = &after[2..];
            } else {
                bytes.push(after[0]);
                rest = &after[1..];
            }
        }
        bytes
    }

    proptest! {
        #[test]
        fn a_key_is_read_back_as_it_was(key: Vec<u8>) {
            let in_filter = with(filter, &key);
            prop_assert!(!in_filter.contains(['(', ')', '*']));
            prop_assert_eq!(unescaped(&in_filter), key.clone());
            prop_assert_eq!(unescaped(&with(distinguished_name, &key)), key);
        }
    }
}
