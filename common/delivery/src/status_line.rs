//! The log line about one recipient, which log readers know by heart:
//! `QID: to=<r>[, orig_to=<o>], relay=R[, conn_use=N], delay=D, delays=a/b/c/d, dsn=X.Y.Z, status=S (TEXT)`.

use std::borrow::Cow;
use std::fmt;

use mail::outcome::Dsn;
use mail::stats::Moment;
use mail::{QueueId, Recipient, Times};

/// What stands behind `status=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Delivered.
    Sent,
    /// To be tried again.
    Deferred,
    /// Given up.
    Bounced,
    /// Would have been given up, but `soft_bounce` is set.
    SoftBounce,
    /// A probe: it would be delivered.
    Deliverable,
    /// A probe: it would not be delivered.
    Undeliverable,
}

impl Status {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Bounced => "bounced",
            Self::SoftBounce => "SOFTBOUNCE",
            Self::Deliverable => "deliverable",
            Self::Undeliverable => "undeliverable",
        }
    }
}

/// One recipient's line; `Display` is its text.
#[derive(Clone, Copy, Debug)]
pub struct StatusLine<'a> {
    /// The letter.
    pub id: &'a QueueId,
    /// The recipient.
    pub recipient: &'a Recipient,
    /// Who took it, such as `mx.example.org[192.0.2.1]:25`, `local` or `none`.
    pub relay: &'a str,
    /// The moments of the delivery.
    pub times: Times,
    /// `delay_logging_resolution_limit`: the most digits after the point.
    pub resolution: u32,
    /// Status code and reason.
    pub dsn: &'a Dsn,
    /// The verdict.
    pub status: Status,
}

impl fmt::Display for StatusLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.recipient.address.as_bytes();
        let original = self.recipient.original.as_bytes();
        write!(f, "{}: to=<{}>", self.id, mail::logged(address))?;
        if !original.is_empty() && !original.eq_ignore_ascii_case(address) {
            write!(f, ", orig_to=<{}>", mail::logged(original))?;
        }
        write!(f, ", relay={}", self.relay)?;
        if self.times.reuse_count > 0 {
            write!(f, ", conn_use={}", self.times.reuse_count + 1)?;
        }
        let delays = self.times.delays(Moment::now(), self.resolution);
        let reason = lossy(&self.dsn.reason);
        let status = self.status.as_str();
        write!(
            f,
            ", {delays}, dsn={}, status={status} ({reason})",
            self.dsn.status
        )
    }
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use mail::{Address, DsnStatus};

    use super::*;

    #[test]
    fn the_line_that_log_readers_know() {
        let at = |seconds| Moment { seconds, micros: 0 };
        let mut recipient = Recipient {
            address: Address::new("us er@example.org").unwrap(),
            original: Address::new("US ER@example.org").unwrap(),
            ..Recipient::default()
        };
        let id = QueueId::new("3F2A1C0DE").unwrap();
        let dsn = Dsn::new(DsnStatus::new(2, 0, 0), "250 2.0.0 Ok: queued as X");
        let times = Times {
            arrival: at(10),
            active: Some(at(11)),
            agent: Some(at(11)),
            connected: Some(at(12)),
            done: Some(at(14)),
            reuse_count: 0,
        };
        let line = |recipient: &Recipient, times| {
            StatusLine {
                id: &id,
                recipient,
                relay: "mx.example.org[192.0.2.1]:25",
                times,
                resolution: 2,
                dsn: &dsn,
                status: Status::Sent,
            }
            .to_string()
        };
        assert_eq!(
            line(&recipient, times),
            "3F2A1C0DE: to=<\"us er\"@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=4, \
             delays=1/0/1/2, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as X)"
        );
        recipient.original = Address::new("alias@example.org").unwrap();
        let reused = Times {
            reuse_count: 1,
            ..times
        };
        assert_eq!(
            line(&recipient, reused),
            "3F2A1C0DE: to=<\"us er\"@example.org>, orig_to=<alias@example.org>, \
             relay=mx.example.org[192.0.2.1]:25, conn_use=2, delay=4, delays=1/0/1/2, dsn=2.0.0, \
             status=sent (250 2.0.0 Ok: queued as X)"
        );
    }
}
