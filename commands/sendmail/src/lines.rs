//! The letter on standard input, line by line: long lines in pieces, CR LF made LF, a lone dot as the end.

use std::io::{self, BufRead, Read};

/// What happens to a CR before the LF (`sendmail_fix_line_endings`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FixEndings {
    /// It is removed.
    Always,
    /// It is removed when the first line has one.
    Strict,
    /// It stays.
    Never,
}

/// A line, or a piece of a long one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: Vec<u8>,
    /// Whether the line goes on in the next piece.
    pub(crate) more: bool,
}

/// Reads pieces until the end of the letter.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    input: R,
    longest: usize,
    dot_ends: bool,
    fix: FixEndings,
    /// Whether the last piece was the first or a middle one of its line.
    inside: bool,
    first: bool,
    /// Whether everything so far was mailbox lines.
    at_start: bool,
    done: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) const fn new(input: R, longest: usize, dot_ends: bool, fix: FixEndings) -> Self {
        Self {
            input,
            longest,
            dot_ends,
            fix,
            inside: false,
            first: true,
            at_start: true,
            done: false,
        }
    }

    /// The next piece; `None` at the end of the letter. A mailbox line (`From sender date`) before the headers is no part of
    /// the letter.
    pub(crate) fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        while let Some(piece) = self.next_in_input()? {
            let mailbox_line = !piece.more
                && (piece.text.starts_with(b"From ") || piece.text.starts_with(b">From "));
            if !(self.at_start && mailbox_line) {
                self.at_start = false;
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    fn next_in_input(&mut self) -> io::Result<Option<Piece>> {
        if self.done {
            return Ok(None);
        }
        let mut text = Vec::new();
        let limit = u64::try_from(self.longest).unwrap_or(u64::MAX);
        (&mut self.input).take(limit).read_until(b'\n', &mut text)?;
        if text.is_empty() {
            self.done = true;
            // What was taken for the beginning of a longer line was all of it.
            return Ok(self.inside.then_some(Piece { text, more: false }));
        }
        let more = text.len() >= self.longest && !text.ends_with(b"\n");
        if text.ends_with(b"\n") {
            text.pop();
            self.strip_cr(&mut text);
        }
        if self.dot_ends && !self.inside && !more && text == b"." {
            self.done = true;
            return Ok(None);
        }
        self.inside = more;
        Ok(Some(Piece { text, more }))
    }

    fn strip_cr(&mut self, text: &mut Vec<u8>) {
        let first = std::mem::replace(&mut self.first, false);
        if self.fix == FixEndings::Strict && first && !text.ends_with(b"\r") {
            self.fix = FixEndings::Never;
        }
        if self.fix != FixEndings::Never && text.ends_with(b"\r") {
            text.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(input: &[u8], dot_ends: bool, fix: FixEndings) -> Vec<(String, bool)> {
        let mut lines = Lines::new(input, 8, dot_ends, fix);
        let mut all = Vec::new();
        while let Some(piece) = lines.next_piece().unwrap() {
            all.push((
                String::from_utf8_lossy(&piece.text).into_owned(),
                piece.more,
            ));
        }
        all
    }

    fn plain(lines: &[&str]) -> Vec<(String, bool)> {
        lines
            .iter()
            .map(|line| ((*line).to_owned(), false))
            .collect()
    }

    #[test]
    fn endings_and_the_dot() {
        let always = FixEndings::Always;
        assert_eq!(
            read(b"a\r\nb\n\n.x\n.\nc", true, always),
            plain(&["a", "b", "", ".x"])
        );
        assert_eq!(read(b"a\n.\nc", false, always), plain(&["a", ".", "c"]));
        assert_eq!(read(b"a\n.", true, always), plain(&["a"]));
        assert_eq!(
            read(b"a\r\nb\r\n", true, FixEndings::Never),
            plain(&["a\r", "b\r"])
        );
        assert_eq!(
            read(b"a\nb\r\n", true, FixEndings::Strict),
            plain(&["a", "b\r"])
        );
        assert_eq!(
            read(b"a\r\nb\r\n", true, FixEndings::Strict),
            plain(&["a", "b"])
        );
    }

    #[test]
    fn mailbox_lines_before_the_headers_go() {
        let lines = read(b"From a\n>From b\nc:d\nFrom e\n", true, FixEndings::Always);
        assert_eq!(lines, plain(&["c:d", "From e"]));
    }

    #[test]
    fn long_lines_come_in_pieces() {
        let long = read(b"12345678901\nx\n", true, FixEndings::Always);
        assert_eq!(
            long,
            [
                ("12345678".to_owned(), true),
                ("901".to_owned(), false),
                ("x".to_owned(), false)
            ]
        );
        let exact = read(b"12345678", true, FixEndings::Always);
        assert_eq!(
            exact,
            [("12345678".to_owned(), true), (String::new(), false)]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost(input: Vec<u8>) {
            let mut lines = Lines::new(&input[..], 8, false, FixEndings::Never);
            let mut all = Vec::new();
            while let Some(piece) = lines.next_piece().unwrap() {
                all.extend_from_slice(&piece.text);
                if !piece.more {
                    all.push(b'\n');
                }
            }
            let mut expected = input;
            if !expected.is_empty() && !expected.ends_with(b"\n") {
                expected.push(b'\n');
            }
            prop_assert_eq!(all, expected);
        }
    }
}
