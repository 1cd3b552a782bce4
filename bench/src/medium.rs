//! Where the queues lie while they are measured: a file system of the benchmark's own, ext4 with a journal, in memory.
//!
//! Every fsync, journal commit and barrier happens as on a disk, but takes no longer than the kernel needs for it, so the
//! figures compare programs and not disks. (ext4 without a journal, as some virtual machines have it, would compare neither:
//! it looks for a free inode longer and longer after many files were removed.) With `--disk` the queues lie in the
//! temporary directory of the machine.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::Command;

/// A mounted file system, gone when this is.
pub(crate) struct Medium {
    image: PathBuf,
    /// Where it is mounted.
    pub(crate) place: PathBuf,
}

impl Medium {
    /// Make and mount it.
    pub(crate) fn mount() -> io::Result<Self> {
        let name = format!("ferropost-bench.{}", std::process::id());
        let medium = Self {
            image: PathBuf::from("/dev/shm").join(&name),
            place: std::env::temp_dir().join(&name),
        };
        File::create(&medium.image)?.set_len(SIZE)?;
        fs::create_dir(&medium.place)?;
        run(Command::new("mkfs.ext4").arg("-q").arg(&medium.image))?;
        run(Command::new("mount")
            .args(["-o", "loop"])
            .args([&medium.image, &medium.place]))?;
        Ok(medium)
    }
}

impl Drop for Medium {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.place).status();
        let _ = fs::remove_dir(&self.place);
        let _ = fs::remove_file(&self.image);
    }
}

fn run(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{command:?}: {status}")))
    }
}

/// Of the file system, in bytes; memory is used only as far as it is written.
const SIZE: u64 = 2 << 30;
