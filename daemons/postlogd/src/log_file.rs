//! Where lines go: a file, or standard output.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Where lines go.
pub(crate) enum LogFile {
    File(File),
    StandardOutput,
}

impl LogFile {
    /// Open a log file; a new one has exactly this mode.
    pub(crate) fn open(path: &Path, mode: u32) -> io::Result<Self> {
        // Opening it by name fails where standard output is a socket, as in some containers.
        if path == Path::new("/dev/stdout") {
            return Ok(Self::StandardOutput);
        }
        let new = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(mode)
            .open(path);
        let file = match new {
            Ok(file) => {
                file.set_permissions(Permissions::from_mode(mode))?;
                file
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                OpenOptions::new().append(true).open(path)?
            }
            Err(error) => return Err(error),
        };
        Ok(Self::File(file))
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
