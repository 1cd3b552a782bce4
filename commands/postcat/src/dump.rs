//! Which records of a file are shown: envelope, header, body, extracted information.

use std::fmt;
use std::io::{self, Write};

use queue::reader::Source;
use queue::{ReadError, Reader, Record, RecordType};

use crate::options::Show;
use crate::print;

/// Why showing stopped.
#[derive(Debug)]
pub(crate) enum Error {
    /// The file is damaged.
    Read(String, ReadError),
    /// Nobody takes what is shown.
    Write(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(name, error) => write!(f, "{name}: {error}"),
            Self::Write(error) => write!(f, "write: {error}"),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Where in the file the record stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Envelope,
    Header,
    Body,
    Extracted,
}

/// Shows one file.
pub(crate) struct Dump<'a, W> {
    out: &'a mut W,
    name: &'a str,
    show: &'a Show,
    part: Part,
    /// Whether the last record was a piece of a line.
    within_line: bool,
    /// Whether what was shown last needs a line end.
    line_is_open: bool,
    /// Whether a header line came before, which another line may continue.
    after_header: bool,
}

impl<'a, W: Write> Dump<'a, W> {
    pub(crate) const fn new(out: &'a mut W, name: &'a str, show: &'a Show) -> Self {
        Self {
            out,
            name,
            show,
            part: Part::Envelope,
            within_line: false,
            line_is_open: false,
            after_header: false,
        }
    }

    pub(crate) fn run<S: Source>(mut self, mut reader: Reader<S>) -> Result<(), Error> {
        if self.show.in_file_order {
            reader = reader.in_file_order();
        }
        reader.seek(self.show.start);
        let mut first = self.show.start == 0;
        // The offset that is shown is where the search for the record began: before padding and pointers.
        let mut from = None;
        loop {
            let offset = *from.get_or_insert(reader.position());
            let record = match reader.next_record() {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.out.flush()?;
                    if first && error.kind().is_some_and(|kind| !opens_a_file(kind)) {
                        self.not_a_queue_file();
                        return Ok(());
                    }
                    return Err(Error::Read(self.name.to_owned(), error));
                }
            };
            if record.kind == RecordType::PADDING {
                continue;
            }
            from = None;
            if std::mem::take(&mut first) {
                if !opens_a_file(record.kind) {
                    self.not_a_queue_file();
                    return Ok(());
                }
                if self.show.envelope {
                    writeln!(self.out, "*** ENVELOPE RECORDS {} ***", self.name)?;
                }
            }
            if !self.record(offset, &record)? {
                return Ok(());
            }
        }
    }

    fn not_a_queue_file(&self) {
        maillog::warning!("{}: input is not a valid queue file", self.name);
    }

    /// Show a record, if it is to be shown; says whether more may follow.
    fn record(&mut self, offset: u64, record: &Record<'_>) -> Result<bool, Error> {
        match record.kind {
            RecordType::MESSAGE => {
                self.expect(self.part == Part::Envelope, "message content");
                self.part = Part::Header;
                self.banner(offset, record.kind, "MESSAGE CONTENTS")?;
            }
            RecordType::EXTRACTED => {
                self.expect(self.in_content(), "extracted segment");
                self.part = Part::Extracted;
                self.banner(offset, record.kind, "HEADER EXTRACTED")?;
            }
            RecordType::END => {
                self.expect(!self.in_content(), "message end");
                self.banner(offset, record.kind, "MESSAGE FILE END")?;
                return Ok(false);
            }
            RecordType::LINE => self.content(offset, record)?,
            RecordType::PARTIAL if self.in_content() => self.content(offset, record)?,
            _ if self.show.envelope => {
                self.end_line()?;
                self.prefix(offset, record.kind)?;
                print::envelope_record(self.out, self.name, record)?;
            }
            _ => {}
        }
        Ok(true)
    }

    /// A record that marks a part of the file is named when it stands elsewhere.
    fn expect(&self, in_order: bool, marker: &str) {
        if !in_order {
            maillog::warning!("{}: out-of-order {marker} marker", self.name);
        }
    }

    const fn in_content(&self) -> bool {
        matches!(self.part, Part::Header | Part::Body)
    }

    fn banner(&mut self, offset: u64, kind: RecordType, what: &str) -> Result<(), Error> {
        if self.show.envelope {
            self.end_line()?;
            self.prefix(offset, kind)?;
            writeln!(self.out, "*** {what} {} ***", self.name)?;
        }
        Ok(())
    }

    fn content(&mut self, offset: u64, record: &Record<'_>) -> Result<(), Error> {
        if self.part == Part::Header && !self.within_line && !self.is_header(record.data) {
            self.part = Part::Body;
        }
        let shown = match self.part {
            Part::Header => self.show.header,
            Part::Body => self.show.body,
            Part::Envelope | Part::Extracted => self.show.header || self.show.body,
        };
        self.within_line = record.kind == RecordType::PARTIAL;
        if !shown {
            return Ok(());
        }
        self.prefix(offset, record.kind)?;
        if self.show.names {
            let name = if self.within_line {
                "unterminated"
            } else {
                "regular"
            };
            write!(self.out, "{name}_text: ")?;
        }
        self.out.write_all(record.data)?;
        self.line_is_open = true;
        // With offsets or names every record has a line of its own.
        if !self.within_line || self.show.offsets || self.show.names {
            self.end_line()?;
        }
        Ok(())
    }

    fn end_line(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.line_is_open) {
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Whether a line starts a header, or goes on with one.
    fn is_header(&mut self, line: &[u8]) -> bool {
        if self.after_header && matches!(line.first(), Some(b' ' | b'\t')) {
            return true;
        }
        let name = line.split(|&b| b == b':').next().unwrap_or_default();
        self.after_header = name.len() < line.len()
            && !name.trim_ascii_end().is_empty()
            && name.trim_ascii_end().iter().all(u8::is_ascii_graphic);
        self.after_header
    }

    fn prefix(&mut self, offset: u64, kind: RecordType) -> io::Result<()> {
        if self.show.offsets {
            write!(self.out, "{offset:9} ")?;
        }
        if self.show.types {
            write!(self.out, "{:3} ", kind.0)?;
        }
        Ok(())
    }
}

fn opens_a_file(kind: RecordType) -> bool {
    ENVELOPE_TYPES.contains(&kind.0)
}

/// The types that a queue file may begin with.
const ENVELOPE_TYPES: &[u8] = b"/<>ACDFIKLMORSTVWcino";

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;

    const ALL: Show = Show {
        envelope: true,
        header: true,
        body: true,
        offsets: true,
        types: true,
        names: false,
        in_file_order: false,
        start: 0,
    };

    /// What is shown, without the dates, which depend on the time zone of the machine.
    fn shown(bytes: &[u8], show: &Show) -> String {
        let mut out = Vec::new();
        Dump::new(&mut out, "file", show)
            .run(Reader::new(bytes))
            .unwrap();
        let text = String::from_utf8_lossy(&out).into_owned();
        text.split_inclusive('\n').map(without_date).collect()
    }

    fn without_date(line: &str) -> String {
        match line.split_once("_time: ") {
            Some((before, date)) if date.contains(':') => format!("{before}_time: DATE\n"),
            _ => line.to_owned(),
        }
    }

    /// The expected texts are what the reference's postcat shows of the same files.
    #[test]
    fn as_the_reference_shows_it() {
        let every_type = include_bytes!("../tests/every-type");
        expect_file!["../tests/every-type.all"].assert_eq(&shown(every_type, &ALL));
        let plain = Show {
            offsets: false,
            types: false,
            ..ALL
        };
        let header = Show {
            envelope: false,
            body: false,
            ..plain
        };
        expect_file!["../tests/every-type.header"].assert_eq(&shown(every_type, &header));
        let body = Show {
            envelope: true,
            header: false,
            ..plain
        };
        expect_file!["../tests/every-type.body"].assert_eq(&shown(every_type, &body));
        let edited = include_bytes!("../tests/edited");
        expect_file!["../tests/edited.all"].assert_eq(&shown(edited, &ALL));
    }

    #[test]
    fn what_is_no_queue_file_is_not_shown() {
        assert_eq!(shown(&b"hello world, this is text\n".repeat(9), &ALL), "");
        assert_eq!(shown(b"", &ALL), "");
    }
}
