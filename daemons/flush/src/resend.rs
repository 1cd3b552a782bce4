//! Bringing deferred mail back: its time and mode say "now, whatever is known about the destination", and one rename
//! makes it new mail.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use mail::QueueId;
use queue::{Folder, Layout, claim};

/// Look at new mail.
const INCOMING: &[u8] = b"I";

/// Have these messages delivered now. Those that are gone, or being delivered, are passed over.
pub(crate) fn messages<'a>(
    layout: &Layout,
    ids: impl IntoIterator<Item = &'a QueueId>,
    queue_manager: &Path,
) {
    let mut moved = false;
    for id in ids {
        match message(layout, id) {
            Ok(()) => moved = true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                maillog::warning!("{id}: cannot be taken out of the deferred queue: {error}")
            }
        }
    }
    // A queue manager that is not there looks at new mail when it starts.
    if moved {
        let _ = ipc::wake(queue_manager, INCOMING);
    }
}

fn message(layout: &Layout, id: &QueueId) -> io::Result<()> {
    let deferred = layout.path(Folder::Deferred, id);
    claim::add_mode(&deferred, claim::UNTHROTTLE)?;
    claim::set_time(&deferred, SystemTime::now())?;
    layout.rename(id, Folder::Deferred, Folder::Incoming)
}
