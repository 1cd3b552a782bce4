//! The keywords of the EHLO reply that are not to be offered (`smtpd_discard_ehlo_keywords`).

use std::fmt;

/// A set of keywords.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Keywords(u16);

/// One keyword.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keyword {
    Pipelining,
    Size,
    Vrfy,
    Etrn,
    Starttls,
    Auth,
    Xclient,
    Xforward,
    EnhancedStatusCodes,
    EightBitMime,
    Dsn,
    Smtputf8,
    Chunking,
    /// No keyword: do not log what is left out.
    SilentDiscard,
}

const ALL: [(Keyword, &str); 14] = [
    (Keyword::Pipelining, "PIPELINING"),
    (Keyword::Size, "SIZE"),
    (Keyword::Vrfy, "VRFY"),
    (Keyword::Etrn, "ETRN"),
    (Keyword::Starttls, "STARTTLS"),
    (Keyword::Auth, "AUTH"),
    (Keyword::Xclient, "XCLIENT"),
    (Keyword::Xforward, "XFORWARD"),
    (Keyword::EnhancedStatusCodes, "ENHANCEDSTATUSCODES"),
    (Keyword::EightBitMime, "8BITMIME"),
    (Keyword::Dsn, "DSN"),
    (Keyword::Smtputf8, "SMTPUTF8"),
    (Keyword::Chunking, "CHUNKING"),
    (Keyword::SilentDiscard, "SILENT-DISCARD"),
];

impl Keywords {
    /// Read a list of keywords; the error is the word that is none.
    pub fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut set = Self::default();
        for word in words {
            let known = ALL.iter().find(|(_, name)| word.eq_ignore_ascii_case(name));
            match known {
                Some((keyword, _)) => set.0 |= 1 << (*keyword as u16),
                None => return Err(word.to_owned()),
            }
        }
        Ok(set)
    }

    /// Whether a keyword is in the set.
    pub const fn has(self, keyword: Keyword) -> bool {
        self.0 & (1 << (keyword as u16)) != 0
    }

    /// Whether leaving these out is worth a log line.
    pub const fn is_loggable(self) -> bool {
        self.0 != 0 && !self.has(Keyword::SilentDiscard)
    }
}

impl fmt::Display for Keywords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ALL.iter().filter(|(keyword, _)| self.has(*keyword));
        let names: Vec<&str> = names.map(|(_, name)| *name).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let set = Keywords::parse(["dsn", "Size"].into_iter()).unwrap();
        assert!(set.has(Keyword::Dsn) && !set.has(Keyword::Vrfy) && set.is_loggable());
        assert_eq!(set.to_string(), "SIZE DSN");
        assert_eq!(Keywords::parse(["foo"].into_iter()), Err("foo".to_owned()));
        let silent = Keywords::parse(["silent-discard", "dsn"].into_iter()).unwrap();
        assert!(!silent.is_loggable());
    }
}
