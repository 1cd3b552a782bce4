//! A log file that this process appends to, line by line.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

pub(crate) struct LogFile {
    path: PathBuf,
    file: Option<File>,
}

impl LogFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Append a line and its line feed, in one write.
    pub(crate) fn append(&mut self, line: &str) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(self.open()?),
        };
        file.write_all(format!("{line}\n").as_bytes())
    }

    /// No link is followed, but for the system's own names in /dev, such as /dev/stdout of a container.
    fn open(&self) -> io::Result<File> {
        let flags = if self.path.starts_with("/dev") {
            0
        } else {
            sys::nix::libc::O_NOFOLLOW
        };
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(flags)
            .open(&self.path)
    }
}
