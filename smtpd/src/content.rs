//! The content of a message, from the lines of DATA or the chunks of BDAT to queue-file records.
//!
//! [`Content`] takes bytes as they lie in the read buffer and appends records to an output buffer, copying them once. It
//! undoes dot-stuffing, finds the end of data, cuts long lines into partial records, keeps count of the size, and knows
//! what to do about lines that end in LF alone (`smtpd_forbid_bare_newline`). Pure: no I/O, no logging.

use queue::record::{self, RecordType};

/// What to do about lines that end in LF alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BareLf {
    /// As lines of old always were read: LF ends a line, also the last one, and all CRs before it belong to it.
    Accept,
    /// LF ends a line, but only CR LF . CR LF ends the message.
    Normalize,
    /// As `Accept`, and the session's last log line says that it happened.
    Note,
    /// As `Normalize`, and the message is refused.
    Reject,
}

/// How content is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// What to do about bare line feeds.
    pub bare_lf: BareLf,
    /// The longest line that is one record (`line_length_limit`).
    pub line_limit: usize,
    /// The most bytes a message may have (`message_size_limit`); 0 is no limit.
    pub size_limit: u64,
}

/// Reads one message's content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Content {
    rules: Rules,
    size: u64,
    place: Place,
    /// Whether the line before ended in LF alone.
    after_bare_lf: bool,
    saw_bare_lf: bool,
    first_line: bool,
    too_large: bool,
    /// The start of a line whose rest is in the next chunk.
    carried: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    LineStart,
    WithinLine,
}

/// How far a call got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// How many bytes of the input were used.
    pub consumed: usize,
    /// Whether the end of data was among them.
    pub ended: bool,
}

impl Content {
    /// Before the first byte.
    pub const fn new(rules: Rules) -> Self {
        Self {
            rules,
            size: 0,
            place: Place::LineStart,
            after_bare_lf: false,
            saw_bare_lf: false,
            first_line: true,
            too_large: false,
            carried: Vec::new(),
        }
    }

    /// The content's bytes so far, line ends counted as two.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Whether the content is larger than it may be; what came after that is not in the output.
    pub const fn is_too_large(&self) -> bool {
        self.too_large
    }

    /// Whether a line ended in LF alone.
    pub const fn saw_bare_lf(&self) -> bool {
        self.saw_bare_lf
    }

    /// Take what DATA has sent, up to the end of data or as far as lines are complete.
    pub fn read_data(&mut self, input: &[u8], output: &mut Vec<u8>) -> Progress {
        let mut consumed = 0;
        while let Some(rest) = input.get(consumed..).filter(|rest| !rest.is_empty()) {
            let Some(piece) = self.next_piece(rest) else {
                break;
            };
            consumed += piece.length;
            if self.take_data(&piece, output) {
                return Progress {
                    consumed,
                    ended: true,
                };
            }
            if output.len() >= OUTPUT_LIMIT {
                break;
            }
        }
        Progress {
            consumed,
            ended: false,
        }
    }

    /// Take part of a chunk; lines may go on in the next one.
    pub fn read_chunk(&mut self, input: &[u8], output: &mut Vec<u8>) {
        if self.carried.is_empty() {
            self.read_lines(input, output);
        } else {
            let joined = [std::mem::take(&mut self.carried).as_slice(), input].concat();
            self.read_lines(&joined, output);
        }
    }

    /// The last chunk is complete: what is left is the last line.
    pub fn end_chunks(&mut self, output: &mut Vec<u8>) {
        let last = std::mem::take(&mut self.carried);
        if !last.is_empty() || self.place == Place::WithinLine {
            self.emit(&last, true, output);
        }
    }

    fn read_lines(&mut self, input: &[u8], output: &mut Vec<u8>) {
        let mut rest = input;
        while let Some(piece) = self.next_piece(rest) {
            rest = rest.get(piece.length..).unwrap_or_default();
            self.note_end(piece.end);
            self.emit(piece.text, piece.end.is_some(), output);
        }
        self.carried = rest.to_vec();
    }

    /// Take one piece; says whether it was the end of data.
    fn take_data(&mut self, piece: &Piece<'_>, output: &mut Vec<u8>) -> bool {
        let at_start = self.place == Place::LineStart;
        let after_bare_lf = self.after_bare_lf;
        self.note_end(piece.end);
        let text = match piece.text.strip_prefix(b".") {
            Some(b"") if at_start && piece.end.is_some() => {
                let strict = matches!(self.rules.bare_lf, BareLf::Normalize | BareLf::Reject);
                let bare = after_bare_lf || piece.end == Some(End::Lf);
                return !(strict && bare);
            }
            Some(text) if at_start => text,
            _ => piece.text,
        };
        self.emit(text, piece.end.is_some(), output);
        false
    }

    fn note_end(&mut self, end: Option<End>) {
        if let Some(end) = end {
            self.after_bare_lf = end == End::Lf;
            self.saw_bare_lf |= end == End::Lf;
        }
    }

    /// The line at the front of the input, or as much of it as one record takes; `None` when its end is not there yet.
    fn next_piece<'a>(&self, input: &'a [u8]) -> Option<Piece<'a>> {
        let limit = self.rules.line_limit;
        let window = input.get(..input.len().min(limit + 2)).unwrap_or_default();
        let Some(at) = memchr::memchr(b'\n', window) else {
            return (window.len() == limit + 2).then(|| Piece {
                text: input.get(..limit).unwrap_or_default(),
                length: limit,
                end: None,
            });
        };
        let line = input.get(..at).unwrap_or_default();
        let (text, end) = match line.strip_suffix(b"\r") {
            Some(text) => (text, End::CrLf),
            None => (line, End::Lf),
        };
        let legacy = matches!(self.rules.bare_lf, BareLf::Accept | BareLf::Note);
        let text = if legacy { without_crs(text) } else { text };
        if text.len() > limit {
            return Some(Piece {
                text: text.get(..limit).unwrap_or_default(),
                length: limit,
                end: None,
            });
        }
        Some(Piece {
            text,
            length: at + 1,
            end: Some(end),
        })
    }

    fn emit(&mut self, text: &[u8], complete: bool, output: &mut Vec<u8>) {
        let at_start = self.place == Place::LineStart;
        self.place = if complete {
            Place::LineStart
        } else {
            Place::WithinLine
        };
        let length = text.len() + if complete { 2 } else { 0 };
        self.size = self.size.saturating_add(length as u64);
        self.too_large |= self.rules.size_limit > 0 && self.size > self.rules.size_limit;
        if self.too_large {
            return;
        }
        let kind = if complete {
            RecordType::LINE
        } else {
            RecordType::PARTIAL
        };
        if at_start && std::mem::take(&mut self.first_line) {
            self.emit_first(kind, text, output);
        } else {
            record::put(output, kind, text);
        }
    }

    /// A first line that cannot start a header: a mailbox separator is kept as a header, white space starts the body.
    fn emit_first(&self, kind: RecordType, text: &[u8], output: &mut Vec<u8>) {
        if text.starts_with(b"From ") || text.starts_with(b">From ") {
            record::put(output, kind, &[b"X-Mailbox-Line: ", text].concat());
            return;
        }
        if text.first().is_some_and(u8::is_ascii_whitespace) {
            record::put(output, RecordType::LINE, b"");
        }
        record::put(output, kind, text);
    }
}

/// How much output one call makes before it lets its caller pass it on.
const OUTPUT_LIMIT: usize = 64 * 1024;

struct Piece<'a> {
    text: &'a [u8],
    /// Bytes of input, the line's end included.
    length: usize,
    /// How the line ended; `None` when it goes on.
    end: Option<End>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    CrLf,
    Lf,
}

fn without_crs(text: &[u8]) -> &[u8] {
    let kept = text
        .iter()
        .rposition(|&b| b != b'\r')
        .map_or(0, |at| at + 1);
    text.get(..kept).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn rules(bare_lf: BareLf) -> Rules {
        Rules {
            bare_lf,
            line_limit: 8,
            size_limit: 0,
        }
    }

    fn show(records: &[u8]) -> String {
        let mut shown = String::new();
        let mut rest = records;
        while let Some((kind, data, after)) = record::split(rest) {
            shown.push(char::from(kind.0));
            shown.push_str(&String::from_utf8_lossy(data));
            shown.push('|');
            rest = after;
        }
        shown
    }

    fn data(bare_lf: BareLf, input: &[u8]) -> (String, String) {
        let (mut content, mut output) = (Content::new(rules(bare_lf)), Vec::new());
        let progress = content.read_data(input, &mut output);
        assert!(progress.ended, "no end");
        let rest = String::from_utf8_lossy(&input[progress.consumed..]).into_owned();
        (show(&output), rest)
    }

    #[test]
    fn dots_and_the_end() {
        let (records, rest) = data(BareLf::Normalize, b"a\r\n..b\r\n.c\r\n\r\n.\r\nQUIT\r\n");
        assert_eq!(
            (records.as_str(), rest.as_str()),
            ("Na|N.b|Nc|N|", "QUIT\r\n")
        );
    }

    #[test]
    fn bare_line_feeds() {
        let smuggled = b"a\n.\nb\n.\r\nc\r\n.\nd\r\n.\r\n";
        let (records, rest) = data(BareLf::Normalize, smuggled);
        assert_eq!((records.as_str(), rest.as_str()), ("Na|Nb|Nc|Nd|", ""));
        let (records, rest) = data(BareLf::Accept, smuggled);
        assert_eq!((records.as_str(), rest.len()), ("Na|", 16));
        assert_eq!(data(BareLf::Accept, b"a\r\r\n.\r\n").0, "Na|");
        assert_eq!(data(BareLf::Normalize, b"a\r\r\n.\r\n").0, "Na\r|");
    }

    #[test]
    fn long_lines_become_partial_records() {
        assert_eq!(
            data(BareLf::Normalize, b"0123456789abcdef\r\n.\r\n").0,
            "L01234567|N89abcdef|"
        );
        assert_eq!(
            data(BareLf::Normalize, b"01234567\r\n.\r\n").0,
            "N01234567|"
        );
        // A dot after the cut is no dot at the start of a line.
        assert_eq!(
            data(BareLf::Normalize, b"01234567.\r\n.\r\n").0,
            "L01234567|N.|"
        );
    }

    #[test]
    fn first_lines_that_are_no_header() {
        assert_eq!(
            data(BareLf::Accept, b"From x\r\n.\r\n").0,
            "NX-Mailbox-Line: From x|"
        );
        assert_eq!(data(BareLf::Accept, b"  x\r\n.\r\n").0, "N|N  x|");
    }

    #[test]
    fn chunks_join_lines() {
        let (mut content, mut output) = (Content::new(rules(BareLf::Normalize)), Vec::new());
        for chunk in [&b"ab\r"[..], b"\nc", b"d\r\n.\r\n", b"e"] {
            content.read_chunk(chunk, &mut output);
        }
        content.end_chunks(&mut output);
        assert_eq!(show(&output), "Nab|Ncd|N.|Ne|");
        assert_eq!(content.size(), 14);
    }

    #[test]
    fn a_large_message_stops_the_output() {
        let small = Rules {
            size_limit: 5,
            ..rules(BareLf::Accept)
        };
        let (mut content, mut output) = (Content::new(small), Vec::new());
        assert!(
            content
                .read_data(b"a\r\nbcd\r\ne\r\n.\r\n", &mut output)
                .ended
        );
        assert_eq!(
            (show(&output).as_str(), content.is_too_large()),
            ("Na|", true)
        );
    }

    proptest! {
        /// The records do not depend on where the network cut the bytes.
        #[test]
        fn cuts_do_not_matter(
            input in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a')], 0..80),
            cut in 0usize..80,
            strict: bool,
        ) {
            let rules = rules(if strict { BareLf::Normalize } else { BareLf::Accept });
            let (mut whole, mut expected) = (Content::new(rules), Vec::new());
            let all = whole.read_data(&input, &mut expected);
            let (mut content, mut output) = (Content::new(rules), Vec::new());
            let cut = cut.min(input.len());
            let first = content.read_data(&input[..cut], &mut output);
            let mut consumed = first.consumed;
            let mut ended = first.ended;
            if !ended {
                let second = content.read_data(&input[consumed..], &mut output);
                consumed += second.consumed;
                ended = second.ended;
            }
            prop_assert_eq!((consumed, ended), (all.consumed, all.ended));
            prop_assert_eq!(show(&output), show(&expected));
        }

        #[test]
        fn chunks_never_panic(chunks: Vec<Vec<u8>>) {
            let (mut content, mut output) = (Content::new(rules(BareLf::Normalize)), Vec::new());
            for chunk in &chunks {
                content.read_chunk(chunk, &mut output);
            }
            content.end_chunks(&mut output);
        }
    }
}
