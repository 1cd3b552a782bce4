//! One recipient of a request, and what was already done for it.

use std::cell::RefCell;
use std::collections::HashSet;

use delivery::{Cause, DeliveredTo, Delivery, EnvelopeLines, Failure, Fate};
use mail::outcome::Dsn;
use mail::stats::Moment;
use mail::{Address, DsnStatus, Recipient};
use sys::users::Account;

use crate::agent::Local;
use crate::place::Place;
use crate::resubmit::Resubmission;
use crate::settings::Config;

/// What log lines call us.
const RELAY: &str = "local";

/// The work for one recipient.
pub(crate) struct Job<'a> {
    pub(crate) agent: &'a Local,
    pub(crate) delivery: &'a Delivery<'a>,
    /// The recipient of the request.
    pub(crate) top: &'a Recipient,
    /// Where the letter was delivered before.
    pub(crate) delivered: &'a DeliveredTo,
    done: RefCell<HashSet<Vec<u8>>>,
    /// The account that was looked up last; it is needed for .forward and for the mailbox.
    last_account: RefCell<Option<Account>>,
    /// Letters that are to be written when all else is done.
    pub(crate) resubmissions: RefCell<Vec<Resubmission>>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(
        agent: &'a Local,
        delivery: &'a Delivery<'a>,
        top: &'a Recipient,
        delivered: &'a DeliveredTo,
    ) -> Self {
        Self {
            agent,
            delivery,
            top,
            delivered,
            done: RefCell::default(),
            last_account: RefCell::default(),
            resubmissions: RefCell::default(),
        }
    }

    /// Deliver to everything that the recipient stands for.
    pub(crate) fn run(&self) -> Fate {
        let fate = self.recipient(&Place::of(self.top));
        // What is to be tried again would be forwarded again.
        if fate.again {
            fate
        } else {
            fate.and(self.resubmit())
        }
    }

    pub(crate) const fn config(&self) -> &'a Config {
        &self.agent.config
    }

    /// Whether something is done for the first time; `false` for what was done before.
    pub(crate) fn first_time(&self, kind: &str, what: &[u8]) -> bool {
        let mut done = self.done.borrow_mut();
        let limit = self.config().duplicate_limit;
        let key = [kind.as_bytes(), b" ", what].concat();
        if done.contains(&key) {
            return false;
        }
        if limit == 0 || done.len() < limit {
            done.insert(key);
        }
        true
    }

    /// An account of this machine.
    pub(crate) fn account(&self, name: &str) -> Result<Option<Account>, Failure> {
        let mut last = self.last_account.borrow_mut();
        if last.as_ref().is_none_or(|account| account.name != name) {
            *last = sys::users::by_name(name).map_err(|error| {
                let reason = sys::reason(&error);
                maillog::warning!(
                    "{}: look up user {name}: {reason}",
                    self.delivery.message().id
                );
                Failure::new(DsnStatus::new(4, 3, 0), "user database lookup failure")
            })?;
        }
        Ok(last.clone())
    }

    /// Whether the request only asks what would happen.
    pub(crate) const fn is_probe(&self) -> bool {
        let flags = self.delivery.request().flags;
        flags.user_verify || flags.mta_verify
    }

    /// The sender that a delivery at this place has.
    pub(crate) fn sender<'b>(&'b self, place: &'b Place) -> &'b Address {
        place
            .owner
            .as_ref()
            .unwrap_or(&self.delivery.message().sender)
    }

    /// The lines that go before the letter; `kind` is the word of `prepend_delivered_header`.
    pub(crate) fn lines(&self, place: &Place, kind: &str, from_line: bool) -> Vec<u8> {
        let config = self.config();
        let with_delivered = config.forwarding.prepend_delivered_header.has(kind);
        let lines = EnvelopeLines {
            from_line: from_line.then(Moment::now),
            sender: Some(self.sender(place)),
            return_path: true,
            original: config
                .original_recipient
                .then_some(&place.recipient.original),
            delivered: with_delivered.then_some(&place.delivered),
        };
        lines.to_bytes()
    }

    pub(crate) fn sent(&self, place: &Place, text: impl Into<Vec<u8>>) -> Fate {
        self.sent_as(place, Dsn::new(DsnStatus::new(2, 0, 0), text))
    }

    pub(crate) fn sent_as(&self, place: &Place, dsn: Dsn) -> Fate {
        let attempt = self.delivery.attempt(&place.recipient, RELAY);
        ipc::now(self.delivery.reporter().sent(&attempt, dsn))
    }

    /// Returned or deferred, by the class of the status.
    pub(crate) fn failed(
        &self,
        place: &Place,
        status: (u8, u16, u16),
        reason: impl Into<Vec<u8>>,
    ) -> Fate {
        let (class, subject, detail) = status;
        self.failure(
            place,
            Failure::new(DsnStatus::new(class, subject, detail), reason),
        )
    }

    pub(crate) fn failure(&self, place: &Place, failure: Failure) -> Fate {
        if failure.cause == Cause::QueueFile {
            self.delivery.damaged();
        }
        let attempt = self.delivery.attempt(&place.recipient, RELAY);
        let reporter = self.delivery.reporter();
        let dsn = failure.into_dsn();
        if dsn.status.class == 5 {
            ipc::now(reporter.bounced(&attempt, dsn))
        } else {
            ipc::now(reporter.deferred(&attempt, dsn))
        }
    }

    /// The result of something that either worked, with these words, or failed.
    pub(crate) fn concluded(
        &self,
        place: &Place,
        outcome: Result<(), Failure>,
        words: &str,
    ) -> Fate {
        match outcome {
            Ok(()) => self.sent(place, words),
            Err(failure) => self.failure(place, failure),
        }
    }
}
