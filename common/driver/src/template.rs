//! Templates of queries and results: `%s %u %d %S %U %D %1 ... %9 %%`, as mysql_table(5) describes them.
//!
//! In a query all of them stand for parts of the key, and `%{name}` for a parameter of main.cf, whatever the key. In a result format `%s %u %d` stand for parts of the value that was found,
//! and the others for parts of the key. A part that there is not suppresses the query, or skips the value.

use std::fmt;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// What a template is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text as it stands.
    Text(Vec<u8>),
    /// A part of the key, or of the value.
    Part {
        /// Which one.
        part: Part,
        /// Whether it is the key's in a result format too.
        of_key: bool,
    },
    /// The value of a parameter of main.cf, which is quoted as a key is.
    Value(Vec<u8>),
}

/// A part of a key or value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// What is before the last `@`; all of it where there is none.
    User,
    /// What is after the last `@`.
    Domain,
    /// A label of the domain, counted from 1 at its end.
    Label(usize),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadTemplate {
    /// A `%` with something else behind it than a template knows.
    Letter,
    /// A `%{name}` of a parameter that there is not.
    Name(String),
}

impl fmt::Display for BadTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Letter => f.write_str("an unknown %-expansion"),
            Self::Name(name) => write!(f, "{name} is not set in main.cf"),
        }
    }
}

impl std::error::Error for BadTemplate {}

impl Template {
    /// Read a template without `%{name}`.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        Self::parse_with(text, |_| None)
    }

    /// Read a template; `value` knows the parameters of main.cf.
    pub fn parse_with<'a>(
        text: &str,
        value: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, BadTemplate> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((plain, behind)) = rest.split_once('%') {
            push_text(&mut pieces, plain);
            let letter = behind.bytes().next().ok_or(BadTemplate::Letter)?;
            rest = behind.get(1..).ok_or(BadTemplate::Letter)?;
            let part = match letter.to_ascii_lowercase() {
                b'%' => {
                    push_text(&mut pieces, "%");
                    continue;
                }
                b'{' => {
                    let (name, behind) = rest.split_once('}').ok_or(BadTemplate::Letter)?;
                    let named = || BadTemplate::Name(name.to_owned());
                    pieces.push(Piece::Value(value(name).ok_or_else(named)?.into()));
                    rest = behind;
                    continue;
                }
                b's' => Part::Whole,
                b'u' => Part::User,
                b'd' => Part::Domain,
                digit @ b'1'..=b'9' => Part::Label(usize::from(digit - b'0')),
                _ => return Err(BadTemplate::Letter),
            };
            let of_key = !letter.is_ascii_lowercase();
            pieces.push(Piece::Part { part, of_key });
        }
        push_text(&mut pieces, rest);
        Ok(Self(pieces))
    }

    /// The query for a key; `None` where the key lacks a part. `quote` adds a part to the query so that it stays data.
    #[must_use]
    pub fn query(&self, key: &[u8], mut quote: impl FnMut(&[u8], &mut Vec<u8>)) -> Option<Vec<u8>> {
        let mut query = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => query.extend_from_slice(text),
                Piece::Part { part, .. } => quote(part.of(key)?, &mut query),
                Piece::Value(value) => quote(value, &mut query),
            }
        }
        Some(query)
    }

    /// As a result format: what a value becomes; `None` when it is skipped.
    #[must_use]
    pub fn result(&self, key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let mut result = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) | Piece::Value(text) => result.extend_from_slice(text),
                Piece::Part { part, of_key } => {
                    let whole = if *of_key { key } else { value };
                    let found = part.of(whole).filter(|found| !found.is_empty())?;
                    result.extend_from_slice(found);
                }
            }
        }
        Some(result)
    }

    /// As a result format: whether the key has the parts that results need, so that asking makes sense.
    #[must_use]
    pub fn suits(&self, key: &[u8]) -> bool {
        self.0.iter().all(|piece| match piece {
            Piece::Part { part, of_key: true } => part.of(key).is_some(),
            Piece::Part { .. } | Piece::Text(_) | Piece::Value(_) => true,
        })
    }

    /// Whether it has anything in it but its own text.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        let mut pieces = self.0.iter();
        pieces.any(|piece| !matches!(piece, Piece::Text(_)))
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.0
    }
}

/// Add text, to the text before it where there is some.
fn push_text(pieces: &mut Vec<Piece>, more: &str) {
    match pieces.last_mut() {
        _ if more.is_empty() => {}
        Some(Piece::Text(text)) => text.extend_from_slice(more.as_bytes()),
        _ => pieces.push(Piece::Text(more.into())),
    }
}

impl Part {
    /// This part of a key or value, if it has it.
    pub(crate) fn of(self, whole: &[u8]) -> Option<&[u8]> {
        let at = whole.iter().rposition(|&byte| byte == b'@');
        let domain = || whole.get(at? + 1..).filter(|domain| !domain.is_empty());
        match self {
            Self::Whole => Some(whole),
            Self::User => match at {
                None => Some(whole),
                Some(0) => None,
                Some(at) => whole.get(..at),
            },
            Self::Domain => domain(),
            Self::Label(number) => {
                let mut labels = domain()?.rsplit(|&byte| byte == b'.');
                labels.nth(number - 1).filter(|label| !label.is_empty())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What main.cf says of every parameter.
    const SET: &str = "it's";

    fn parsed(template: &str) -> Template {
        Template::parse_with(template, |_| Some(SET)).unwrap()
    }

    fn query(template: &str, key: &str) -> Option<String> {
        let template = parsed(template);
        let filled = template.query(key.as_bytes(), |part, query| query.extend_from_slice(part));
        filled.map(|query| String::from_utf8(query).unwrap())
    }

    fn result(template: &str, key: &str, value: &str) -> Option<String> {
        let template = parsed(template);
        let result = template.result(key.as_bytes(), value.as_bytes());
        result.map(|result| String::from_utf8(result).unwrap())
    }

    #[test]
    fn parts_of_the_key() {
        let key = "a@b@mail.example.com";
        assert_eq!(
            query("%s|%u|%d|%1.%2.%3|%%|%S%U", key).unwrap(),
            "a@b@mail.example.com|a@b|mail.example.com|com.example.mail|%|a@b@mail.example.coma@b"
        );
        assert_eq!(query("%u", "bare").unwrap(), "bare");
        for (template, key) in [
            ("%d", "bare"),
            ("%1", "example.com"),
            ("%4", key),
            ("%u", "@example.com"),
            ("%d", "user@"),
        ] {
            assert_eq!(query(template, key), None, "{template} {key}");
        }
    }

    #[test]
    fn parts_of_the_value() {
        assert_eq!(
            result("%u at %d for %U of %2", "k@x.y", "v@w").unwrap(),
            "v at w for k of x"
        );
        assert_eq!(result("smtp:[%s]", "k", "host").unwrap(), "smtp:[host]");
        assert_eq!(result("OK", "k", "").unwrap(), "OK");
        assert_eq!(result("%s", "k", ""), None);
        assert_eq!(result("%d", "k", "unqualified"), None);
        assert_eq!(result("%u", "k", "@x"), None);
    }

    #[test]
    fn a_key_without_the_parts_is_not_asked_for() {
        let format = Template::parse("%s %D").unwrap();
        assert!(format.suits(b"a@b"));
        assert!(!format.suits(b"a"));
    }

    #[test]
    fn unknown_letters_are_refused() {
        for text in ["%x", "%0", "100%"] {
            assert_eq!(Template::parse(text), Err(BadTemplate::Letter), "{text}");
        }
    }

    #[test]
    fn parameters_of_main_cf_stand_for_their_values() {
        let known = |name: &str| match name {
            "domain_1" => Some("it's"),
            "empty" => Some(""),
            _ => None,
        };
        let template = Template::parse_with("a%{domain_1}%%%{empty}%s", known).unwrap();
        let quote = |part: &[u8], query: &mut Vec<u8>| {
            query.push(b'<');
            query.extend_from_slice(part);
            query.push(b'>');
        };
        assert_eq!(template.query(b"k", quote).unwrap(), b"a<it's>%<><k>");
        let name = BadTemplate::Name("x".to_owned());
        assert_eq!(Template::parse_with("%{x}", known), Err(name));
        assert_eq!(Template::parse_with("%{x", known), Err(BadTemplate::Letter));
    }

    proptest! {
        #[test]
        fn any_template_and_key_end(text: String, key: Vec<u8>, value: Vec<u8>) {
            if let Ok(template) = Template::parse(&text) {
                let _ = template.query(&key, |part, query| query.extend_from_slice(part));
                let _ = template.result(&key, &value);
                let _ = template.suits(&key);
            }
        }

        #[test]
        fn text_without_percent_stays(text in "[^%]*", key: Vec<u8>) {
            let template = Template::parse(&text).unwrap();
            prop_assert_eq!(template.query(&key, |_, _| ()), Some(text.into_bytes()));
        }

        #[test]
        fn each_part_becomes_what_it_stands_for(pieces in proptest::collection::vec(piece(), 0..6), user in "[a-z@]{1,4}", labels in proptest::collection::vec("[a-z]{1,3}", 3..5)) {
            let domain = labels.join(".");
            let key = format!("{user}@{domain}");
            let text: String = pieces.iter().map(Piece::written).collect();
            let wanted: String = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) | Piece::Value(text) => String::from_utf8(text.clone()).unwrap(),
                    Piece::Part { part: Part::Whole, .. } => key.clone(),
                    Piece::Part { part: Part::User, .. } => user.clone(),
                    Piece::Part { part: Part::Domain, .. } => domain.clone(),
                    Piece::Part { part: Part::Label(number), .. } => labels[labels.len() - number].clone(),
                })
                .collect();
            prop_assert_eq!(query(&text, &key), Some(wanted.clone()));
            // In a result, small letters are parts of the value.
            prop_assert_eq!(result(&text, &key, &key), Some(wanted));
        }
    }

    fn piece() -> impl Strategy<Value = Piece> {
        let part = prop_oneof![
            Just(Part::Whole),
            Just(Part::User),
            Just(Part::Domain),
            (1_usize..=3).prop_map(Part::Label),
        ];
        prop_oneof![
            "[a-z%' ]{1,4}".prop_map(|text| Piece::Text(text.into_bytes())),
            (part, any::<bool>()).prop_map(|(part, of_key)| Piece::Part { part, of_key }),
            Just(Piece::Value(SET.as_bytes().to_vec())),
        ]
    }

    impl Piece {
        fn written(&self) -> String {
            match self {
                Self::Text(text) => String::from_utf8(text.clone()).unwrap().replace('%', "%%"),
                Self::Value(_) => "%{name}".to_owned(),
                Self::Part { part, of_key } => {
                    let letter = match part {
                        Part::Whole => 's',
                        Part::User => 'u',
                        Part::Domain => 'd',
                        Part::Label(number) => return format!("%{number}"),
                    };
                    let letter = if *of_key {
                        letter.to_ascii_uppercase()
                    } else {
                        letter
                    };
                    format!("%{letter}")
                }
            }
        }
    }
}
