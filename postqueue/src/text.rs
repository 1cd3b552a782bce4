//! The list as mailq(1) has always shown it.

use std::io::{self, Write};

use crate::listing::Message;

const SHORT_HEADER: &str = "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------";
const LONG_HEADER: &str = "----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------";
/// Where a reason in parentheses ends.
const REASON_END: usize = 78;
/// For a recipient without a reason below one that has one.
const NO_REASON: &[u8] = b"reason unavailable";

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Prints messages, and the totals at the end.
pub(crate) struct Printer {
    long: bool,
    messages: u64,
    bytes: u64,
}

impl Printer {
    /// `long`: enable_long_queue_ids, which needs wider columns.
    pub(crate) const fn new(long: bool) -> Self {
        Self {
            long,
            messages: 0,
            bytes: 0,
        }
    }

    pub(crate) fn message(&mut self, message: &Message, out: &mut impl Write) -> io::Result<()> {
        if self.messages == 0 {
            writeln!(
                out,
                "{}",
                if self.long { LONG_HEADER } else { SHORT_HEADER }
            )?;
        } else {
            writeln!(out)?;
        }
        self.messages += 1;
        self.bytes += message.size;
        let mark = match message.queue.as_str() {
            "active" => "*",
            "hold" => "!",
            _ => "",
        };
        let id = format!(
            "{}{mark}{}",
            message.id,
            if message.forced_expire { "#" } else { "" }
        );
        let time = time(message.arrival);
        if self.long {
            write!(out, "{id:<17} {:8} {time:19} ", message.size)?;
        } else {
            write!(out, "{id:<11} {:7} {time:20} ", message.size)?;
        }
        out.write_all(&printable(&message.sender))?;
        writeln!(out)?;
        let indent = if self.long { 47 } else { 41 };
        let mut last_reason: Option<&[u8]> = None;
        for recipient in &message.recipients {
            let reason = recipient.reason.as_deref();
            if last_reason != reason {
                let text = printable(reason.unwrap_or(NO_REASON));
                let indent = REASON_END.saturating_sub(width(&text) + 2);
                write!(out, "{:indent$}(", "")?;
                out.write_all(&text)?;
                writeln!(out, ")")?;
            }
            last_reason = reason;
            write!(out, "{:indent$}", "")?;
            out.write_all(&printable(&recipient.address))?;
            writeln!(out)?;
        }
        Ok(())
    }

    pub(crate) fn end(&self, out: &mut impl Write) -> io::Result<()> {
        if self.messages == 0 {
            return writeln!(out, "Mail queue is empty");
        }
        let plural = if self.messages == 1 { "" } else { "s" };
        writeln!(
            out,
            "\n-- {} Kbytes in {} Request{plural}.",
            self.bytes / 1024,
            self.messages
        )
    }
}

/// `Fri Nov 20 18:05:54` in local time.
fn time(seconds: i64) -> String {
    let Ok(t) = sys::time::local(seconds) else {
        return String::from("?");
    };
    let name = |list: &[&'static str], index: u32| {
        usize::try_from(index)
            .ok()
            .and_then(|index| list.get(index).copied())
            .unwrap_or("?")
    };
    let (day, month) = (
        name(&DAYS, t.weekday),
        name(&MONTHS, t.month.wrapping_sub(1)),
    );
    format!(
        "{day} {month} {:2} {:02}:{:02}:{:02}",
        t.day, t.hour, t.minute, t.second
    )
}

/// Columns of a terminal, where characters are not wider than one.
fn width(text: &[u8]) -> usize {
    String::from_utf8_lossy(text).chars().count()
}

/// Control characters cannot reach the terminal.
pub(crate) fn printable(text: &[u8]) -> Vec<u8> {
    text.iter()
        .map(|&byte| if byte.is_ascii_control() { b'?' } else { byte })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{Listing, tests::SAMPLE};

    fn printed(long: bool) -> String {
        let mut listing = Listing::new(SAMPLE).unwrap();
        let message = listing.next_message().unwrap().unwrap();
        let (mut printer, mut out) = (Printer::new(long), Vec::new());
        printer.message(&message, &mut out).unwrap();
        printer.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_columns_are_where_readers_expect_them() {
        let time = time(1_000_000_000);
        let expected = format!(
            "{SHORT_HEADER}\nABCD123456#    2048 {time}  s@x\n{not_now:>78}\n{a:>44}\n{none:>78}\n{b:>44}\n\
             {never:>78}\n{d:>44}\n\n-- 2 Kbytes in 1 Request.\n",
            not_now = "(not \"now\")",
            none = "(reason unavailable)",
            never = "(never)",
            a = "a@y",
            b = "b@y",
            d = "d@y"
        );
        assert_eq!(printed(false), expected);
        let long = printed(true);
        let line = long.lines().nth(1).unwrap();
        assert_eq!(line, format!("ABCD123456#           2048 {time} s@x"));
    }

    #[test]
    fn an_empty_queue_says_so() {
        let mut out = Vec::new();
        Printer::new(false).end(&mut out).unwrap();
        assert_eq!(out, b"Mail queue is empty\n");
    }
}
