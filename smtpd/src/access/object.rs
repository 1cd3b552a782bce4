//! What a restriction is about: the client, its name, an address, or the command itself.

use std::borrow::Cow;

use super::Facts;

/// The object of a check, which names it in the reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Object {
    Client,
    ReverseClient,
    Helo,
    Sender,
    Recipient,
    Data,
    EndOfData,
    Etrn,
}

impl Object {
    /// What the reply says is rejected.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Client => "Client host",
            Self::ReverseClient => "Unverified Client host",
            Self::Helo => "Helo command",
            Self::Sender => "Sender address",
            Self::Recipient => "Recipient address",
            Self::Data => "Data command",
            Self::EndOfData => "End-of-data",
            Self::Etrn => "Etrn command",
        }
    }

    /// What stands between `<` and `>` in the reply.
    pub fn name<'a>(self, facts: &Facts<'a>) -> Cow<'a, [u8]> {
        match self {
            Self::Client => Cow::Owned(facts.peer.to_string().into_bytes()),
            Self::ReverseClient => Cow::Borrowed(facts.peer.reverse_name.as_bytes()),
            Self::Helo => Cow::Borrowed(facts.hello.map_or(&b""[..], |hello| &hello.name)),
            Self::Sender => Cow::Borrowed(facts.sender.map_or(&b""[..], |a| a.as_bytes())),
            Self::Recipient => Cow::Borrowed(facts.recipient.map_or(&b""[..], |a| a.as_bytes())),
            Self::Data => Cow::Borrowed(b"DATA"),
            Self::EndOfData => Cow::Borrowed(b"END-OF-MESSAGE"),
            Self::Etrn => Cow::Borrowed(facts.etrn.unwrap_or_default()),
        }
    }

    /// An enhanced status code that speaks of an address is adapted to the object: a status found for a recipient may
    /// be said of a sender, and must then say so (RFC 3463 section 3.2).
    pub const fn fix(self, (class, subject, detail): (u8, u16, u16)) -> (u8, u16, u16) {
        if subject != 1 {
            return (class, subject, detail);
        }
        let (subject, detail) = match (self, detail) {
            (Self::Sender, 1 | 4 | 6 | 10) => (1, 0),
            (Self::Sender, 2) => (1, 8),
            (Self::Sender, 3) => (1, 7),
            (Self::Recipient, 8) => (1, 2),
            (Self::Recipient, 7) => (1, 3),
            (Self::Sender | Self::Recipient, _) => (1, detail),
            _ => (0, 0),
        };
        (class, subject, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_fit_the_object() {
        assert_eq!(Object::Sender.fix((5, 1, 1)), (5, 1, 0));
        assert_eq!(Object::Sender.fix((5, 7, 1)), (5, 7, 1));
        assert_eq!(Object::Recipient.fix((4, 1, 8)), (4, 1, 2));
        assert_eq!(Object::Recipient.fix((5, 1, 1)), (5, 1, 1));
        assert_eq!(Object::Helo.fix((5, 1, 1)), (5, 0, 0));
    }
}
