//! Reading records: in file order or along the pointer records that edits leave behind.
//!
//! Works on any bytes that can be read at an offset and never moves a file's own position, because an open queue file may
//! be shared between programs. The length of a record is bounded before anything is allocated, and pointers that go round
//! in a circle end in an error.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::record::{self, Head, RecordType};

/// Bytes that are read at once, when nothing else is asked for.
pub const BLOCK: usize = 8 * 1024;

/// Something that can be read at an offset.
pub trait Source {
    /// Fill a part of `buffer` from `offset` on; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl Source for &File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(*self, buffer, offset)
    }
}

impl Source for &[u8] {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|at| self.get(at..))
            .unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

/// Why no record could be read.
#[derive(Debug)]
pub enum ReadError {
    /// The file ends within the record at that offset.
    Truncated {
        /// The record's type.
        kind: RecordType,
        /// Where the record starts.
        offset: u64,
    },
    /// The record is longer than it may be.
    TooLong {
        /// The record's type.
        kind: RecordType,
        /// Where the record starts.
        offset: u64,
    },
    /// A pointer record that leads nowhere, or round in a circle.
    Pointer {
        /// Where the record starts.
        offset: u64,
    },
    /// The file could not be read.
    Io(io::Error),
}

impl ReadError {
    /// The type of the record that could not be read, where its first byte could.
    #[must_use]
    pub const fn kind(&self) -> Option<RecordType> {
        match self {
            Self::Truncated { kind, .. } | Self::TooLong { kind, .. } => Some(*kind),
            Self::Pointer { .. } => Some(RecordType::POINTER),
            Self::Io(_) => None,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { kind, offset } => {
                write!(
                    f,
                    "unexpected end of file in record type {} at offset {offset}",
                    kind.0
                )
            }
            Self::TooLong { kind, offset } => {
                write!(
                    f,
                    "illegal length of record type {} at offset {offset}",
                    kind.0
                )
            }
            Self::Pointer { offset } => write!(f, "bad pointer record at offset {offset}"),
            Self::Io(error) => write!(f, "read: {error}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// One record of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its type.
    pub kind: RecordType,
    /// Where its type byte stands.
    pub offset: u64,
    /// Its data.
    pub data: &'a [u8],
}

/// Reads the records of a queue file one after another.
#[derive(Debug)]
pub struct Reader<S> {
    source: S,
    block: Vec<u8>,
    block_offset: u64,
    block_size: usize,
    position: u64,
    limit: usize,
    follow: bool,
    jumps: u64,
}

impl<S: Source> Reader<S> {
    /// Read from the start, following pointer records, with [`BLOCK`] bytes at once.
    pub const fn new(source: S) -> Self {
        Self {
            source,
            block: Vec::new(),
            block_offset: 0,
            block_size: BLOCK,
            position: 0,
            limit: record::MAX_LENGTH,
            follow: true,
            jumps: 0,
        }
    }

    /// Refuse records with more data than this.
    #[must_use]
    pub const fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Read so many bytes at once.
    #[must_use]
    pub const fn with_block(mut self, bytes: usize) -> Self {
        self.block_size = bytes;
        self
    }

    /// Return pointer records instead of following them.
    #[must_use]
    pub const fn in_file_order(mut self) -> Self {
        self.follow = false;
        self
    }

    /// Where the next record starts.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Go on at another offset.
    pub const fn seek(&mut self, offset: u64) {
        self.position = offset;
    }

    /// The next record; `None` at the end of the file.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        loop {
            let Some((kind, head, length)) = self.load()? else {
                return Ok(None);
            };
            let offset = self.position;
            self.position += (head + length) as u64;
            if self.follow && kind == RecordType::POINTER {
                self.jump(offset, head, length)?;
                continue;
            }
            return Ok(Some(Record {
                kind,
                offset,
                data: self.data(offset, head, length),
            }));
        }
    }

    /// Have the whole record at the position in the block: its type, and the length of its head and its data.
    fn load(&mut self) -> Result<Option<(RecordType, usize, usize)>, ReadError> {
        let offset = self.position;
        let (kind, head, length) = loop {
            match record::head(self.loaded()) {
                Head::Complete { kind, head, length } if length <= self.limit => {
                    break (kind, head, length);
                }
                Head::Complete { kind, .. } => return Err(ReadError::TooLong { kind, offset }),
                Head::Malformed => {
                    let kind = RecordType(self.loaded().first().copied().unwrap_or_default());
                    return Err(ReadError::TooLong { kind, offset });
                }
                Head::Incomplete => {
                    let had = self.loaded().len();
                    if self.fill(had + 1)? == had {
                        return match self.loaded().first() {
                            None => Ok(None),
                            Some(&byte) => Err(ReadError::Truncated {
                                kind: RecordType(byte),
                                offset,
                            }),
                        };
                    }
                }
            }
        };
        if self.loaded().len() < head + length && self.fill(head + length)? < head + length {
            return Err(ReadError::Truncated { kind, offset });
        }
        Ok(Some((kind, head, length)))
    }

    /// What the block holds from the position on.
    fn loaded(&self) -> &[u8] {
        self.position
            .checked_sub(self.block_offset)
            .and_then(|at| self.block.get(usize::try_from(at).ok()?..))
            .unwrap_or_default()
    }

    /// Have at least `wanted` bytes from the position on, if the source has them; says how many there are.
    fn fill(&mut self, wanted: usize) -> Result<usize, ReadError> {
        let keep = self.loaded().len();
        self.block.drain(..self.block.len() - keep);
        self.block_offset = self.position;
        let size = wanted.max(self.block_size);
        let mut have = keep;
        self.block.resize(size, 0);
        while have < wanted {
            let room = self.block.get_mut(have..).unwrap_or_default();
            match self.source.read_at(room, self.block_offset + have as u64) {
                Ok(0) => break,
                Ok(count) => have += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.block.truncate(have);
                    return Err(error.into());
                }
            }
        }
        self.block.truncate(have);
        Ok(have)
    }

    fn data(&self, offset: u64, head: usize, length: usize) -> &[u8] {
        offset
            .checked_sub(self.block_offset)
            .and_then(|at| usize::try_from(at).ok())
            .and_then(|at| self.block.get(at + head..at + head + length))
            .unwrap_or_default()
    }

    /// Follow a pointer record. No file has more pointers than fit into it, so more jumps than that are a circle.
    fn jump(&mut self, offset: u64, head: usize, length: usize) -> Result<(), ReadError> {
        let target = std::str::from_utf8(self.data(offset, head, length))
            .ok()
            .and_then(|text| text.trim().parse::<u64>().ok())
            .ok_or(ReadError::Pointer { offset })?;
        if target == 0 {
            return Ok(());
        }
        self.jumps += 1;
        if self.jumps > MAX_JUMPS || i64::try_from(target).is_err() {
            return Err(ReadError::Pointer { offset });
        }
        self.position = target;
        Ok(())
    }
}

/// More edits than any milter makes to one message.
const MAX_JUMPS: u64 = 100_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_all(bytes: &[u8], block: usize) -> Result<Vec<(u8, u64, Vec<u8>)>, ReadError> {
        let mut reader = Reader::new(bytes).with_block(block);
        let mut records = Vec::new();
        while let Some(record) = reader.next_record()? {
            records.push((record.kind.0, record.offset, record.data.to_vec()));
        }
        Ok(records)
    }

    #[test]
    fn pointers_are_followed_and_circles_end() {
        let mut bytes = Vec::new();
        record::put(&mut bytes, RecordType::POINTER, b"             22");
        record::put(&mut bytes, RecordType::LINE, b"old");
        record::put(&mut bytes, RecordType::LINE, b"new");
        record::put(&mut bytes, RecordType::POINTER, b"              0");
        let records = read_all(&bytes, 16).unwrap_or_default();
        assert_eq!(records, vec![(b'N', 22, b"new".to_vec())]);

        let mut circle = Vec::new();
        record::put(&mut circle, RecordType::LINE, b"");
        record::put(&mut circle, RecordType::POINTER, b"              2");
        assert!(matches!(
            read_all(&circle, 64),
            Err(ReadError::Pointer { offset: 2 })
        ));
        let mut in_order = Reader::new(circle.as_slice()).in_file_order();
        let mut kinds = Vec::new();
        while let Ok(Some(record)) = in_order.next_record() {
            kinds.push(record.kind);
        }
        assert_eq!(kinds, [RecordType::LINE, RecordType::POINTER]);
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_an_error() {
        assert!(matches!(
            read_all(b"N\x05abc", 8),
            Err(ReadError::Truncated { offset: 0, .. })
        ));
        assert!(matches!(
            read_all(b"N\x85", 8),
            Err(ReadError::Truncated { .. })
        ));
        assert!(matches!(
            read_all(b"N\xff\xff\xff\x07x", 8),
            Err(ReadError::TooLong { .. })
        ));
    }

    proptest! {
        #[test]
        fn records_come_back_whatever_the_block(
            records in proptest::collection::vec((b'A'..=b'Z', proptest::collection::vec(any::<u8>(), 0..300)), 0..20),
            block in 1_usize..400,
        ) {
            let mut bytes = Vec::new();
            for (kind, data) in &records {
                record::put(&mut bytes, RecordType(*kind), data);
            }
            let read = read_all(&bytes, block);
            prop_assert!(read.is_ok());
            let read: Vec<_> = read.unwrap_or_default().into_iter().map(|(kind, _, data)| (kind, data)).collect();
            prop_assert_eq!(read, records);
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..500), block in 1_usize..64) {
            let _ = read_all(&bytes, block);
        }
    }
}
