//! Logical lines, as main.cf, master.cf and table sources have them (postconf(5), master(5)).
//!
//! A line that starts with white space continues the logical line before it; empty lines and lines whose first
//! non-blank byte is `#` are skipped, also inside a logical line. Bytes that are no UTF-8 are replaced.

use std::ops::RangeInclusive;

/// A logical line: its text, joined, without the line ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The physical lines it was made of, from 1.
    pub numbers: RangeInclusive<usize>,
    /// The text; continuation lines keep their white space.
    pub text: String,
}

/// What a file is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// The logical lines.
    pub lines: Vec<Line>,
    /// Lines at the start of the file that begin with white space and so continue nothing; they are not used.
    pub orphans: Vec<Line>,
}

/// Split the bytes of a file into logical lines.
#[must_use]
pub fn logical(bytes: &[u8]) -> Lines {
    let mut found = Lines {
        lines: Vec::new(),
        orphans: Vec::new(),
    };
    for (index, physical) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let number = index + 1;
        let body = physical.trim_ascii_start();
        if body.is_empty() || body.first() == Some(&b'#') {
            continue;
        }
        let text = String::from_utf8_lossy(physical);
        if body.len() == physical.len() {
            found.lines.push(Line {
                numbers: number..=number,
                text: text.into_owned(),
            });
        } else if let Some(line) = found.lines.last_mut() {
            line.numbers = *line.numbers.start()..=number;
            line.text.push_str(&text);
        } else {
            found.orphans.push(Line {
                numbers: number..=number,
                text: text.into_owned(),
            });
        }
    }
    found
}

impl Line {
    /// How messages name the place: `line 3`, or `line 3-5`.
    #[must_use]
    pub fn place(&self) -> String {
        let (start, end) = (self.numbers.start(), self.numbers.end());
        if start == end {
            format!("line {start}")
        } else {
            format!("line {start}-{end}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_stand_anywhere() {
        let found = logical(b"  x\n# c\na = b\n  # c\n\n  c\nd = e");
        assert_eq!(found.orphans.len(), 1);
        let texts: Vec<_> = found.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["a = b  c", "d = e"]);
        assert_eq!(found.lines[0].place(), "line 3-6");
    }
}
