//! The mailbox of a user, by whatever main.cf says delivers to it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use delivery::{Failure, Fate, Ids, Mbox, pass};
use lookup::Maps;
use mail::DsnStatus;
use sys::nix::libc;
use sys::rights::effective_ids;
use sys::users::Account;

use crate::job::Job;
use crate::place::{Parts, Place};
use crate::rights::{borrow, ids};

impl Job<'_> {
    /// Deliver to the mailbox, or find out that there is no such user.
    pub(crate) fn mailbox(&self, place: &Place, parts: &Parts) -> Fate {
        let config = self.config();
        if !self.first_time("mailbox", &parts.user) {
            return Fate::DONE;
        }
        let transport = (
            &config.mailbox_transport_maps,
            config.forwarding.mailbox_transport.as_str(),
        );
        if let Some(fate) = self.other_transport(place, &parts.user, transport) {
            return fate;
        }
        let account = match parts.user_name().map(|name| self.account(name)) {
            Some(Ok(Some(account))) => account,
            Some(Err(failure)) => return self.failure(place, failure),
            Some(Ok(None)) | None => return self.unknown(place, parts),
        };
        if self.is_out_of_reach(&account) {
            return self.failed(
                place,
                (5, 2, 1),
                "mail system without root rights cannot deliver to another user",
            );
        }
        if config.mailbox.require_home_directory
            && let Err(failure) = home_is_there(&account)
        {
            return self.failure(place, failure);
        }
        let command = match ipc::now(config.mailbox_command_maps.find(&parts.user)) {
            Ok(Some(command)) => String::from_utf8_lossy(&command).into_owned(),
            Ok(None) => config.forwarding.mailbox_command.0.clone(),
            Err(_) => return self.failed(place, (4, 3, 0), "table lookup failure"),
        };
        if command.is_empty() {
            self.to_own_mailbox(place, &account)
        } else {
            self.user_command(place, parts, &command, &account)
        }
    }

    /// Without root we are one user and reach no other.
    pub(crate) fn is_out_of_reach(&self, account: &Account) -> bool {
        self.config().rootless && account.uid != effective_ids().0
    }

    /// Have another service deliver, if main.cf names one; `None` when it does not.
    pub(crate) fn other_transport(
        &self,
        place: &Place,
        user: &[u8],
        (maps, stock): (&Maps, &str),
    ) -> Option<Fate> {
        let transport = match ipc::now(maps.find(user)) {
            Ok(Some(transport)) => String::from_utf8_lossy(&transport).into_owned(),
            Ok(None) if stock.is_empty() => return None,
            Ok(None) => stock.to_owned(),
            Err(_) => {
                return Some(self.failed(place, (4, 3, 0), "table lookup failure"));
            }
        };
        let passed = ipc::now(pass(
            self.delivery,
            &place.recipient,
            &transport,
            self.config().ipc_timeout,
        ));
        Some(passed.unwrap_or_else(|error| {
            maillog::warning!("{}: {transport}: {error}", self.delivery.message().id);
            self.failed(place, (4, 3, 0), "mail transport unavailable")
        }))
    }

    fn to_own_mailbox(&self, place: &Place, account: &Account) -> Fate {
        let mailbox = &self.config().mailbox;
        let in_home = !mailbox.home_mailbox.is_empty();
        let path = if in_home {
            format!("{}/{}", account.home.display(), mailbox.home_mailbox)
        } else if mailbox.mail_spool_directory.ends_with('/') {
            format!("{}{}/", mailbox.mail_spool_directory, account.name)
        } else {
            format!("{}/{}", mailbox.mail_spool_directory, account.name)
        };
        let owner = ids(account);
        if path.ends_with('/') {
            return if self.is_probe() {
                self.sent(place, "delivers to maildir")
            } else {
                self.to_maildir(place, &path, owner, "file")
            };
        }
        if self.is_probe() {
            return self.sent(place, "delivers to mailbox");
        }
        let opener = if in_home {
            owner
        } else {
            spool_opener(&mailbox.mail_spool_directory, owner)
        };
        let mbox = Mbox {
            path: Path::new(&path),
            owner,
            opener,
            locking: &self.config().locking,
            limit: mailbox.mailbox_size_limit,
            strict_ownership: mailbox.strict_mailbox_ownership,
            returned: true,
        };
        let lines = self.lines(place, "file", true);
        let outcome = mbox.deliver(&lines, &mut self.delivery.content());
        let user = &account.name;
        let outcome = outcome.map_err(|failure| {
            failure.within(&format!("cannot update mailbox {path} for user {user}. "))
        });
        self.concluded(place, outcome, "delivered to mailbox")
    }
}

/// Who makes files in the spool directory: the user where everybody may, otherwise root, with the directory's group.
fn spool_opener(directory: &str, user: Ids) -> Ids {
    match fs::metadata(directory) {
        Ok(metadata) if metadata.mode() & libc::S_IWOTH != 0 => user,
        Ok(metadata) if effective_ids().0 == 0 => Ids {
            uid: 0,
            gid: metadata.gid(),
        },
        _ => {
            let (uid, gid) = effective_ids();
            Ids { uid, gid }
        }
    }
}

fn home_is_there(account: &Account) -> Result<(), Failure> {
    let what = format!("cannot access home directory {}", account.home.display());
    let failed = |error: std::io::Error| Failure::system(&what, &error);
    let _as_user = borrow(ids(account)).map_err(failed)?;
    let metadata = fs::metadata(&account.home).map_err(failed)?;
    if metadata.is_dir() {
        Ok(())
    } else {
        Err(Failure::new(
            DsnStatus::new(4, 3, 0),
            format!("{what}: not a directory"),
        ))
    }
}
