//! What the right-hand side of an access(5) table asks for.
//!
//! Pure: the text of a table becomes an [`Action`] once; the words of a restriction list are compiled by the caller.

use mail::DsnStatus;

/// One right-hand side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// OK, RELAY, or a number: accept.
    Ok,
    /// DUNNO: this key says nothing.
    Dunno,
    /// A reply code of the table's own.
    Code(u16, Text),
    /// REJECT.
    Reject(Text),
    /// DEFER.
    Defer(Text),
    /// DEFER_IF_PERMIT.
    DeferIfPermit(Text),
    /// DEFER_IF_REJECT.
    DeferIfReject(Text),
    /// HOLD.
    Hold(Vec<u8>),
    /// DISCARD.
    Discard(Vec<u8>),
    /// FILTER transport:destination.
    Filter(Vec<u8>),
    /// REDIRECT address.
    Redirect(Vec<u8>),
    /// BCC address.
    Bcc(Vec<u8>),
    /// PREPEND header: value.
    Prepend(Vec<u8>),
    /// WARN.
    Warn(Vec<u8>),
    /// INFO.
    Info(Vec<u8>),
    /// Anything else: restrictions.
    Restrictions(String),
}

/// The optional status and text of a refusal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Text {
    /// The enhanced status code that the text begins with.
    pub status: Option<DsnStatus>,
    /// The rest; empty when there is none.
    pub text: Vec<u8>,
}

impl Text {
    /// Take an enhanced status code off the front.
    pub fn parse(text: &[u8]) -> Self {
        let text = text.trim_ascii();
        let end = text
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end).unwrap_or((text, b""));
        match DsnStatus::parse(word) {
            Some(status) => Self {
                status: Some(status),
                text: rest.trim_ascii().to_vec(),
            },
            None => Self {
                status: None,
                text: text.to_vec(),
            },
        }
    }
}

impl Action {
    /// Read a right-hand side.
    pub fn parse(value: &[u8]) -> Self {
        let value = value.trim_ascii();
        if let Some((code, text)) = code(value) {
            return Self::Code(code, Text::parse(text));
        }
        if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
            return Self::Ok;
        }
        let end = value
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(value.len());
        let (word, text) = value.split_at_checked(end).unwrap_or((value, b""));
        let text = text.trim_ascii();
        match word.to_ascii_uppercase().as_slice() {
            b"OK" | b"RELAY" => Self::Ok,
            b"DUNNO" => Self::Dunno,
            b"REJECT" => Self::Reject(Text::parse(text)),
            b"DEFER" => Self::Defer(Text::parse(text)),
            b"DEFER_IF_PERMIT" => Self::DeferIfPermit(Text::parse(text)),
            b"DEFER_IF_REJECT" => Self::DeferIfReject(Text::parse(text)),
            b"HOLD" => Self::Hold(text.to_vec()),
            b"DISCARD" => Self::Discard(text.to_vec()),
            b"FILTER" => Self::Filter(text.to_vec()),
            b"REDIRECT" => Self::Redirect(text.to_vec()),
            b"BCC" => Self::Bcc(text.to_vec()),
            b"PREPEND" => Self::Prepend(text.to_vec()),
            b"WARN" => Self::Warn(text.to_vec()),
            b"INFO" => Self::Info(text.to_vec()),
            _ => Self::Restrictions(String::from_utf8_lossy(value).into_owned()),
        }
    }
}

/// A reply code of class 4 or 5, and what follows it.
fn code(value: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, rest) = value.split_at_checked(3)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let code: u16 = digits.parse().ok()?;
    let ends = !rest.first().is_some_and(u8::is_ascii_digit);
    ((400..600).contains(&code) && ends).then_some((code, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(status: Option<(u8, u16, u16)>, text: &str) -> Text {
        Text {
            status: status.map(|(class, subject, detail)| DsnStatus::new(class, subject, detail)),
            text: text.as_bytes().to_vec(),
        }
    }

    #[test]
    fn forms() {
        for (value, action) in [
            ("OK", Action::Ok),
            ("1234", Action::Ok),
            ("200", Action::Ok),
            ("dunno", Action::Dunno),
            ("REJECT", Action::Reject(text(None, ""))),
            (
                "reject 5.9.9 foo bar",
                Action::Reject(text(Some((5, 9, 9)), "foo bar")),
            ),
            (
                "550 5.2.2 hi",
                Action::Code(550, text(Some((5, 2, 2)), "hi")),
            ),
            ("450 hi", Action::Code(450, text(None, "hi"))),
            ("200 foo", Action::Restrictions("200 foo".to_owned())),
            ("HOLD  why", Action::Hold(b"why".to_vec())),
            ("a, b", Action::Restrictions("a, b".to_owned())),
        ] {
            assert_eq!(Action::parse(value.as_bytes()), action, "{value}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(value: Vec<u8>) {
            let _ = Action::parse(&value);
        }
    }
}
