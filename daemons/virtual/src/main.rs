//! virtual(8): delivers to the mailboxes of hosted domains, which tables say all about: path, user id, group id.
//!
//! Takes delivery requests from qmgr(8). Runs as root and takes on the mailbox's user and group for each access.
//! Never forwards, never runs a command, never writes with an id below virtual_minimum_uid.
//! Logs one line for each recipient, and what is wrong with a table.

mod mailboxes;

use std::process::ExitCode;

use delivery::{
    Cause, DeliveredTo, Delivery, EnvelopeLines, Failure, Fate, Maildir, Mbox, WorkerAgent,
};
use mail::outcome::Dsn;
use mail::stats::Moment;
use mail::{DsnStatus, Recipient};
use mailboxes::{Mailbox, Mailboxes};
use service::{Fatal, Start};

/// What log lines call us.
const RELAY: &str = "virtual";

fn main() -> ExitCode {
    delivery::run_worker::<Virtual>()
}

struct Virtual(Mailboxes);

impl WorkerAgent for Virtual {
    const NAME: &'static str = "virtual";

    fn open(start: &Start) -> Result<Self, Fatal> {
        Ok(Self(Mailboxes::open(&start.settings, start.rootless)?))
    }

    fn deliver(&mut self, delivery: &Delivery<'_>) {
        let seen = DeliveredTo::read(&mut delivery.content());
        for recipient in delivery.remaining() {
            let outcome = match &seen {
                Ok(seen) if seen.contains(&recipient.address) => Err(loops(recipient)),
                Ok(_) => self.recipient(delivery, recipient),
                Err(error) => Err(Failure {
                    cause: Cause::QueueFile,
                    ..Failure::new(
                        DsnStatus::new(4, 3, 0),
                        format!("queue file read error: {error}"),
                    )
                }),
            };
            let _ = report(delivery, recipient, outcome);
        }
    }

    fn changed(&self) -> Option<&str> {
        self.0.changed()
    }
}

fn report(delivery: &Delivery<'_>, recipient: &Recipient, outcome: Result<&str, Failure>) -> Fate {
    match outcome {
        Ok(text) => {
            let dsn = Dsn::new(DsnStatus::new(2, 0, 0), text);
            ipc::now(delivery.sent(recipient, RELAY, dsn))
        }
        Err(failure) => {
            if failure.cause == Cause::QueueFile {
                delivery.damaged();
            }
            ipc::now(delivery.failed(recipient, RELAY, failure.into_dsn()))
        }
    }
}

fn loops(recipient: &Recipient) -> Failure {
    let address = String::from_utf8_lossy(recipient.address.as_bytes());
    Failure::new(
        DsnStatus::new(5, 4, 6),
        format!("mail forwarding loop for {address}"),
    )
}

impl Virtual {
    /// Deliver to one recipient; the words for the log line.
    fn recipient(
        &self,
        delivery: &Delivery<'_>,
        recipient: &Recipient,
    ) -> Result<&'static str, Failure> {
        let address = String::from_utf8_lossy(recipient.address.as_bytes());
        let Some(mailbox) = ipc::now(self.0.of(&recipient.address))? else {
            return Err(Failure::new(
                DsnStatus::new(5, 1, 1),
                format!("unknown user: \"{address}\""),
            ));
        };
        let flags = delivery.request().flags;
        let probe = flags.user_verify || flags.mta_verify;
        match (mailbox.is_maildir(), probe) {
            (true, true) => Ok("delivers to maildir"),
            (false, true) => Ok("delivers to mailbox"),
            (true, false) => self.to_maildir(delivery, recipient, &mailbox),
            (false, false) => self
                .to_mbox(delivery, recipient, &mailbox)
                .map_err(|failure| {
                    let path = mailbox.path.display();
                    failure.within(&format!(
                        "cannot update mailbox {path} for user {address}. "
                    ))
                }),
        }
    }

    fn to_maildir(
        &self,
        delivery: &Delivery<'_>,
        recipient: &Recipient,
        mailbox: &Mailbox,
    ) -> Result<&'static str, Failure> {
        let maildir = Maildir {
            path: &mailbox.path,
            owner: mailbox.owner,
            hostname: &self.0.myhostname,
            limit: self.0.limit,
            returned: false,
        };
        let lines = self.lines(delivery, recipient, None);
        maildir.deliver(&lines, &mut delivery.content())?;
        Ok("delivered to maildir")
    }

    fn to_mbox(
        &self,
        delivery: &Delivery<'_>,
        recipient: &Recipient,
        mailbox: &Mailbox,
    ) -> Result<&'static str, Failure> {
        let mbox = Mbox {
            path: &mailbox.path,
            owner: mailbox.owner,
            opener: mailbox.owner,
            locking: &self.0.locking,
            limit: self.0.limit,
            strict_ownership: self.0.strict_ownership,
            returned: false,
        };
        let lines = self.lines(delivery, recipient, Some(Moment::now()));
        mbox.deliver(&lines, &mut delivery.content())?;
        Ok("delivered to mailbox")
    }

    fn lines(
        &self,
        delivery: &Delivery<'_>,
        recipient: &Recipient,
        from_line: Option<Moment>,
    ) -> Vec<u8> {
        let lines = EnvelopeLines {
            from_line,
            sender: Some(&delivery.message().sender),
            return_path: true,
            original: self.0.original_recipient.then_some(&recipient.original),
            delivered: Some(&recipient.address),
        };
        lines.to_bytes()
    }
}
