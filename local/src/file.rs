//! `/file/name`: a mailbox file, or a maildir if the name ends in a slash, that an alias or .forward names.

use std::path::Path;

use delivery::{Failure, Fate, Ids, Maildir, Mbox};

use crate::job::Job;
use crate::place::Place;

impl Job<'_> {
    /// Deliver to the file.
    pub(crate) fn file(&self, place: &Place, path: &[u8]) -> Fate {
        let config = self.config();
        let allowed = &config.aliases.allow_mail_to_files;
        if place
            .origin
            .word()
            .is_some_and(|origin| !allowed.has(origin))
        {
            return self.failed(place, (5, 7, 1), "mail to file is restricted");
        }
        let name = String::from_utf8_lossy(path).into_owned();
        let identity = config.identity_for(place.rights);
        if !self.first_time("file", format!("{} {name}", identity.uid).as_bytes()) {
            return Fate::DONE;
        }
        if self.is_probe() {
            return self.sent(place, format!("delivers to file: {name}"));
        }
        let owner = Ids {
            uid: identity.uid,
            gid: identity.gid,
        };
        if name.ends_with('/') {
            return self.to_maildir(place, &name, owner, "file");
        }
        let mbox = Mbox {
            path: Path::new(&name),
            owner,
            opener: owner,
            locking: &config.locking,
            limit: config.mailbox.mailbox_size_limit,
            strict_ownership: false,
            returned: true,
        };
        let lines = self.lines(place, "file", true);
        let outcome = mbox.deliver(&lines, &mut self.delivery.content());
        let outcome = outcome
            .map_err(|failure| failure.within(&format!("cannot append message to file {name}: ")));
        self.concluded(place, outcome, &format!("delivered to file: {name}"))
    }

    /// Deliver to a maildir.
    pub(crate) fn to_maildir(&self, place: &Place, path: &str, owner: Ids, kind: &str) -> Fate {
        let config = self.config();
        let maildir = Maildir {
            path: Path::new(path),
            owner,
            hostname: &config.myhostname,
            limit: config.mailbox.mailbox_size_limit,
            returned: true,
        };
        let lines = self.lines(place, kind, false);
        let outcome: Result<(), Failure> = maildir.deliver(&lines, &mut self.delivery.content());
        self.concluded(place, outcome, "delivered to maildir")
    }
}
