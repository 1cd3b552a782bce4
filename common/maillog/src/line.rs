//! The log line: `Mon DD hh:mm:ss [host] tag[pid]: [level: ]text`, printable, of bounded length.

use std::fmt::{self, Write};

use crate::Level;

/// The longest text of one line, in bytes; the rest is cut off.
pub const MAX_TEXT: usize = 2000;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Level prefix and text, with `?` in place of control characters and of bytes that are no UTF-8, cut to [`MAX_TEXT`].
#[must_use]
pub fn text(level: Level, arguments: fmt::Arguments<'_>) -> String {
    let mut line = Printable(String::with_capacity(160));
    // Writing to a String cannot fail; a Display that fails leaves what it wrote.
    let _ = line.0.write_str(level.prefix());
    let _ = line.write_fmt(arguments);
    let mut text = line.0;
    if text.len() > MAX_TEXT {
        let mut end = MAX_TEXT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

/// `Mon DD hh:mm:ss` in local time.
#[must_use]
pub fn stamp(seconds: i64) -> String {
    let Ok(t) = sys::time::local(seconds) else {
        return String::from("Jan  1 00:00:00");
    };
    let month = usize::try_from(t.month)
        .ok()
        .and_then(|m| MONTHS.get(m.wrapping_sub(1)))
        .unwrap_or(&"Jan");
    format!(
        "{month} {:2} {:02}:{:02}:{:02}",
        t.day, t.hour, t.minute, t.second
    )
}

struct Printable(String);

impl Write for Printable {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The first bytes of C1 controls and of the replacement character send others the slow way, too.
        let plain = |b| b >= b' ' && b != 0x7f && b != b'\xc2' && b != b'\xef';
        if text.bytes().all(plain) {
            self.0.push_str(text);
        } else {
            let strange = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
            self.0
                .extend(text.chars().map(|c| if strange(c) { '?' } else { c }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_question_marks() {
        assert_eq!(
            text(Level::Warning, format_args!("a\r\n{}b", '\u{85}')),
            "warning: a???b"
        );
        let bytes = String::from_utf8_lossy(b"\xffx\xef\xbc\x81");
        assert_eq!(text(Level::Info, format_args!("{bytes}")), "?x！");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let cut = text(Level::Info, format_args!("x{}", "é".repeat(2000)));
        assert_eq!(cut.len(), MAX_TEXT - 1);
    }

    #[test]
    fn the_day_is_padded_with_a_space() {
        let line = stamp(1_000_000_000);
        assert_eq!(
            (line.len(), line.as_bytes()[3], line.as_bytes()[6]),
            (15, b' ', b' ')
        );
    }
}
