//! showq(8): lists the mail queue for postqueue(1), mailq(1) and whoever watches the queue.
//!
//! Whoever connects gets the whole list and then the end of the connection; nothing is read from a client. The list is
//! the reference's own wire format ([`wire`]), because metrics exporters read it too. showq only reads: it never locks,
//! moves or marks a file, and a file that vanishes meanwhile is not in the list. Logs damaged files it came across.

mod listing;
mod message;
mod wire;

use std::rc::Rc;

use config::params::queue::Folders;
use config::params::rewrite::Syntax;
use queue::Layout;
use service::{Client, Conversations, Fatal, Start};

/// The daemon.
pub struct Showq {
    layout: Layout,
    /// What the null sender is shown as.
    null_sender: String,
}

impl Conversations for Showq {
    const NAME: &'static str = "showq";

    fn open(start: &Start) -> Result<Self, Fatal> {
        let folders: Folders = start.settings.get()?;
        let names = folders.hash_queue_names.iter().map(AsRef::as_ref);
        Ok(Self {
            layout: Layout::new(names, folders.hash_queue_depth),
            null_sender: start.settings.get::<Syntax>()?.empty_address_recipient,
        })
    }

    async fn converse(self: Rc<Self>, client: &mut Client) {
        // A reader that went away wants no more of the list.
        let _ = listing::send(&self, &mut client.socket).await;
    }
}
