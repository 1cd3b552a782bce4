//! A log file that this process appends to, line by line.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

pub(crate) struct LogFile {
    path: PathBuf,
    /// Of a new file.
    mode: u32,
    file: Option<File>,
}

impl LogFile {
    pub(crate) const fn new(path: PathBuf, mode: u32) -> Self {
        Self {
            path,
            mode,
            file: None,
        }
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
        let opened = |options: &mut OpenOptions| {
            options.append(true).mode(self.mode).custom_flags(flags);
            options.open(&self.path)
        };
        match opened(OpenOptions::new().create_new(true)) {
            // The umask is for mail; who may read the log is said in main.cf.
            Ok(file) => file
                .set_permissions(Permissions::from_mode(self.mode))
                .map(|()| file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                opened(&mut OpenOptions::new())
            }
            Err(error) => Err(error),
        }
    }
}
