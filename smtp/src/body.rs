//! Content on the wire: CR LF, dots doubled at the start of lines, long lines folded, and, for servers without 8BITMIME,
//! 8-bit parts as quoted-printable. Pure.

use mail::mime::Downgrade;

use crate::settings::Settings;

/// Content in the form that a server takes.
pub struct Encoder {
    writer: BodyWriter,
    downgrade: Option<Downgrade>,
}

impl Encoder {
    /// As it is, or made to fit into seven bits.
    #[must_use]
    pub fn new(settings: &Settings, seven_bit: bool) -> Self {
        Self {
            writer: BodyWriter::new(settings.line_length_limit),
            downgrade: seven_bit.then(|| Downgrade::new(settings.mime)),
        }
    }

    /// Append header lines of our own, each with its line feed.
    pub fn prelude(&mut self, output: &mut Vec<u8>, lines: &[u8]) {
        for line in lines.split_inclusive(|&b| b == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            self.writer.piece(output, text, true);
        }
    }

    /// Append a line, or a piece of one.
    pub fn line(&mut self, output: &mut Vec<u8>, text: &[u8], ends: bool) {
        let writer = &mut self.writer;
        match &mut self.downgrade {
            None => writer.piece(output, text, ends),
            Some(downgrade) => downgrade.line(text, ends, &mut |text, ends| {
                writer.piece(output, text, ends);
            }),
        }
    }

    /// End the content.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        let writer = &mut self.writer;
        if let Some(downgrade) = &mut self.downgrade {
            downgrade.finish(&mut |text, ends| writer.piece(output, text, ends));
        }
        self.writer.finish(output);
    }
}

/// Writes content into an output buffer.
#[derive(Debug)]
pub struct BodyWriter {
    limit: usize,
    column: usize,
}

impl BodyWriter {
    /// Fold lines longer than `limit` bytes; 0 is no limit.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, column: 0 }
    }

    /// Append a piece of a line, and its end.
    pub fn piece(&mut self, output: &mut Vec<u8>, text: &[u8], ends: bool) {
        if self.column == 0 && text.first() == Some(&b'.') {
            output.push(b'.');
        }
        let mut rest = text;
        while self.limit > 0 && rest.len() > self.limit - self.column {
            let (line, more) = rest.split_at(self.limit - self.column);
            output.extend_from_slice(line);
            output.extend_from_slice(b"\r\n ");
            // The space that marks a continuation counts; a limit of one byte would leave no room for text.
            self.column = usize::from(self.limit > 1);
            rest = more;
        }
        output.extend_from_slice(rest);
        self.column += rest.len();
        if ends {
            output.extend_from_slice(b"\r\n");
            self.column = 0;
        }
    }

    /// End an unfinished line, and the content.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        if self.column > 0 {
            output.extend_from_slice(b"\r\n");
            self.column = 0;
        }
        output.extend_from_slice(b".\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::settings;
    use proptest::prelude::*;

    #[test]
    fn seven_bits_when_the_server_wants_them() {
        let mut output = Vec::new();
        let mut encoder = Encoder::new(&settings(), true);
        for line in [
            "Subject: x",
            "Content-Transfer-Encoding: 8bit",
            "",
            "b\u{e4}dy",
        ] {
            encoder.line(&mut output, line.as_bytes(), true);
        }
        encoder.finish(&mut output);
        expect_test::expect![[r#"
            Subject: x
            Content-Transfer-Encoding: quoted-printable

            b=C3=A4dy
            .
        "#]]
        .assert_eq(&String::from_utf8(output).unwrap().replace('\r', ""));
    }

    fn written(limit: usize, pieces: &[(&str, bool)]) -> String {
        let mut output = Vec::new();
        let mut writer = BodyWriter::new(limit);
        for (text, ends) in pieces {
            writer.piece(&mut output, text.as_bytes(), *ends);
        }
        writer.finish(&mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn dots_and_folds() {
        assert_eq!(
            written(0, &[(".", true), ("a.", true)]),
            "..\r\na.\r\n.\r\n"
        );
        assert_eq!(written(5, &[("12345", true)]), "12345\r\n.\r\n");
        assert_eq!(written(5, &[("12345678", true)]), "12345\r\n 678\r\n.\r\n");
        assert_eq!(
            written(5, &[("1234", false), ("5678", false)]),
            "12345\r\n 678\r\n.\r\n"
        );
        assert_eq!(written(9, &[("a", false), (".b", true)]), "a.b\r\n.\r\n");
    }

    proptest! {
        #[test]
        fn no_line_is_longer_and_none_ends_the_content(limit in 2usize..12, pieces in proptest::collection::vec(("[.ab]{0,20}", any::<bool>()), 0..8)) {
            let pieces: Vec<(&str, bool)> = pieces.iter().map(|(text, ends)| (text.as_str(), *ends)).collect();
            let output = written(limit, &pieces);
            let lines: Vec<&str> = output.strip_suffix(".\r\n").unwrap().split("\r\n").collect();
            for line in lines {
                prop_assert!(line.len() <= limit + 1);
                prop_assert_ne!(line, ".");
            }
        }
    }
}
