//! xtext (RFC 3461 section 4) and the generic `+XX` hexadecimal quoting under it.
//!
//! Used by ORCPT and ENVID of SMTP and by XCLIENT and XFORWARD. Decoding refuses what no encoder would write.

/// Encode: bytes outside `!`..`~`, and `+` and `=`, become `+` and two upper case hexadecimal digits.
#[must_use]
pub fn encode(raw: &[u8]) -> Vec<u8> {
    encode_also(raw, b"+=")
}

/// As [`encode`], with the set of printable bytes that are quoted as well.
#[must_use]
pub fn encode_also(raw: &[u8], special: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(raw.len());
    for byte in raw {
        if byte.is_ascii_graphic() && !special.contains(byte) {
            quoted.push(*byte);
        } else {
            quoted.push(b'+');
            quoted.extend([digit(byte >> 4), digit(byte & 15)]);
        }
    }
    quoted
}

/// Decode; `None` when a `+` is not followed by two hexadecimal digits.
#[must_use]
pub fn decode(quoted: &[u8]) -> Option<Vec<u8>> {
    let mut raw = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'+' {
            raw.push(value(*bytes.next()?)? << 4 | value(*bytes.next()?)?);
        } else {
            raw.push(*byte);
        }
    }
    Some(raw)
}

const fn digit(nibble: u8) -> u8 {
    if nibble < 10 {
        b'0' + nibble
    } else {
        b'A' + nibble - 10
    }
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rfc_examples() {
        assert_eq!(encode(b"a+b=c d"), b"a+2Bb+3Dc+20d");
        assert_eq!(decode(b"a+2Bb+3dc").as_deref(), Some(&b"a+b=c"[..]));
        assert_eq!(decode(b"a+2"), None);
        assert_eq!(decode(b"a+zz"), None);
    }

    proptest! {
        #[test]
        fn decode_undoes_encode(raw: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&raw)), Some(raw));
        }
    }
}
