//! `ALL`: the messages of whole folders.
//!
//! Deletion takes one call for a message and one for a log: the log folders are gone through once, after the messages, so
//! that nobody looks for logs of the many messages that have none. Most of its time is the file system's, so it is done by
//! several threads.

use std::collections::HashSet;
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use command::Fatal;
use mail::QueueId;
use queue::scan::Found;
use queue::{Folder, Scan};

use crate::message::{self, LOGS, Messages};
use crate::options::Action;

/// More threads only wait for each other.
const MAX_THREADS: usize = 4;
/// So many files are given to a thread at once, and so often.
const CHUNK: usize = 256;
const CHUNKS: usize = 16;

/// Do something to all messages of some folders.
pub(crate) fn act(
    messages: &mut Messages<'_>,
    action: Action,
    folders: &[Folder],
) -> Result<(), Fatal> {
    for &folder in folders {
        for found in Scan::new(folder).map_err(|error| failed(folder, &error))? {
            let found = found.map_err(|error| failed(folder, &error))?;
            messages.act_on_found(action, folder, &found);
        }
    }
    Ok(())
}

/// Delete all messages of some folders with their logs; `orphans`: logs that have no message, too.
pub(crate) fn delete(
    messages: &mut Messages<'_>,
    folders: &[Folder],
    orphans: bool,
) -> Result<(), Fatal> {
    let mut deleted = HashSet::new();
    // What the queue manager moved into a folder behind our back is met in the second round.
    for _ in 0..2 {
        for &folder in folders {
            if Action::Delete.applies_to(folder) {
                deleted.extend(delete_in(folder, message::delete_found)?);
            }
        }
    }
    messages.count_deleted(deleted.len());
    for logs in LOGS {
        let wanted = folders.contains(&logs);
        if wanted || orphans || !deleted.is_empty() {
            delete_in(logs, |log| {
                let left =
                    wanted || deleted.contains(&log.id) || (orphans && !messages.exists(&log.id));
                left && message::delete_log(log)
            })?;
        }
    }
    Ok(())
}

/// Delete what is to be deleted in a folder, says which that was.
fn delete_in(
    folder: Folder,
    delete: impl Fn(&Found) -> bool + Sync,
) -> Result<Vec<QueueId>, Fatal> {
    let mut scan = Scan::new(folder).map_err(|error| failed(folder, &error))?;
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(MAX_THREADS));
    let (sender, receiver) = sync_channel(CHUNKS);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let work = || worker(&receiver, &delete);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let scanned = loop {
            match chunk(&mut scan) {
                Ok(found) if found.is_empty() => break Ok(()),
                // All workers gone would mean that they panicked, which the join tells.
                Ok(found) => {
                    if sender.send(found).is_err() {
                        break Ok(());
                    }
                }
                Err(error) => break Err(failed(folder, &error)),
            }
        };
        drop(sender);
        let mut deleted = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(ids) => deleted.extend(ids),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        scanned.map(|()| deleted)
    })
}

fn worker(receiver: &Mutex<Receiver<Vec<Found>>>, delete: impl Fn(&Found) -> bool) -> Vec<QueueId> {
    let mut deleted = Vec::new();
    let next = || {
        receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv()
    };
    while let Ok(chunk) = next() {
        deleted.extend(chunk.into_iter().filter(&delete).map(|found| found.id));
    }
    deleted
}

/// The next files; none at the end.
fn chunk(scan: &mut Scan) -> io::Result<Vec<Found>> {
    scan.take(CHUNK).collect()
}

fn failed(folder: Folder, error: &io::Error) -> Fatal {
    Fatal::io(format_args!("scan {folder}"), error)
}
