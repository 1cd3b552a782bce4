//! Body lines in quoted-printable (RFC 2045 section 6.7).

/// Longest line that is written, without its end.
const WIDTH: usize = 76;

/// Encodes one body, line by line.
#[derive(Default)]
pub(super) struct QuotedPrintable {
    line: Vec<u8>,
}

impl QuotedPrintable {
    /// Encode a line, or with `partial` a piece of one; `emit` gets finished lines.
    pub(super) fn line(&mut self, text: &[u8], partial: bool, mut emit: impl FnMut(&[u8])) {
        for (at, &byte) in text.iter().enumerate() {
            let last = at + 1 == text.len();
            let plain = match byte {
                // White space at the end of a line may be lost on the way.
                b' ' | b'\t' => !last,
                b'=' => false,
                _ => (b'!'..=b'~').contains(&byte),
            };
            let width = if plain { 1 } else { 3 };
            if self.line.len() + width > WIDTH - 1 {
                self.line.push(b'=');
                emit(&self.line);
                self.line.clear();
            }
            if plain {
                self.line.push(byte);
            } else {
                self.line.push(b'=');
                self.line.push(hexadecimal(byte >> 4));
                self.line.push(hexadecimal(byte & 15));
            }
        }
        if !partial {
            emit(&self.line);
            self.line.clear();
        }
    }
}

const fn hexadecimal(digit: u8) -> u8 {
    if digit < 10 {
        b'0' + digit
    } else {
        b'A' + digit - 10
    }
}
