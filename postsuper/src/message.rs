//! What is done to one message: delete, requeue, hold, release, expire.
//!
//! The queue manager may move a message between two looks. So a message that was named is looked for in the order in which
//! messages move, and once more from the start when it was nowhere.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use command::Fatal;
use mail::QueueId;
use queue::claim::{self, Standing};
use queue::scan::Found;
use queue::{Folder, Layout, logfile};

use crate::options::Action;
use crate::tally::Tally;

/// Acts on messages and counts them.
pub(crate) struct Messages<'a> {
    layout: &'a Layout,
    tally: Tally,
}

/// What became of one attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Done.
    Done,
    /// The message is there and needs nothing.
    Unchanged,
    /// The message is not (or no longer) where it was looked for.
    Absent,
}

/// How often a message is looked for in all folders.
const ROUNDS: usize = 2;

impl<'a> Messages<'a> {
    pub(crate) fn new(layout: &'a Layout) -> Self {
        Self {
            layout,
            tally: Tally::default(),
        }
    }

    pub(crate) const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Act on a message that was named, wherever it is, and log that.
    pub(crate) fn act_on_id(
        &mut self,
        action: Action,
        folders: &[Folder],
        id: &QueueId,
    ) -> Result<(), Fatal> {
        for _ in 0..ROUNDS {
            for &folder in folders {
                let path = self.layout.path(folder, id);
                if self.act(action, folder, id, &path, true)? != Outcome::Absent {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Act on a message that was met in a folder; only the summary tells of it.
    pub(crate) fn act_on_found(
        &mut self,
        action: Action,
        folder: Folder,
        found: &Found,
    ) -> Result<(), Fatal> {
        self.act(action, folder, &found.id, &found.path, false)
            .map(|_| ())
    }

    fn act(
        &mut self,
        action: Action,
        folder: Folder,
        id: &QueueId,
        path: &Path,
        log: bool,
    ) -> Result<Outcome, Fatal> {
        let outcome = match action {
            Action::Delete => self.delete(folder, id, path, log),
            Action::Requeue => self.requeue(folder, id, path, log),
            Action::Hold => self.hold(folder, id, path, log),
            Action::Release => self.release(folder, id, path, log),
            Action::Expire => self.expire(path, id, log),
            Action::ExpireAndRelease => self.expire(path, id, log).and_then(|expired| {
                let released = self.release(folder, id, path, log)?;
                Ok(if expired == Outcome::Absent {
                    released
                } else {
                    expired
                })
            }),
        };
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Outcome::Absent),
            other => other.map_err(|error| Fatal::io(path.display(), &error)),
        }
    }

    /// The message goes first: logs without a message do no harm, a message without its logs forgets its failures.
    fn delete(
        &mut self,
        folder: Folder,
        id: &QueueId,
        path: &Path,
        log: bool,
    ) -> io::Result<Outcome> {
        if !fs::symlink_metadata(path)?.is_file() {
            return Ok(Outcome::Absent);
        }
        fs::remove_file(path)?;
        if Folder::MAIL.contains(&folder) {
            for logs in [Folder::Bounce, Folder::Defer, Folder::Trace] {
                logfile::remove(self.layout, logs, id)?;
            }
        }
        self.tally.deleted += 1;
        note(log, id, "removed");
        Ok(Outcome::Done)
    }

    fn requeue(
        &mut self,
        folder: Folder,
        id: &QueueId,
        path: &Path,
        log: bool,
    ) -> io::Result<Outcome> {
        if folder == Folder::Maildrop || !is_ready(path)? {
            return Ok(Outcome::Absent);
        }
        // pickup(8) leaves files alone whose time is in the future.
        claim::set_time(path, SystemTime::now())?;
        self.layout.rename_path(path, Folder::Maildrop, id)?;
        self.tally.requeued += 1;
        note(log, id, "requeued");
        Ok(Outcome::Done)
    }

    fn hold(
        &mut self,
        folder: Folder,
        id: &QueueId,
        path: &Path,
        log: bool,
    ) -> io::Result<Outcome> {
        if matches!(folder, Folder::Hold | Folder::Maildrop) || !is_ready(path)? {
            return Ok(Outcome::Absent);
        }
        self.layout.rename_path(path, Folder::Hold, id)?;
        self.tally.held += 1;
        note(log, id, "placed on hold");
        Ok(Outcome::Done)
    }

    fn release(
        &mut self,
        folder: Folder,
        id: &QueueId,
        path: &Path,
        log: bool,
    ) -> io::Result<Outcome> {
        if folder != Folder::Hold || !is_ready(path)? {
            return Ok(Outcome::Absent);
        }
        self.layout.rename_path(path, Folder::Deferred, id)?;
        self.tally.released += 1;
        note(log, id, "released from hold");
        Ok(Outcome::Done)
    }

    fn expire(&mut self, path: &Path, id: &QueueId, log: bool) -> io::Result<Outcome> {
        if !is_ready(path)? {
            return Ok(Outcome::Absent);
        }
        if !claim::add_mode(path, claim::FORCE_EXPIRE)? {
            return Ok(Outcome::Unchanged);
        }
        self.tally.expired += 1;
        note(log, id, "expired");
        Ok(Outcome::Done)
    }
}

fn is_ready(path: &Path) -> io::Result<bool> {
    Ok(claim::standing(&fs::symlink_metadata(path)?) == Standing::Ready)
}

fn note(log: bool, id: &QueueId, what: &str) {
    if log {
        maillog::info!("{id}: {what}");
    }
}
