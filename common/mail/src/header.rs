//! Message headers (RFC 5322 section 3.6): which line is one, and what kind each known header is.

/// What the addresses in a header are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Senders: rewritten as such.
    Sender,
    /// Recipients: rewritten as such.
    Recipient,
    /// No addresses that are ever rewritten.
    Other,
}

/// A header that the mail system knows.
#[derive(PartialEq, Eq, Debug)]
pub struct Header {
    /// Its name, as it is written.
    pub name: &'static str,
    /// What its addresses are.
    pub role: Role,
    /// Whether it is one of the Resent- headers (RFC 5322 section 3.6.6).
    pub resent: bool,
    /// Which one, where programs treat it on its own.
    pub kind: Kind,
}

/// Headers that programs treat on their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `Bcc`, `Resent-Bcc`.
    Bcc,
    /// `Cc`, `Resent-Cc`.
    Cc,
    /// `Content-Transfer-Encoding`.
    ContentTransferEncoding,
    /// `Content-Type`.
    ContentType,
    /// `Date`, `Resent-Date`.
    Date,
    /// `Delivered-To`.
    DeliveredTo,
    /// `From`, `Resent-From`.
    From,
    /// `Message-Id`, `Resent-Message-Id`.
    MessageId,
    /// `Received`.
    Received,
    /// `Return-Path`.
    ReturnPath,
    /// `Sender`, `Resent-Sender`.
    Sender,
    /// `Subject`.
    Subject,
    /// `To`, `Resent-To`.
    To,
    /// Any other.
    Other,
}

/// The known header of that name, in any case.
#[must_use]
pub fn find(name: &[u8]) -> Option<&'static Header> {
    HEADERS
        .iter()
        .find(|header| header.name.as_bytes().eq_ignore_ascii_case(name))
}

/// Split a line into a header's name and value; `None` when it is no header line.
///
/// The name is printable text without a colon; blanks may stand between it and the colon. The value starts after the
/// colon.
#[must_use]
pub fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at(colon);
    let name = name.trim_ascii_end();
    let valid = !name.is_empty() && name.iter().all(|byte| (b'!'..=b'~').contains(byte));
    valid.then_some((name, value.get(1..).unwrap_or_default()))
}

const fn header(name: &'static str, role: Role, kind: Kind) -> Header {
    Header {
        name,
        role,
        resent: false,
        kind,
    }
}

const fn resent(name: &'static str, role: Role, kind: Kind) -> Header {
    Header {
        name,
        role,
        resent: true,
        kind,
    }
}

static HEADERS: [Header; 34] = [
    header("Apparently-To", Role::Recipient, Kind::Other),
    header("Bcc", Role::Recipient, Kind::Bcc),
    header("Cc", Role::Recipient, Kind::Cc),
    header("Content-Description", Role::Other, Kind::Other),
    header("Content-Disposition", Role::Other, Kind::Other),
    header("Content-ID", Role::Other, Kind::Other),
    header("Content-Length", Role::Other, Kind::Other),
    header(
        "Content-Transfer-Encoding",
        Role::Other,
        Kind::ContentTransferEncoding,
    ),
    header("Content-Type", Role::Other, Kind::ContentType),
    header("Date", Role::Other, Kind::Date),
    header("Delivered-To", Role::Other, Kind::DeliveredTo),
    header("Disposition-Notification-To", Role::Sender, Kind::Other),
    header("Errors-To", Role::Sender, Kind::Other),
    header("From", Role::Sender, Kind::From),
    header("Mail-Followup-To", Role::Sender, Kind::Other),
    header("Message-Id", Role::Other, Kind::MessageId),
    header("MIME-Version", Role::Other, Kind::Other),
    header("Received", Role::Other, Kind::Received),
    header("Reply-To", Role::Sender, Kind::Other),
    resent("Resent-Bcc", Role::Recipient, Kind::Bcc),
    resent("Resent-Cc", Role::Recipient, Kind::Cc),
    resent("Resent-Date", Role::Other, Kind::Date),
    resent("Resent-From", Role::Sender, Kind::From),
    resent("Resent-Message-Id", Role::Other, Kind::MessageId),
    resent("Resent-Reply-To", Role::Sender, Kind::Other),
    resent("Resent-Sender", Role::Sender, Kind::Sender),
    resent("Resent-To", Role::Recipient, Kind::To),
    header("Return-Path", Role::Sender, Kind::ReturnPath),
    header("Return-Receipt-To", Role::Sender, Kind::Other),
    header("Sender", Role::Sender, Kind::Sender),
    header("Subject", Role::Other, Kind::Subject),
    header("To", Role::Recipient, Kind::To),
    header("TLS-Required", Role::Other, Kind::Other),
    header("X-Mailer", Role::Other, Kind::Other),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_lines() {
        assert_eq!(split(b"To: x"), Some((&b"To"[..], &b" x"[..])));
        assert_eq!(split(b"Subject : x"), Some((&b"Subject"[..], &b" x"[..])));
        for line in ["", "x", ": y", "two words: x", "\u{e9}: x", " To: x"] {
            assert_eq!(split(line.as_bytes()), None, "{line}");
        }
        assert_eq!(find(b"message-ID").map(|h| h.kind), Some(Kind::MessageId));
        assert!(find(b"Resent-To").is_some_and(|h| h.resent && h.role == Role::Recipient));
        assert_eq!(find(b"X-Other"), None);
    }
}
