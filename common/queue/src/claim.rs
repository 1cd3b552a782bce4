//! Opening queue files, and what the file's mode and time say.
//!
//! A file is ready when all of the owner's permission bits are set; before that its writer is still at work. Two of the
//! other bits carry requests, and a time of change in the future means "not yet".

use std::fs::{File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::libc;

/// The mode of a file that is being written.
pub const EMBRYO: u32 = 0o600;
/// The mode of a complete file.
pub const READY: u32 = 0o700;
/// The mode of a damaged file, which nobody opens for delivery.
pub const DAMAGED: u32 = 0o400;
/// The bit that asks for delivery on the next scan in spite of unreachable destinations.
pub const UNTHROTTLE: u32 = 0o040;
/// The bit that asks for return to the sender.
pub const FORCE_EXPIRE: u32 = 0o010;

/// What a directory entry is to the queue manager.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// A complete queue file.
    Ready,
    /// Still being written.
    Embryo,
    /// No queue file at all.
    Alien,
}

/// What this file is, by type and mode.
#[must_use]
pub fn standing(metadata: &Metadata) -> Standing {
    if !metadata.is_file() {
        Standing::Alien
    } else if metadata.mode() & READY == READY {
        Standing::Ready
    } else {
        Standing::Embryo
    }
}

/// Open a queue file to read and mark it, without following a link.
pub fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
}

/// Lock for oneself; `false` when somebody else has the file.
pub fn lock_exclusive(file: &File) -> io::Result<bool> {
    locked(file.try_lock())
}

/// Lock together with others that deliver the same file; `false` when somebody has it alone.
pub fn lock_shared(file: &File) -> io::Result<bool> {
    locked(file.try_lock_shared())
}

fn locked(outcome: Result<(), TryLockError>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Set the time before which the file is not to be touched again, without opening it.
pub fn set_time(path: &Path, time: SystemTime) -> io::Result<()> {
    use nix::sys::stat::{UtimensatFlags, utimensat};
    use nix::sys::time::TimeSpec;

    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let stamp = TimeSpec::from_duration(since);
    utimensat(
        nix::fcntl::AT_FDCWD,
        path,
        &stamp,
        &stamp,
        UtimensatFlags::NoFollowSymlink,
    )?;
    Ok(())
}

/// Add mode bits to a file; `false` when it had them all.
pub fn add_mode(path: &Path, bits: u32) -> io::Result<bool> {
    let mode = std::fs::symlink_metadata(path)?.mode() & 0o7777;
    if mode & bits == bits {
        return Ok(false);
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode | bits))?;
    Ok(true)
}

/// Mark an open file as damaged.
pub fn mark_damaged(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(DAMAGED))
}
