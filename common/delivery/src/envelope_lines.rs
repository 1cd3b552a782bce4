//! What an agent puts before a letter's own headers: `From `, Return-Path:, X-Original-To:, Delivered-To:.

use mail::Address;
use mail::quote::quote_822;
use mail::stats::Moment;

/// Which lines go before a letter.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvelopeLines<'a> {
    /// `From sender  date`, with the moment of delivery.
    pub from_line: Option<Moment>,
    /// The envelope sender, for `From ` and Return-Path:.
    pub sender: Option<&'a Address>,
    /// Whether Return-Path: is written.
    pub return_path: bool,
    /// The recipient as it was given to us, for X-Original-To:.
    pub original: Option<&'a Address>,
    /// The final recipient, for Delivered-To:.
    pub delivered: Option<&'a Address>,
}

impl EnvelopeLines<'_> {
    /// The lines, each with its line end.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        let sender = self
            .sender
            .map(|sender| quote_822(sender.as_bytes()))
            .unwrap_or_default();
        if let Some(now) = self.from_line {
            lines.extend_from_slice(b"From ");
            lines.extend_from_slice(if sender.is_empty() {
                b"MAILER-DAEMON"
            } else {
                &sender
            });
            lines.extend_from_slice(format!("  {}\n", from_date(now)).as_bytes());
        }
        if self.return_path {
            push(&mut lines, b"Return-Path: <", &sender, b">\n");
        }
        if let Some(original) = self.original.filter(|address| !address.is_null()) {
            push(
                &mut lines,
                b"X-Original-To: ",
                &quote_822(original.as_bytes()),
                b"\n",
            );
        }
        if let Some(delivered) = self.delivered {
            push(
                &mut lines,
                b"Delivered-To: ",
                &quote_822(delivered.as_bytes()),
                b"\n",
            );
        }
        lines
    }
}

fn push(lines: &mut Vec<u8>, before: &[u8], text: &[u8], after: &[u8]) {
    lines.extend_from_slice(before);
    lines.extend(
        text.iter()
            .map(|&b| if b == b'\n' || b == b'\r' { b'?' } else { b }),
    );
    lines.extend_from_slice(after);
}

/// `Fri Nov 20 17:48:17 2026`, in local time.
fn from_date(now: Moment) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let Ok(t) = sys::time::local(now.seconds) else {
        return String::from("Thu Jan  1 00:00:00 1970");
    };
    let name = |names: &[&'static str], number: i64| {
        usize::try_from(number)
            .ok()
            .and_then(|n| names.get(n).copied())
            .unwrap_or("???")
    };
    let day = name(&DAYS, i64::from(t.weekday));
    let month = name(&MONTHS, i64::from(t.month) - 1);
    format!(
        "{day} {month} {:2} {:02}:{:02}:{:02} {}",
        t.day, t.hour, t.minute, t.second, t.year
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_in_their_order() {
        let address = |text: &str| Address::new(text).unwrap();
        let (sender, original, delivered) = (
            address("a b@example.org"),
            address("x@example.org"),
            address("y@example.org"),
        );
        let lines = EnvelopeLines {
            from_line: None,
            sender: Some(&sender),
            return_path: true,
            original: Some(&original),
            delivered: Some(&delivered),
        };
        let expected: &[u8] = b"Return-Path: <\"a b\"@example.org>\n\
            X-Original-To: x@example.org\nDelivered-To: y@example.org\n";
        assert_eq!(lines.to_bytes(), expected);
        let null = Address::null();
        let lines = EnvelopeLines {
            from_line: Some(Moment {
                seconds: 86_400 * 3,
                micros: 0,
            }),
            sender: Some(&null),
            ..EnvelopeLines::default()
        };
        let text = String::from_utf8(lines.to_bytes()).unwrap();
        assert!(
            text.starts_with("From MAILER-DAEMON  ") && text.ends_with(" 1970\n"),
            "{text}"
        );
    }
}
