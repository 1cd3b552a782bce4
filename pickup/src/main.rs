//! pickup(8) - take local mail out of maildrop/.
//!
//! Woken by postdrop(1), postkick(1) and master's timer. Looks through maildrop/, checks each complete file again
//! (`queue::submission`), hands it to cleanup(8) with a Received: header, and removes it once cleanup has the letter on
//! stable storage. A letter that cannot be handed over now stays; a file that makes no sense is removed.
//! Never follows a link, never opens what is no regular file, never answers anybody.
//! Logs `queueid: uid=N from=<sender>` for each letter, and a warning for each file that is removed or stays.

mod claim;
mod config;
mod copy;
mod requeued;
mod scan;

use std::process::ExitCode;
use std::rc::Rc;

use service::{Fatal, Start, Triggered, Triggers};

use crate::config::Config;

fn main() -> ExitCode {
    service::triggered::<Pickup>()
}

struct Pickup(Rc<Config>);

impl Triggered for Pickup {
    const NAME: &'static str = "pickup";

    fn open(start: &Start) -> Result<Self, Fatal> {
        Ok(Self(Rc::new(Config::load(start)?)))
    }

    async fn run(self, mut triggers: Triggers) -> Result<(), Fatal> {
        while triggers.next().await.is_some() {
            // One look at the folder answers all calls that came before it.
            while triggers.waiting().is_some() {}
            scan::scan(&self.0).await?;
        }
        // Whoever called us while we were told to leave has put a letter there.
        scan::scan(&self.0).await
    }
}
