//! One request of the queue manager, on its way through an agent.

use std::cell::{Cell, RefCell};
use std::fs::File;

use mail::outcome::Dsn;
use mail::stats::Moment;
use mail::{Recipient, Times};
use records::delivery::{Message, Report, Request};

use crate::content::Content;
use crate::reporter::{Attempt, Fate, Reporter};

/// A request, its open queue file, and what has been reported about its recipients.
///
/// Each recipient is to be reported exactly once, by [`Self::sent`], [`Self::deferred`] or [`Self::bounced`]. One that is
/// not reported is tried again.
pub struct Delivery<'a> {
    request: Request,
    file: File,
    reporter: &'a Reporter,
    times: Cell<Times>,
    open: RefCell<Vec<bool>>,
    report: RefCell<Report>,
}

impl<'a> Delivery<'a> {
    /// Start on a request.
    #[must_use]
    pub fn new(request: Request, file: File, reporter: &'a Reporter) -> Self {
        let times = Times {
            arrival: request.message.arrival,
            active: Some(request.active),
            agent: Some(Moment::now()),
            ..Times::default()
        };
        Self {
            open: RefCell::new(vec![true; request.recipients.len()]),
            request,
            file,
            reporter,
            times: Cell::new(times),
            report: RefCell::new(Report {
                deferred: false,
                bounced: false,
                traced: false,
                destination: None,
            }),
        }
    }

    /// What is asked.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// The letter.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.request.message
    }

    /// The queue file, open for reading and writing; its own position means nothing.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// The letter's content, from its start.
    #[must_use]
    pub fn content(&self) -> Content<'_> {
        Content::new(&self.file, self.request.message.data_offset)
    }

    /// Recipients that nothing was reported about, in the order of the request.
    #[must_use]
    pub fn remaining(&self) -> Vec<&Recipient> {
        let open = self.open.borrow();
        let recipients = self.request.recipients.iter().zip(open.iter());
        recipients
            .filter_map(|(recipient, open)| open.then_some(recipient))
            .collect()
    }

    /// The moments so far.
    #[must_use]
    pub const fn times(&self) -> Times {
        self.times.get()
    }

    /// The connection to the next hop is ready; it had been used so often before.
    pub fn connected(&self, reuse_count: u32) {
        self.times.set(Times {
            connected: Some(Moment::now()),
            reuse_count,
            ..self.times.get()
        });
    }

    /// The next attempt starts: no connection yet.
    pub fn unconnected(&self) {
        self.times.set(Times {
            connected: None,
            reuse_count: 0,
            ..self.times.get()
        });
    }

    /// The recipient has the mail, on stable storage.
    pub async fn sent(&self, recipient: &Recipient, relay: &str, dsn: Dsn) -> Fate {
        let fate = self
            .reporter
            .sent(&self.attempt(recipient, relay), dsn)
            .await;
        self.settle(recipient, fate);
        fate
    }

    /// The recipient is to be tried again.
    pub async fn deferred(&self, recipient: &Recipient, relay: &str, dsn: Dsn) -> Fate {
        let fate = self
            .reporter
            .deferred(&self.attempt(recipient, relay), dsn)
            .await;
        self.settle(recipient, fate);
        fate
    }

    /// The recipient is given up.
    pub async fn bounced(&self, recipient: &Recipient, relay: &str, dsn: Dsn) -> Fate {
        let fate = self
            .reporter
            .bounced(&self.attempt(recipient, relay), dsn)
            .await;
        self.settle(recipient, fate);
        fate
    }

    /// Deferred or bounced, by the class of the status code.
    pub async fn failed(&self, recipient: &Recipient, relay: &str, dsn: Dsn) -> Fate {
        if dsn.status.class == 5 {
            self.bounced(recipient, relay, dsn).await
        } else {
            self.deferred(recipient, relay, dsn).await
        }
    }

    /// The whole destination could not be reached: the queue manager may hold back other mail for it.
    pub fn unreachable(&self, dsn: Dsn) {
        self.report.borrow_mut().destination = Some(dsn);
    }

    /// An attempt as the [`Reporter`] wants it, for agents that report about addresses which the request does not have
    /// (members of an alias). Follow with [`Self::settle`] for the recipient of the request.
    #[must_use]
    pub fn attempt<'b>(&'b self, recipient: &'b Recipient, relay: &'b str) -> Attempt<'b> {
        Attempt {
            id: &self.request.message.id,
            flags: self.request.flags,
            recipient,
            relay,
            times: Times {
                done: Some(Moment::now()),
                ..self.times.get()
            },
        }
    }

    /// Where reports go.
    #[must_use]
    pub const fn reporter(&self) -> &'a Reporter {
        self.reporter
    }

    /// Nothing more is to be reported about a recipient of the request: mark it as done, or leave it to be tried again.
    pub fn settle(&self, recipient: &Recipient, fate: Fate) {
        let same = |other: &Recipient| std::ptr::eq(other, recipient) || other == recipient;
        if let Some(place) = self.request.recipients.iter().position(same)
            && let Some(open) = self.open.borrow_mut().get_mut(place)
        {
            *open = false;
        }
        let mut report = self.report.borrow_mut();
        report.deferred |= fate.again;
        report.bounced |= fate.bounced;
        report.traced |= fate.traced;
        if !fate.again
            && recipient.offset > 0
            && let Err(error) = queue::edit::mark_done(&self.file, recipient.offset)
        {
            maillog::warning!("{}: update queue file: {error}", self.request.message.id);
            report.deferred = true;
        }
    }

    /// The queue file cannot be read: the queue manager is to put it aside.
    pub fn damaged(&self) {
        if let Err(error) = queue::claim::mark_damaged(&self.file) {
            maillog::warning!(
                "{}: mark queue file as corrupt: {error}",
                self.request.message.id
            );
        }
        self.report.borrow_mut().deferred = true;
    }

    /// What the queue manager hears. Recipients without a report are to be tried again.
    #[must_use]
    pub fn finish(self) -> Report {
        let mut report = self.report.into_inner();
        if self.open.borrow().contains(&true) {
            report.deferred = true;
        }
        report
    }
}
