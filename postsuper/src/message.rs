//! What is done to one message: delete, requeue, hold, release, expire.
//!
//! The queue manager may move a message between two looks. So a message that was named is looked for in the order in which
//! messages move, and once more from the start when it was nowhere. What cannot be done to one message is logged, and
//! the others have their turn.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use mail::QueueId;
use queue::claim::{self, Standing};
use queue::scan::Found;
use queue::{Folder, Layout, logfile};

use crate::options::Action;
use crate::tally::Tally;

/// The logs that bear a message's name.
pub(crate) const LOGS: [Folder; 3] = [Folder::Defer, Folder::Bounce, Folder::Trace];

/// Acts on messages and counts them.
pub(crate) struct Messages<'a> {
    layout: &'a Layout,
    tally: Tally,
}

/// What became of one attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Done, or the message is there and needs nothing, or a warning says why not.
    Settled,
    /// The message is not (or no longer) where it was looked for, or this cannot be done to it there.
    Absent,
}

/// A move to another folder.
struct Move {
    to: Folder,
    /// What the log says of it.
    note: &'static str,
    /// Whether the file's time becomes the present one: pickup(8) leaves files alone whose time is in the future.
    fresh: bool,
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
    pub(crate) fn act_on_id(&mut self, action: Action, folders: &[Folder], id: &QueueId) {
        for _ in 0..ROUNDS {
            for &folder in folders {
                let path = self.layout.path(folder, id);
                if self.act(action, folder, id, &path, true) == Outcome::Settled {
                    return;
                }
            }
        }
    }

    /// Act on a message that was met in a folder; only the summary tells of it.
    pub(crate) fn act_on_found(&mut self, action: Action, folder: Folder, found: &Found) {
        self.act(action, folder, &found.id, &found.path, false);
    }

    /// So many messages were deleted without [`Messages::act_on_found`].
    pub(crate) const fn count_deleted(&mut self, count: usize) {
        self.tally.add(Action::Delete, count);
    }

    /// Whether there is a message, which may be on its way from one folder to another.
    pub(crate) fn exists(&self, id: &QueueId) -> bool {
        let exists = |&folder: &Folder| self.layout.path(folder, id).exists();
        (0..ROUNDS).any(|_| Folder::MAIL.iter().any(exists))
    }

    fn act(
        &mut self,
        action: Action,
        folder: Folder,
        id: &QueueId,
        path: &Path,
        log: bool,
    ) -> Outcome {
        if !action.applies_to(folder) {
            return Outcome::Absent;
        }
        let outcome = match action {
            Action::Delete => self.delete(id, path, log),
            Action::Requeue | Action::Hold | Action::Release => {
                self.relocate(action, folder, id, path, log)
            }
            Action::Expire => self.expire(path, id, log),
            Action::ExpireAndRelease => self.expire(path, id, log).and_then(|expired| {
                if Action::Release.applies_to(folder) {
                    self.relocate(Action::Release, folder, id, path, log)?;
                }
                Ok(expired)
            }),
        };
        report(path, outcome)
    }

    /// The message goes first: logs without a message do no harm, a message without its logs forgets its failures.
    fn delete(&mut self, id: &QueueId, path: &Path, log: bool) -> io::Result<Outcome> {
        if !is_message(path, |_| true)? {
            return Ok(Outcome::Absent);
        }
        fs::remove_file(path)?;
        for logs in LOGS {
            logfile::remove(self.layout, logs, id)?;
        }
        self.settled(Action::Delete, id, log, "removed")
    }

    fn relocate(
        &mut self,
        action: Action,
        folder: Folder,
        id: &QueueId,
        path: &Path,
        log: bool,
    ) -> io::Result<Outcome> {
        let Some(Move { to, note, fresh }) = destination(action) else {
            return Ok(Outcome::Absent);
        };
        if folder == to || !is_message(path, is_ready)? {
            return Ok(Outcome::Absent);
        }
        let now = SystemTime::now();
        if fresh && fs::symlink_metadata(path)?.modified()? > now {
            claim::set_time(path, now)?;
        }
        self.layout.rename_path(path, to, id)?;
        self.settled(action, id, log, note)
    }

    fn expire(&mut self, path: &Path, id: &QueueId, log: bool) -> io::Result<Outcome> {
        if !is_message(path, is_ready)? {
            return Ok(Outcome::Absent);
        }
        if !claim::add_mode(path, claim::FORCE_EXPIRE)? {
            return Ok(Outcome::Settled);
        }
        self.settled(Action::Expire, id, log, "expired")
    }

    fn settled(
        &mut self,
        action: Action,
        id: &QueueId,
        log: bool,
        note: &str,
    ) -> io::Result<Outcome> {
        self.tally.add(action, 1);
        if log {
            maillog::info!("{id}: {note}");
        }
        Ok(Outcome::Settled)
    }
}

/// Delete a message that was met in a folder, and leave its logs to the caller; says whether it is deleted.
pub(crate) fn delete_found(found: &Found) -> bool {
    if found.is_file {
        return delete_log(found);
    }
    let outcome = is_message(&found.path, |_| true).map(|_| Outcome::Absent);
    report(&found.path, outcome);
    false
}

/// Remove a log; says whether it is removed.
pub(crate) fn delete_log(log: &Found) -> bool {
    let outcome = fs::remove_file(&log.path);
    let removed = outcome.is_ok();
    report(&log.path, outcome.map(|()| Outcome::Settled));
    removed
}

/// Where an action moves a message.
const fn destination(action: Action) -> Option<Move> {
    let (to, note) = match action {
        Action::Requeue => (Folder::Maildrop, "requeued"),
        Action::Hold => (Folder::Hold, "placed on hold"),
        Action::Release => (Folder::Deferred, "released from hold"),
        Action::Delete | Action::Expire | Action::ExpireAndRelease => return None,
    };
    let fresh = matches!(action, Action::Requeue);
    Some(Move { to, note, fresh })
}

/// Whether a file is a message, and one with this quality. What is no file at all is named to the administrator.
fn is_message(path: &Path, quality: fn(&fs::Metadata) -> bool) -> io::Result<bool> {
    let status = fs::symlink_metadata(path)?;
    if !status.is_file() && !status.is_symlink() {
        let owner = status.uid();
        return Err(io::Error::other(format!("uid {owner}: not a regular file")));
    }
    Ok(status.is_file() && quality(&status))
}

fn is_ready(status: &fs::Metadata) -> bool {
    claim::standing(status) == Standing::Ready
}

/// A file that has gone is looked for elsewhere; of any other trouble with it the administrator hears.
fn report(path: &Path, outcome: io::Result<Outcome>) -> Outcome {
    match outcome {
        Ok(outcome) => outcome,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Outcome::Absent,
        Err(error) => {
            maillog::warning!("{}: {}", path.display(), sys::reason(&error));
            Outcome::Settled
        }
    }
}
