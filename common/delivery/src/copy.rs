//! Copying a letter's content to a mailbox or a command.

use std::fmt;
use std::io::{self, BufWriter, Write};

use queue::ReadError;

use crate::content::Content;

/// How a letter is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// Put `>` before lines that begin with `From `.
    pub quote_from: bool,
    /// End with an empty line.
    pub blank_line: bool,
}

/// Why a letter could not be copied.
#[derive(Debug)]
pub enum CopyError {
    /// The queue file cannot be read.
    Read(ReadError),
    /// The destination cannot be written.
    Write(io::Error),
}

/// Write lines that were made before, then the content; says how many bytes that were.
pub fn copy(
    before: &[u8],
    content: &mut Content<'_>,
    style: Style,
    to: impl Write,
) -> Result<u64, CopyError> {
    let mut out = Counter {
        out: BufWriter::with_capacity(64 * 1024, to),
        count: 0,
    };
    out.put(before)?;
    let mut at_start = true;
    while let Some(line) = content.next_line().map_err(CopyError::Read)? {
        if at_start && style.quote_from && line.text.starts_with(b"From ") {
            out.put(b">")?;
        }
        out.put(line.text)?;
        if line.complete {
            out.put(b"\n")?;
        }
        at_start = line.complete;
    }
    if !at_start {
        out.put(b"\n")?;
    }
    if style.blank_line {
        out.put(b"\n")?;
    }
    out.out.flush().map_err(CopyError::Write)?;
    Ok(out.count)
}

struct Counter<W: Write> {
    out: BufWriter<W>,
    count: u64,
}

impl<W: Write> Counter<W> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), CopyError> {
        self.count += bytes.len() as u64;
        self.out.write_all(bytes).map_err(CopyError::Write)
    }
}

/// A writer that fails with "file too large" beyond a limit; 0 is no limit.
#[derive(Debug)]
pub struct Limited<W> {
    to: W,
    left: Option<u64>,
}

impl<W> Limited<W> {
    /// At most `limit` bytes in all, of which `used` are there already.
    pub const fn new(to: W, limit: u64, used: u64) -> Self {
        let left = if limit == 0 {
            None
        } else {
            Some(limit.saturating_sub(used))
        };
        Self { to, left }
    }
}

impl<W: Write> Write for Limited<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len() as u64;
        if self.left.is_some_and(|left| length > left) {
            return Err(io::Error::from_raw_os_error(sys::nix::libc::EFBIG));
        }
        let count = self.to.write(bytes)?;
        if let Some(left) = &mut self.left {
            *left -= count as u64;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "error reading message: {error}"),
            Self::Write(error) => write!(f, "error writing message: {}", sys::reason(error)),
        }
    }
}

impl std::error::Error for CopyError {}

#[cfg(test)]
mod tests {
    use queue::{RecordType, record};

    use super::*;

    #[test]
    fn from_lines_are_quoted_at_the_start_of_a_line_only() {
        let mut bytes = Vec::new();
        for (kind, text) in [
            (RecordType::LINE, "From the start"),
            (RecordType::PARTIAL, "a "),
            (RecordType::LINE, "From within"),
            (RecordType::PARTIAL, "no end"),
        ] {
            record::put(&mut bytes, kind, text.as_bytes());
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let style = Style {
            quote_from: true,
            blank_line: true,
        };
        let mut out = Vec::new();
        let count = copy(b"A: b\n", &mut Content::new(&file, 0), style, &mut out).unwrap();
        assert_eq!(out, b"A: b\n>From the start\na From within\nno end\n\n");
        assert_eq!(count, out.len() as u64);
        let small = Limited::new(Vec::new(), 10, 0);
        let failed = copy(b"", &mut Content::new(&file, 0), style, small).unwrap_err();
        assert_eq!(failed.to_string(), "error writing message: File too large");
    }
}
