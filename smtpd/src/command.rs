//! The commands of SMTP: which there are, and how a client's line names one.
//!
//! [`split`] takes a line apart; the arguments of each verb are read in its own file below. Nothing here does I/O, and
//! no input makes it panic.

use std::borrow::Cow;

pub mod bdat;
pub mod data;
pub mod etrn;
pub mod hello;
pub mod mail_from;
pub mod other;
pub mod parameter;
pub mod rcpt_to;
pub mod vrfy;
pub mod xclient;
pub mod xforward;

/// What a command line asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    Helo,
    Ehlo,
    Xclient,
    Xforward,
    Starttls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Bdat,
    Rset,
    Noop,
    Vrfy,
    Etrn,
    Quit,
    Help,
    Unknown,
}

impl Verb {
    /// All of them, in the order of the disconnect line.
    pub const ALL: [Self; 17] = [
        Self::Helo,
        Self::Ehlo,
        Self::Xclient,
        Self::Xforward,
        Self::Starttls,
        Self::Auth,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Bdat,
        Self::Rset,
        Self::Noop,
        Self::Vrfy,
        Self::Etrn,
        Self::Quit,
        Self::Help,
        Self::Unknown,
    ];

    /// The verb as clients write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Helo => "HELO",
            Self::Ehlo => "EHLO",
            Self::Xclient => "XCLIENT",
            Self::Xforward => "XFORWARD",
            Self::Starttls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Bdat => "BDAT",
            Self::Rset => "RSET",
            Self::Noop => "NOOP",
            Self::Vrfy => "VRFY",
            Self::Etrn => "ETRN",
            Self::Quit => "QUIT",
            Self::Help => "HELP",
            Self::Unknown => "UNKNOWN",
        }
    }

    fn of(word: &[u8]) -> Self {
        Self::ALL
            .into_iter()
            .filter(|verb| *verb != Self::Unknown)
            .find(|verb| word.eq_ignore_ascii_case(verb.name().as_bytes()))
            .unwrap_or(Self::Unknown)
    }

    /// Whether the command must end a pipelined group (RFC 2920 section 3.1).
    pub const fn ends_group(self) -> bool {
        matches!(
            self,
            Self::Helo | Self::Ehlo | Self::Data | Self::Noop | Self::Vrfy
        )
    }

    /// Whether too many of these without mail count as errors (`smtpd_junk_command_limit`).
    pub const fn is_junk(self) -> bool {
        matches!(
            self,
            Self::Helo
                | Self::Ehlo
                | Self::Rset
                | Self::Noop
                | Self::Vrfy
                | Self::Etrn
                | Self::Help
        )
    }
}

/// A command line, taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line<'a> {
    /// What the first word names.
    pub verb: Verb,
    /// The first word.
    pub word: &'a [u8],
    /// What follows it, without white space at either end.
    pub arguments: &'a [u8],
}

/// Take a line apart; `None` for one that is empty.
pub fn split(line: &[u8]) -> Option<Line<'_>> {
    let line = line.trim_ascii();
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    let (word, arguments) = line.split_at_checked(end)?;
    (!word.is_empty()).then(|| Line {
        verb: Verb::of(word),
        word,
        arguments: arguments.trim_ascii_start(),
    })
}

/// A command line as logs and transcripts may show it: the initial response of AUTH is a password.
pub fn without_secrets(line: &[u8]) -> Cow<'_, [u8]> {
    let login = split(line).filter(|line| line.verb == Verb::Auth);
    let mut arguments = login.into_iter().flat_map(|line| words(line.arguments));
    match (arguments.next(), arguments.next()) {
        (Some(mechanism), Some(_)) => Cow::Owned([b"AUTH ", mechanism, b" ..."].concat()),
        _ => Cow::Borrowed(line),
    }
}

/// Words separated by white space.
pub fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// Whether a line looks like a message header: text that a client sends when it has missed a refusal.
pub fn looks_like_header(line: &[u8]) -> bool {
    let name = line
        .iter()
        .take_while(|b| b.is_ascii_graphic() && **b != b':')
        .count();
    let rest = line.get(name..).unwrap_or_default();
    name > 0 && rest.trim_ascii_start().first() == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines() {
        let line = split(b"  mail  FROM:<a> SIZE=1 \r").unwrap();
        assert_eq!(
            (line.verb, line.arguments),
            (Verb::Mail, &b"FROM:<a> SIZE=1"[..])
        );
        assert_eq!(split(b"XYZZY").unwrap().verb, Verb::Unknown);
        assert_eq!(split(b"unknown").unwrap().verb, Verb::Unknown);
        assert_eq!(split(b" \t"), None);
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(
            *without_secrets(b" auth PLAIN AGEAYg=="),
            *b"AUTH PLAIN ..."
        );
        assert_eq!(*without_secrets(b"AUTH LOGIN"), *b"AUTH LOGIN");
        assert_eq!(*without_secrets(b"MAIL FROM:<a> X"), *b"MAIL FROM:<a> X");
    }

    #[test]
    fn headers_are_no_commands() {
        assert!(looks_like_header(b"Subject: x"));
        assert!(looks_like_header(b"X : y"));
        assert!(!looks_like_header(b"FOO a"));
        assert!(!looks_like_header(b": x"));
    }

    proptest! {
        #[test]
        fn never_panics(line: Vec<u8>) {
            if let Some(line) = split(&line) {
                prop_assert!(!line.word.is_empty());
            }
            let _ = looks_like_header(&line);
        }
    }
}
