//! Taking a letter in: check its file, claim it by a rename into active/, lock it, read the envelope.
//!
//! The lock is shared and belongs to the open file, which goes to the delivery agents with each request: as long as one of
//! them is at work, no other queue manager can lock the file for itself, and knows that the letter is being delivered.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use mail::QueueId;
use queue::claim::{self, Standing};
use queue::letter::LetterError;
use queue::{Folder, Letter, ReadError, Reader, logfile};

use crate::manager::Manager;
use crate::message::{Message, Origin, State};
use crate::schedule::MessageId;

/// How long a letter waits that somebody still delivers.
const BUSY_WAIT: Duration = Duration::from_secs(60);

/// Which letters are taken, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) folder: Folder,
    pub(crate) origin: Origin,
    /// Take letters whose time has not come.
    pub(crate) early: bool,
    /// Take letters although their transport is in defer_transports.
    pub(crate) flushed: bool,
}

/// Why a letter is not delivered now, other than for damage.
enum Failure {
    /// It is gone, or not complete, or not yet due: nothing to do.
    NotNow,
    /// An older queue manager's agent is at work on it.
    Busy,
    /// The system refused.
    Io(io::Error),
    /// The file is no letter.
    Damaged(LetterError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::NotNow
        } else {
            Self::Io(error)
        }
    }
}

impl Manager {
    /// Take a letter in, if it is there and due; says whether it is now active.
    pub(crate) fn take_in(self: &Rc<Self>, id: &QueueId, path: &Path, terms: Terms) -> bool {
        let state = match self.claim(id, path, terms) {
            Ok(state) => state,
            Err(Failure::NotNow) => return false,
            Err(Failure::Damaged(error)) => {
                self.put_aside(id, path, terms.folder, &error);
                return false;
            }
            Err(Failure::Io(error)) => {
                maillog::warning!(
                    "{id}: move {} to active: {}",
                    path.display(),
                    sys::reason(&error)
                );
                return false;
            }
            // Nothing is locked yet.
            Err(Failure::Busy) => return false,
        };
        let active = self.config.layout.path(Folder::Active, id);
        match self.open(&active, terms.origin) {
            Ok((file, letter)) => {
                self.activate(id, file, letter, state, terms);
                true
            }
            Err(Failure::NotNow) => false,
            Err(Failure::Busy) => {
                maillog::info!("{id}: skipped, still being delivered");
                self.put_back(id, &active, Folder::Incoming, BUSY_WAIT);
                false
            }
            Err(Failure::Io(error)) => {
                maillog::warning!("{id}: open active queue file: {error}");
                self.put_back(
                    id,
                    &active,
                    Folder::Deferred,
                    self.config.times.minimal_backoff,
                );
                false
            }
            Err(Failure::Damaged(error)) => {
                self.put_aside(id, &active, Folder::Active, &error);
                false
            }
        }
    }

    /// Move the file to active/ if it is complete and due. Its mode tells what the administrator wants.
    fn claim(&self, id: &QueueId, path: &Path, terms: Terms) -> Result<State, Failure> {
        use std::os::unix::fs::MetadataExt;
        let status = fs::symlink_metadata(path)?;
        if status.is_file() && status.mode() & 0o777 == claim::DAMAGED {
            return Err(Failure::Damaged(LetterError::Missing("undamaged")));
        }
        if claim::standing(&status) != Standing::Ready {
            return Err(Failure::NotNow);
        }
        let soon = SystemTime::now() + Duration::from_secs(1);
        let unthrottle = status.mode() & claim::UNTHROTTLE != 0;
        if !terms.early && status.modified()? > soon {
            return Err(Failure::NotNow);
        }
        self.config.layout.rename_path(path, Folder::Active, id)?;
        Ok(State {
            force_expire: status.mode() & claim::FORCE_EXPIRE != 0,
            fresh: unthrottle,
            flushed: terms.flushed || unthrottle,
            ..State::default()
        })
    }

    fn open(&self, path: &Path, origin: Origin) -> Result<(File, Letter), Failure> {
        let file = claim::open(path)?;
        // Only a letter with a history may have an agent at work on it.
        let free = origin == Origin::New || claim::lock_exclusive(&file)?;
        if !free || !claim::lock_shared(&file)? {
            return Err(Failure::Busy);
        }
        let read = Letter::read(&mut Reader::new(&file), self.recipient_room());
        match read {
            Ok(letter) => Ok((file, letter)),
            Err(LetterError::Read(ReadError::Io(error))) => Err(Failure::Io(error)),
            Err(error) => Err(Failure::Damaged(error)),
        }
    }

    /// Enter the letter among the active ones, and have its recipients routed.
    fn activate(
        self: &Rc<Self>,
        id: &QueueId,
        file: File,
        letter: Letter,
        mut state: State,
        terms: Terms,
    ) {
        let layout = &self.config.layout;
        let mut has_reasons = false;
        if terms.origin == Origin::Found {
            let exists = |folder| layout.path(folder, id).exists();
            state.bounced = exists(Folder::Bounce);
            state.traced = exists(Folder::Trace);
            has_reasons = state.force_expire && exists(Folder::Defer);
        }
        let count = match letter.more {
            None => letter.recipients.len(),
            Some(_) => usize::try_from(letter.size.recipients)
                .unwrap_or(0)
                .saturating_sub(letter.finished),
        };
        maillog::info!(
            "{id}: from=<{}>, size={}, nrcpt={count} (queue active)",
            mail::logged(letter.sender.as_bytes()),
            letter.size.message_size
        );
        let message = Message {
            file: self.may_keep_open().then(|| Rc::new(file)),
            ..Message::new(id.clone(), letter, state)
        };
        if terms.folder == Folder::Incoming {
            self.count_token();
        }
        if state.fresh {
            clear_unthrottle(&layout.path(Folder::Active, id));
        }
        let key = self.enter(message);
        if has_reasons {
            // The defer log says why the letter waits; that is what its sender will read.
            return self.give_up(key);
        }
        if terms.origin == Origin::Found
            && let Err(error) = logfile::remove(layout, Folder::Defer, id)
        {
            maillog::warning!("{id}: remove defer log: {error}");
        }
        self.route(key);
    }

    /// Read the next recipients of a letter that has more than were in memory; says whether that worked.
    pub(crate) fn refill(self: &Rc<Self>, key: MessageId) -> bool {
        let Some((id, mut letter, file)) = self.with_message(key, |message| {
            message
                .rest
                .take()
                .map(|letter| (message.id.clone(), letter, message.file.clone()))
        }) else {
            return false;
        };
        let path = self.config.layout.path(Folder::Active, &id);
        let room = self.recipient_room();
        let read = file
            .map_or_else(|| reopen(&path).map(Rc::new), Ok)
            .map_err(|error| LetterError::Read(error.into()))
            .and_then(|file| {
                letter.more_recipients(&mut Reader::new(&*file), room)?;
                Ok(file)
            });
        match read {
            Ok(file) => {
                let count = self.with_message(key, |message| {
                    message.file = Some(file);
                    message.take(letter);
                    message.pending
                });
                self.recount(0, count);
                self.route(key);
            }
            Err(error) => {
                maillog::warning!("{id}: read more recipients: {error}");
                self.with_message(key, |message| message.state.deferred = true);
                return false;
            }
        }
        true
    }

    /// A damaged file goes where nobody delivers it.
    fn put_aside(&self, id: &QueueId, path: &Path, from: Folder, error: &dyn fmt::Display) {
        maillog::warning!("{id}: damaged queue file: {error}");
        maillog::warning!(
            "saving corrupt file \"{id}\" from queue \"{from}\" to queue \"corrupt\""
        );
        if let Err(error) = self.config.layout.rename_path(path, Folder::Corrupt, id) {
            maillog::warning!("{id}: move to corrupt: {error}");
        }
    }

    /// A file that cannot be delivered now goes to a folder where it is found again later.
    pub(crate) fn put_back(&self, id: &QueueId, path: &Path, to: Folder, wait: Duration) {
        let moved = claim::set_time(path, SystemTime::now() + wait)
            .and_then(|()| self.config.layout.rename_path(path, to, id));
        match moved {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                maillog::warning!("{id}: move to {to}: {error}");
            }
            _ => {}
        }
    }
}

/// Open an active letter again.
pub(crate) fn reopen(path: &Path) -> io::Result<File> {
    let file = claim::open(path)?;
    claim::lock_shared(&file)?;
    Ok(file)
}

/// Whether an open file still lies where it did.
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (ours, there) = (file.metadata()?, fs::symlink_metadata(path)?);
    Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino()))
}

/// The wish to be tried in spite of dead destinations holds for one attempt.
fn clear_unthrottle(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let cleared = fs::symlink_metadata(path).and_then(|status| {
        let mode = status.permissions().mode() & 0o7777 & !claim::UNTHROTTLE;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    });
    if let Err(error) = cleared {
        maillog::warning!("{}: {error}", path.display());
    }
}
