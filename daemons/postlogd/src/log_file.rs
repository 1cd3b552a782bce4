//! The log file: where it may be, how it is opened, how lines are added.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use config::params::core::Logging;

/// Where lines go.
pub(crate) enum LogFile {
    File(File),
    StandardOutput,
}

/// Why there is no log file.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// It is in none of the folders that main.cf allows.
    Forbidden { path: String, prefixes: String },
    /// main.cf names none.
    NoName,
    /// The mode is no octal number.
    Mode(String),
    /// The system refuses it.
    Io { path: String, error: io::Error },
}

impl LogFile {
    pub(crate) fn open(logging: &Logging) -> Result<Self, OpenError> {
        let path = &logging.maillog_file;
        if path.is_empty() {
            return Err(OpenError::NoName);
        }
        if !logging
            .maillog_file_prefixes
            .iter()
            .any(|prefix| path.starts_with(prefix.as_str()))
        {
            let prefixes = logging.maillog_file_prefixes.to_string();
            return Err(OpenError::Forbidden {
                path: path.clone(),
                prefixes,
            });
        }
        // Opening it by name fails where standard output is a socket, as in some containers.
        if path == "/dev/stdout" {
            return Ok(Self::StandardOutput);
        }
        let permissions = &logging.maillog_file_permissions;
        let mode = u32::from_str_radix(permissions, 8)
            .map_err(|_| OpenError::Mode(permissions.clone()))?;
        let opened = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(mode & 0o666)
            .open(Path::new(path));
        opened.map(Self::File).map_err(|error| OpenError::Io {
            path: path.clone(),
            error,
        })
    }

    /// Add one line in one write.
    pub(crate) fn append(&mut self, packet: &[u8]) -> io::Result<()> {
        let line = line(packet);
        match self {
            Self::File(file) => file.write_all(&line),
            Self::StandardOutput => {
                let mut out = io::stdout().lock();
                out.write_all(&line)?;
                out.flush()
            }
        }
    }
}

/// One packet is one line, whatever it contains.
fn line(packet: &[u8]) -> Vec<u8> {
    let text = packet.trim_ascii_end();
    let shown = text
        .iter()
        .map(|&b| if b < b' ' || b == 0x7F { b'?' } else { b });
    shown.chain([b'\n']).collect()
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden { path, prefixes } => {
                write!(
                    f,
                    "maillog_file '{path}' is not in maillog_file_prefixes ({prefixes})"
                )
            }
            Self::NoName => {
                f.write_str("maillog_file is empty, but the postlog service is asked to write it")
            }
            Self::Mode(text) => write!(
                f,
                "bad maillog_file_permissions: {text}: expected an octal number such as 0600"
            ),
            Self::Io { path, error } => write!(f, "open maillog_file {path}: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_one_line() {
        assert_eq!(line(b"Nov 20 a: b\n"), b"Nov 20 a: b\n");
        assert_eq!(line(b"a\nforged\0"), b"a?forged?\n");
        assert_eq!(line(b""), b"\n");
    }
}
