//! How many messages were dealt with, and the summary lines.

use crate::options::{Action, Request};

/// Counts of messages.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    requeued: usize,
    deleted: usize,
    expired: usize,
    held: usize,
    released: usize,
}

impl Tally {
    /// So many more messages to which this was done.
    pub(crate) const fn add(&mut self, action: Action, messages: usize) {
        let counter = match action {
            Action::Requeue => &mut self.requeued,
            Action::Delete => &mut self.deleted,
            Action::Expire | Action::ExpireAndRelease => &mut self.expired,
            Action::Hold => &mut self.held,
            Action::Release => &mut self.released,
        };
        *counter += messages;
    }

    /// Log a line for each kind of request that was made, also when it found nothing.
    pub(crate) fn report(&self, requests: &[Request]) {
        let asked = |actions: &[Action]| {
            requests
                .iter()
                .any(|request| actions.contains(&request.action))
        };
        let lines = [
            (asked(&[Action::Requeue]), "Requeued", self.requeued),
            (asked(&[Action::Delete]), "Deleted", self.deleted),
            (
                asked(&[Action::Expire, Action::ExpireAndRelease]),
                "Force-expired",
                self.expired,
            ),
            (asked(&[Action::Hold]), "Placed on hold", self.held),
            (
                asked(&[Action::Release, Action::ExpireAndRelease]),
                "Released from hold",
                self.released,
            ),
        ];
        for (_, what, count) in lines.into_iter().filter(|(asked, _, _)| *asked) {
            log_count(what, count);
        }
    }
}

/// Log `what: N messages`.
pub(crate) fn log_count(what: &str, count: usize) {
    let plural = if count == 1 { "" } else { "s" };
    maillog::info!("{what}: {count} message{plural}");
}
