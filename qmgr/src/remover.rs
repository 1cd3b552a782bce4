//! Removing the files of finished letters, in a thread beside the loop.
//!
//! A file system that writes its journal lets a removal wait for a millisecond and more, and with it everything that the loop
//! has to do. The thread starts with the first letter, and [`Remover`] waits for its last one when it goes. Until then the
//! file lies in active/ with all recipients done, which a queue manager that starts anew removes as well.

use std::cell::RefCell;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use mail::QueueId;
use queue::{Folder, Layout, claim};

/// Removes files of active/.
pub(crate) struct Remover {
    layout: Layout,
    running: RefCell<Option<(Sender<QueueId>, JoinHandle<()>)>>,
}

impl Remover {
    /// Nothing to remove so far.
    pub(crate) const fn new(layout: Layout) -> Self {
        Self {
            layout,
            running: RefCell::new(None),
        }
    }

    /// Remove the file of a letter, and say so in the log.
    pub(crate) fn remove(&self, id: &QueueId) {
        let mut running = self.running.borrow_mut();
        if running.is_none() {
            *running = self.start().ok();
        }
        let taken = running
            .as_ref()
            .is_some_and(|(orders, _)| orders.send(id.clone()).is_ok());
        if !taken {
            remove(&self.layout, id);
        }
    }

    fn start(&self) -> io::Result<(Sender<QueueId>, JoinHandle<()>)> {
        let layout = self.layout.clone();
        let (orders, received): (_, Receiver<QueueId>) = channel();
        let work = move || received.iter().for_each(|id| remove(&layout, &id));
        let thread = thread::Builder::new().name("remover".to_owned());
        Ok((orders, thread.spawn(work)?))
    }
}

impl Drop for Remover {
    fn drop(&mut self) {
        if let Some((orders, thread)) = self.running.take() {
            drop(orders);
            let _ = thread.join();
        }
    }
}

fn remove(layout: &Layout, id: &QueueId) {
    match layout.remove(Folder::Active, id) {
        Ok(()) => maillog::info!("{id}: removed"),
        // Somebody removed it already, such as postsuper(1).
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            maillog::warning!("{id}: remove from active: {error}");
            let path = layout.path(Folder::Active, id);
            if let Err(error) = claim::set_time(&path, SystemTime::now()) {
                maillog::warning!("{id}: {error}");
            }
        }
    }
}
