//! The value of an alias as it is stored: one space between words, `, ` after a comma, quotes where they are needed.
//!
//! The text is taken apart as an address header is (RFC 5322), and put together again; nothing of what it means changes.
//! Pure.

/// A piece of a value.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A word, without its backslashes.
    Atom(Vec<u8>),
    /// The inside of quotes, without its backslashes.
    Quoted(Vec<u8>),
    /// `(...)` or `[...]`, as it stands.
    Bracketed(Vec<u8>),
    /// One of `<>@,;:.` and lone brackets.
    Special(u8),
}

const SPECIALS: &[u8] = b"()<>@,;:.\"\\[]";

/// A value in its stored form.
pub(super) fn tidy(value: &[u8]) -> Vec<u8> {
    let mut tidy = Vec::with_capacity(value.len());
    let mut previous = None;
    let mut rest = value;
    while let Some((token, after)) = token(rest) {
        let word = !matches!(token, Token::Special(_));
        let opens = token == Token::Special(b'<');
        let after_word =
            matches!(previous, Some(ref previous) if !matches!(previous, Token::Special(_)));
        if after_word && (word || opens) {
            tidy.push(b' ');
        }
        token.write(&mut tidy);
        previous = Some(token);
        rest = after;
    }
    tidy
}

impl Token {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Atom(text) if text.iter().all(|&byte| is_plain(byte)) => {
                to.extend_from_slice(text);
            }
            Self::Atom(text) | Self::Quoted(text) => {
                to.push(b'"');
                for &byte in text {
                    if matches!(byte, b'"' | b'\\') {
                        to.push(b'\\');
                    }
                    to.push(byte);
                }
                to.push(b'"');
            }
            Self::Bracketed(text) => to.extend_from_slice(text),
            Self::Special(b',') => to.extend_from_slice(b", "),
            Self::Special(byte) => to.push(*byte),
        }
    }
}

fn is_plain(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f && !SPECIALS.contains(&byte)
}

/// The next piece, and what follows it.
fn token(text: &[u8]) -> Option<(Token, &[u8])> {
    let text = text.trim_ascii_start();
    let (&first, after) = text.split_first()?;
    Some(match first {
        b'"' => {
            let (inside, after) = until(after, b'"');
            (Token::Quoted(inside), after)
        }
        b'(' => bracketed(text, b'(', b')'),
        b'[' => bracketed(text, b'[', b']'),
        b'\\' => atom(text),
        special if SPECIALS.contains(&special) => (Token::Special(special), after),
        _ => atom(text),
    })
}

/// A word: everything up to a space or a special, and whatever stands after a backslash.
fn atom(text: &[u8]) -> (Token, &[u8]) {
    let mut word = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'\\' {
            let escaped = after.split_first();
            word.extend(escaped.map(|(byte, _)| byte));
            rest = escaped.map_or(after, |(_, after)| after);
        } else if byte.is_ascii_whitespace() || SPECIALS.contains(&byte) {
            break;
        } else {
            word.push(byte);
            rest = after;
        }
    }
    (Token::Atom(word), rest)
}

/// The text up to a closing quote, or to the end, white space as spaces.
fn until(text: &[u8], close: u8) -> (Vec<u8>, &[u8]) {
    let mut inside = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\\' => {
                let escaped = after.split_first();
                inside.extend(escaped.map(|(byte, _)| byte));
                rest = escaped.map_or(after, |(_, after)| after);
            }
            byte if byte == close => break,
            byte if byte.is_ascii_whitespace() => inside.push(b' '),
            byte => inside.push(byte),
        }
    }
    (inside, rest)
}

/// A comment or an address literal, as it stands, to its end or the text's.
fn bracketed(text: &[u8], open: u8, close: u8) -> (Token, &[u8]) {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, &byte) in text.iter().enumerate() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match byte {
            b'\\' => escaped = true,
            byte if byte == open => depth += 1,
            byte if byte == close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            let (whole, rest) = text.split_at_checked(at + 1).unwrap_or((text, b""));
            return (Token::Bracketed(whole.to_vec()), rest);
        }
    }
    (Token::Bracketed(text.to_vec()), b"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aliases::destinations;
    use proptest::prelude::*;

    fn tidied(text: &str) -> String {
        String::from_utf8(tidy(text.as_bytes())).unwrap()
    }

    #[test]
    fn spaces_commas_and_quotes() {
        for (value, stored) in [
            ("a@x, b@y,c@z   d@w", "a@x, b@y, c@z d@w"),
            ("a ,b", "a, b"),
            ("Name <c@d>", "Name <c@d>"),
            ("a<b>", "a <b>"),
            ("\"|cmd x  y\", b", "\"|cmd x  y\", b"),
            ("|cmd x  y, b", "|cmd x y, b"),
            (":include:/x/y", ":include:/x/y"),
            ("/a b/c", "/a b/c"),
            ("a\\ b", "\"a b\""),
            ("a\\,b\\\"c", "\"a,b\\\"c\""),
            ("\\a", "a"),
            ("a@b.c(x)", "a@b.c (x)"),
            ("[x]y", "[x] y"),
            ("g: a, b;", "g:a, b;"),
            ("a@[1.2.3.4]", "a@[1.2.3.4]"),
            ("\"open", "\"open\""),
            ("\"q\\\"u\"  x", "\"q\\\"u\" x"),
            ("(a (b) c) d", "(a (b) c) d"),
            ("a\tb", "a b"),
        ] {
            assert_eq!(tidied(value), stored);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(text: Vec<u8>) {
            let once = tidy(&text);
            let _ = tidy(&once);
        }

        #[test]
        fn the_meaning_stays(items in prop::collection::vec((prop::sample::select(ITEMS), prop::sample::select(COMMAS)), 1..6)) {
            let text: String = items.iter().flat_map(|&(item, comma)| [item, comma]).collect();
            let stored = tidy(text.as_bytes());
            prop_assert_eq!(destinations(&stored), destinations(text.as_bytes()));
        }
    }

    const ITEMS: &[&str] = &[
        "a",
        "b@c.d",
        "\"p q\"@d",
        "\"|x  y\"",
        "|x",
        "/a/b",
        "\"/a b/c\"",
        ":include:/l",
        "N M <c@d>",
        "a\\ b",
        "(c) d",
    ];
    const COMMAS: &[&str] = &[",", ", ", " ,\t"];
}
