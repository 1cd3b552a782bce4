//! Renaming messages to match their inodes.
//!
//! A short name ends with the file's inode; after a restore from backup it does not, and two messages could get the same
//! name. So each file is renamed in two passes: to `NEWNAME#FIX` first, to `NEWNAME` when every file has left its old name
//! behind. Logs of a message are renamed before it, so that a run that was cut short can be repeated.

use std::fs;
use std::io;
use std::path::Path;

use command::Fatal;
use mail::QueueId;
use mail::queue_id::LongParts;
use queue::{Folder, Layout};

use crate::message::LOGS;
use crate::structure::{Contents, absent_is_fine, failed, move_to_place};

/// What follows a name that is not yet final.
pub(crate) const SUFFIX: &str = "#FIX";

/// The renaming of one run.
pub(crate) struct Renames<'a> {
    layout: &'a Layout,
    long_ids: bool,
    check_long: bool,
    count: usize,
    /// Whether there are files with a passing name.
    passing: bool,
}

impl<'a> Renames<'a> {
    /// `long_ids`: new names may be long; `check_long`: the inode in long names must match too.
    pub(crate) const fn new(layout: &'a Layout, long_ids: bool, check_long: bool) -> Self {
        Self {
            layout,
            long_ids,
            check_long,
            count: 0,
            passing: false,
        }
    }

    /// How many messages have a new name.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// The name that the file should have instead.
    pub(crate) fn right_name(&self, id: &QueueId, inode: u64) -> Option<QueueId> {
        if let Some((micros, named)) = id.short_parts() {
            return (named != Some(inode))
                .then(|| QueueId::new(&format!("{micros}{inode:X}")))
                .flatten();
        }
        let parts = id.long_parts()?;
        if !self.long_ids {
            Some(QueueId::short(parts.micros, inode))
        } else if self.check_long && parts.inode != inode {
            Some(QueueId::long(LongParts { inode, ..parts }))
        } else {
            None
        }
    }

    /// First pass: the logs, then the message, get the new name with the suffix. `path` may have a passing name already.
    pub(crate) fn begin(&mut self, id: &QueueId, right: &QueueId, path: &Path) -> io::Result<()> {
        let passing = |path: &Path| path.with_file_name(format!("{right}{SUFFIX}"));
        for logs in LOGS {
            let log = self.layout.path(logs, id);
            absent_is_fine(fs::rename(&log, passing(&log)))?;
            let interrupted = log.with_file_name(format!("{id}{SUFFIX}"));
            absent_is_fine(fs::rename(interrupted, passing(&log)))?;
        }
        fs::rename(path, passing(path))?;
        self.count += 1;
        self.passing = true;
        Ok(())
    }

    /// There is a file whose renaming was begun by an earlier run.
    pub(crate) fn go_on(&mut self, is_message: bool) {
        self.passing = true;
        self.count += usize::from(is_message);
    }

    /// Second pass: the suffix goes, and the file to its place.
    pub(crate) fn finish(&self, folders: &[Folder]) -> Result<(), Fatal> {
        if !self.passing {
            return Ok(());
        }
        let other_logs = LOGS.into_iter().filter(|logs| !folders.contains(logs));
        for folder in folders.iter().copied().chain(other_logs) {
            for path in &Contents::of(folder, self.layout.depth(folder))?.files {
                absent_is_fine(self.finish_file(folder, path))
                    .map_err(|error| failed("rename", path, &error))?;
            }
        }
        Ok(())
    }

    fn finish_file(&self, folder: Folder, path: &Path) -> io::Result<()> {
        let right = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(SUFFIX))
            .and_then(QueueId::new);
        let Some(right) = right else {
            return Ok(());
        };
        let place = self.layout.path(folder, &right);
        if !move_to_place(self.layout, folder, path, &place)? {
            maillog::warning!(
                "{}: there is a file {} already; rename one of them",
                path.display(),
                place.display()
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(long_ids: bool, check_long: bool, id: &str) -> Option<String> {
        let layout = Layout::default();
        let renames = Renames::new(&layout, long_ids, check_long);
        renames
            .right_name(&QueueId::new(id).unwrap(), 0x98_C203)
            .map(|id| id.to_string())
    }

    #[test]
    fn short_names_end_with_the_inode() {
        assert_eq!(right(false, false, "28DD998C203"), None);
        assert_eq!(right(false, false, "28dd998c203"), None);
        assert_eq!(
            right(false, false, "28DD9AB").as_deref(),
            Some("28DD998C203")
        );
        assert_eq!(right(false, false, "abcde").as_deref(), Some("abcde98C203"));
        assert_eq!(right(false, false, "example_com"), None);
    }

    #[test]
    fn long_names_are_kept_while_they_are_wanted() {
        let long = "4jWMtS11CYz1SRkv";
        assert_eq!(right(true, false, long), None);
        assert_eq!(right(false, false, long).as_deref(), Some("2322998C203"));
        let checked = right(true, true, long).unwrap();
        assert!(checked.starts_with("4jWMtS11CYz"), "{checked}");
        assert_eq!(right(true, true, &checked), None);
    }
}
