//! A letter's content, line by line, from its queue file.

use std::fs::File;

use queue::{ReadError, Reader, RecordType};

/// How much of the file is read at once, in bytes.
const BLOCK: usize = 32 * 1024;

/// Reads the lines of a letter's content. Pointer records that content editing left behind are followed.
#[derive(Debug)]
pub struct Content<'a> {
    reader: Reader<&'a File>,
    ended: bool,
}

/// A line of content, or a part of a very long one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line<'a> {
    /// Its bytes, without a line end.
    pub text: &'a [u8],
    /// Whether the line ends here; otherwise the next piece goes on with it.
    pub complete: bool,
}

impl<'a> Content<'a> {
    /// Read from the offset where the content starts.
    #[must_use]
    pub fn new(file: &'a File, offset: u64) -> Self {
        let mut reader = Reader::new(file).with_block(BLOCK);
        reader.seek(offset);
        Self {
            reader,
            ended: false,
        }
    }

    /// The next line; `None` after the last.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, ReadError> {
        if self.ended {
            return Ok(None);
        }
        let offset = loop {
            let Some(record) = self.reader.next_record()? else {
                self.ended = true;
                return Ok(None);
            };
            match record.kind {
                RecordType::LINE | RecordType::PARTIAL => break record.offset,
                // Struck out and padded space; headers removed by editing leave it behind.
                RecordType::KILLED | RecordType::PADDING | RecordType::MESSAGE => {}
                _ => {
                    self.ended = true;
                    return Ok(None);
                }
            }
        };
        // Read again from the block at hand: a record cannot be kept over the loop that looks for it.
        self.reader.seek(offset);
        let record = self.reader.next_record()?;
        Ok(record.map(|record| Line {
            text: record.data,
            complete: record.kind == RecordType::LINE,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use queue::record;

    use super::*;

    #[test]
    fn lines_end_where_the_content_ends() {
        let mut bytes = Vec::new();
        record::put(&mut bytes, RecordType::MESSAGE, b"");
        let offset = bytes.len() as u64;
        record::put(&mut bytes, RecordType::LINE, b"Subject: x");
        record::put(&mut bytes, RecordType::PADDING, b"0000");
        record::put(&mut bytes, RecordType::PARTIAL, b"long ");
        record::put(&mut bytes, RecordType::LINE, b"line");
        record::put(&mut bytes, RecordType::EXTRACTED, b"");
        record::put(&mut bytes, RecordType::LINE, b"not content");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let mut content = Content::new(&file, offset);
        let mut lines = Vec::new();
        while let Some(line) = content.next_line().unwrap() {
            lines.push((line.text.to_vec(), line.complete));
        }
        assert_eq!(
            lines,
            [
                (b"Subject: x".to_vec(), true),
                (b"long ".to_vec(), false),
                (b"line".to_vec(), true)
            ]
        );
        assert_eq!(content.next_line().unwrap(), None);
    }
}
