//! In which letters keys and values are bytes. Databases are always talked to in UTF-8; other bytes are turned into it and back.

use crate::parameters::Parameters;

/// A character set that every byte string, or every UTF-8 text, can be turned into without a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8: other keys are never found.
    Utf8,
    /// ISO 8859-1: each byte is a letter.
    Latin1,
}

impl Charset {
    /// By the name that MySQL or PostgreSQL gives it; `None` for one that is not known here.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace(['-', '_'], "");
        match name.as_str() {
            "utf8" | "utf8mb3" | "utf8mb4" | "unicode" | "ascii" | "sqlascii" | "binary" => {
                Some(Self::Utf8)
            }
            "latin1" | "iso88591" => Some(Self::Latin1),
            _ => None,
        }
    }

    /// That of a table, by the parameter that names it; the names are those of UTF-8, the default, and of ISO 8859-1.
    pub fn of_table(
        parameters: &Parameters,
        parameter: &str,
        names: [&str; 2],
    ) -> Result<Self, String> {
        let [usual, other] = names;
        let name = parameters.text(parameter, usual);
        Self::by_name(name).ok_or_else(|| {
            parameters.bad(format_args!(
                "{parameter} = {name}: only {usual} and {other} are known here"
            ))
        })
    }

    /// A key as text; `None` when it is none.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Latin1 => Some(bytes.iter().map(|&byte| char::from(byte)).collect()),
        }
    }

    /// A text as a value; `None` when it has letters that this character set lacks.
    #[must_use]
    pub fn encode(self, text: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text),
            Self::Latin1 => String::from_utf8(text)
                .ok()?
                .chars()
                .map(|letter| u8::try_from(letter).ok())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_both_databases() {
        assert_eq!(Charset::by_name("utf8mb4"), Some(Charset::Utf8));
        assert_eq!(Charset::by_name("LATIN1"), Some(Charset::Latin1));
        assert_eq!(Charset::by_name("gbk"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_survive_as_letters(bytes: Vec<u8>) {
            let text = Charset::Latin1.decode(&bytes).unwrap();
            prop_assert_eq!(Charset::Latin1.encode(text.into_bytes()), Some(bytes));
        }
    }
}
