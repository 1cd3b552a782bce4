//! Looking through incoming/ and deferred/ for letters that nobody announced.
//!
//! One letter is taken from each folder in turn, so that neither keeps the other waiting, and only while there is room. A
//! scan that is asked for while it goes on begins anew when it ends.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::SystemTime;

use queue::{Folder, Scan, claim};
use tokio::task::yield_now;

use crate::intake::Terms;
use crate::manager::Manager;
use crate::message::Origin;

/// Files that are looked at before other work gets its turn.
const SLICE: usize = 20;

/// The scans that go on and those that are wanted.
#[derive(Default)]
pub(crate) struct Scans {
    incoming: Progress,
    deferred: Progress,
    /// What was asked of the next scan of deferred mail.
    next: Manner,
    now: Manner,
}

#[derive(Default)]
struct Progress {
    scan: Option<Scan>,
    wanted: bool,
}

/// How deferred mail is looked through.
#[derive(Clone, Copy, Default)]
struct Manner {
    /// Whatever the letters' times.
    early: bool,
    /// Also mail whose transport is in defer_transports.
    flushed: bool,
}

impl Manager {
    /// Look through arrived mail.
    pub(crate) fn want_incoming(&self) {
        self.scans.borrow_mut().incoming.wanted = true;
        self.feed.notify_one();
    }

    /// Look through deferred mail.
    pub(crate) fn want_deferred(&self) {
        self.scans.borrow_mut().deferred.wanted = true;
        self.feed.notify_one();
    }

    /// The next look through deferred mail takes all of it.
    pub(crate) fn want_all(&self) {
        self.scans.borrow_mut().next.early = true;
    }

    /// The next look through deferred mail takes what defer_transports holds back.
    pub(crate) fn want_flush(&self) {
        self.scans.borrow_mut().next.flushed = true;
    }

    /// Take letters in, for as long as the program lives.
    pub(crate) async fn feed(self: Rc<Self>) {
        loop {
            let mut idle = true;
            for step in 0..SLICE {
                if !self.has_room() {
                    break;
                }
                let folder = if step % 2 == 0 {
                    Folder::Incoming
                } else {
                    Folder::Deferred
                };
                idle &= !self.take_next(folder);
            }
            self.put_tokens();
            if idle {
                self.feed.notified().await;
            } else {
                yield_now().await;
            }
        }
    }

    /// Look at the next file of a folder; says whether there was one.
    fn take_next(self: &Rc<Self>, folder: Folder) -> bool {
        let (found, manner) = {
            let mut scans = self.scans.borrow_mut();
            let found = scans.next_file(folder);
            (
                found,
                if folder == Folder::Deferred {
                    scans.now
                } else {
                    Manner::default()
                },
            )
        };
        let Some(found) = found else { return false };
        let terms = Terms {
            folder,
            origin: Origin::Found,
            early: manner.early,
            flushed: manner.flushed,
        };
        self.take_in(&found.id, &found.path, terms);
        true
    }

    /// What was active when the last queue manager ended is new again.
    pub(crate) fn recover_active(&self) -> std::io::Result<()> {
        for found in Scan::new(Folder::Active)? {
            let found = found?;
            let moved = claim::set_time(&found.path, SystemTime::now()).and_then(|()| {
                self.config
                    .layout
                    .rename_path(&found.path, Folder::Incoming, &found.id)
            });
            if let Err(error) = moved {
                maillog::warning!("{}: move from active to incoming: {error}", found.id);
            }
        }
        Ok(())
    }
}

impl Scans {
    fn next_file(&mut self, folder: Folder) -> Option<queue::scan::Found> {
        let progress = if folder == Folder::Deferred {
            &mut self.deferred
        } else {
            &mut self.incoming
        };
        if progress.scan.is_none() && std::mem::take(&mut progress.wanted) {
            match Scan::new(folder) {
                Ok(scan) => progress.scan = Some(scan),
                Err(error) => maillog::warning!("scan {folder}: {error}"),
            }
            if folder == Folder::Deferred {
                self.now = std::mem::take(&mut self.next);
            }
        }
        let scan = progress.scan.as_mut()?;
        match scan.next_file() {
            Ok(Some(found)) => return Some(found),
            Ok(None) => {}
            Err(error) => maillog::warning!("scan {folder}: {error}"),
        }
        progress.scan = None;
        if progress.wanted {
            return self.next_file(folder);
        }
        None
    }
}

/// So that [`Manager`] can hold it behind a shared reference.
pub(crate) type SharedScans = RefCell<Scans>;
