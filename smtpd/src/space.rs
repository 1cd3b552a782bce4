//! Whether the queue's file system has room for another letter (`queue_minfree`).

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::config::ContentSettings;

/// Free space, asked for at most once a second.
pub struct Space {
    size_limit: u64,
    minfree: u64,
    seen: Cell<Option<(Instant, u64)>>,
}

const KEEP: Duration = Duration::from_secs(1);

impl Space {
    /// For the current directory, which is the queue.
    pub const fn new(content: &ContentSettings) -> Self {
        Self {
            size_limit: content.size_limit,
            minfree: content.minfree,
            seen: Cell::new(None),
        }
    }

    /// Whether a letter of any size can be taken; the bytes that are free, if not.
    pub fn check(&self) -> Result<(), u64> {
        let Some(free) = self.free() else {
            return Ok(());
        };
        let reserve = self.size_limit.saturating_add(self.size_limit / 2);
        if free > self.minfree && free > reserve {
            Ok(())
        } else {
            Err(free)
        }
    }

    /// Whether a letter of this size can be taken.
    pub fn has_room(&self, size: u64) -> bool {
        self.free()
            .is_none_or(|free| free.saturating_sub(self.minfree) > size)
    }

    fn free(&self) -> Option<u64> {
        if let Some((when, free)) = self.seen.get()
            && when.elapsed() < KEEP
        {
            return Some(free);
        }
        let status = nix::sys::statvfs::statvfs(".").ok()?;
        let free = status
            .blocks_available()
            .saturating_mul(status.fragment_size());
        self.seen.set(Some((Instant::now(), free)));
        Some(free)
    }
}
