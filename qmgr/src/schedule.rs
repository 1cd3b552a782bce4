//! Which delivery comes next: the deciding part of the queue manager, without clock, files or sockets.
//!
//! Recipients of a message that have the same transport and next hop become *entries*, each one delivery. The entries of a
//! message on one transport are its *job*; the entries for one next hop wait in a *destination*, which allows as many
//! deliveries at once as its window says. Events go in ([`Schedule::add`], [`Schedule::finished`], the time), decisions come
//! out ([`Schedule::pick`], [`Schedule::refused`]). Among messages the choice is fair: of two that wait for the same transport
//! each gets every second delivery, so that a letter need not wait for the end of a mailing list.
//!
//! Mail for a destination that cannot be reached is handed to the `retry` transport, which says why and defers it.

pub mod destination;
pub mod entry;
pub mod feedback;
pub mod job;
pub mod limits;
pub mod transport;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use mail::outcome::Dsn;
use mail::{DsnStatus, Recipient};
use slab::Slab;

use destination::Destination;
use entry::Entry;
use job::Job;
use limits::TransportLimits;
use transport::Transport;

/// Declares the key of one kind of thing in the scheduler's tables.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub usize);
    )+};
}

ids!(
    /// A message; the doing part gives it its number.
    MessageId,
    /// A delivery agent's service.
    TransportId,
    /// A next hop on a transport.
    DestinationId,
    /// The deliveries of one message on one transport.
    JobId,
    /// One delivery.
    EntryId
);

/// The transport that defers what it is given, with the reason in the next hop.
pub const RETRY: &str = "retry";

/// What is special about a recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    /// Forget that its destination was unreachable.
    pub fresh: bool,
    /// Deliver it without others of its message.
    pub alone: bool,
}

/// How a delivery ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The agent did what could be done.
    Done,
    /// The destination could not be reached, for this reason.
    Unreachable(Dsn),
    /// There is no agent to talk to, or it failed, for this reason; nothing is known about the recipients.
    NoAgent(Dsn),
}

/// Recipients that not even the retry transport can take.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Their message.
    pub message: MessageId,
    /// Who they are.
    pub recipients: Vec<Recipient>,
    /// Why.
    pub dsn: Dsn,
}

/// How long failures are remembered.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// An unreachable destination: main.cf `minimal_backoff_time`.
    pub destination: Duration,
    /// A transport without agents: main.cf `transport_retry_time`.
    pub transport: Duration,
}

/// All that waits for delivery or is being delivered.
pub struct Schedule {
    transports: Slab<Transport>,
    destinations: Slab<Destination>,
    jobs: Slab<Job>,
    entries: Slab<Entry>,
    names: HashMap<String, TransportId>,
    limits: Box<dyn Fn(&str) -> TransportLimits>,
    patience: Patience,
    refused: Vec<Refused>,
    /// Counts entries, so that older ones go first.
    sequence: u64,
    /// The transport that was served last.
    last: usize,
    busy: usize,
    /// Whether [`Schedule::next_wake`] may have changed.
    waiting_changed: bool,
}

impl Schedule {
    /// Nothing yet; `limits` says what a transport of that name allows.
    pub fn new(limits: impl Fn(&str) -> TransportLimits + 'static, patience: Patience) -> Self {
        Self {
            transports: Slab::new(),
            destinations: Slab::new(),
            jobs: Slab::new(),
            entries: Slab::new(),
            names: HashMap::new(),
            limits: Box::new(limits),
            patience,
            refused: Vec::new(),
            sequence: 0,
            last: 0,
            busy: 0,
            waiting_changed: false,
        }
    }

    /// A recipient of a message is to be delivered by a transport to a next hop.
    pub fn add(
        &mut self,
        now: Instant,
        message: MessageId,
        (transport, nexthop): (&str, &[u8]),
        recipient: Recipient,
        wish: Wish,
    ) {
        let transport = self.transport(transport);
        if wish.fresh {
            self.revive_transport(transport);
        }
        if let Some(dsn) = self.transports[transport.0].down(now) {
            return self.retry(message, vec![recipient], dsn);
        }
        let destination = self.destination(transport, nexthop, &recipient);
        if wish.fresh {
            self.revive_destination(destination);
        }
        if let Some(dsn) = self.destinations[destination.0].dead(now) {
            return self.retry(message, vec![recipient], suspended(dsn));
        }
        self.queue(message, destination, recipient, wish.alone);
    }

    /// The next delivery to begin, if any may begin now.
    pub fn pick(&mut self, now: Instant) -> Option<EntryId> {
        let keys = self.transports.len();
        for step in 1..=keys {
            let index = (self.last + step) % keys;
            // Transports are never removed, so their keys have no gaps.
            let Some(transport) = self.transports.get_mut(index) else {
                continue;
            };
            let Some(destination) = transport.begin(now) else {
                continue;
            };
            self.last = index;
            let id = self.destinations[destination.0].begin()?;
            let entry = &mut self.entries[id.0];
            entry.busy = true;
            self.transports[index].passed(entry.rank);
            self.busy += 1;
            self.refresh(destination);
            return Some(id);
        }
        None
    }

    /// A delivery has ended. Gives back what it was.
    pub fn finished(&mut self, now: Instant, id: EntryId, outcome: Outcome) -> Entry {
        let entry = self.entries.remove(id.0);
        self.busy -= 1;
        let destination_id = entry.destination;
        let destination = &mut self.destinations[destination_id.0];
        let transport_id = destination.transport;
        let transport = &mut self.transports[transport_id.0];
        destination.end(now, transport.limits.destination_rate_delay);
        transport.end(now);
        self.waiting_changed |= !matches!(outcome, Outcome::Done);
        self.waiting_changed |= destination.wakes().is_some();
        match outcome {
            Outcome::Done => destination.succeeded(&transport.limits),
            Outcome::Unreachable(dsn) => {
                if destination.failed(&transport.limits, now + self.patience.destination, &dsn) {
                    self.give_up_destination(destination_id, &suspended(dsn));
                }
            }
            Outcome::NoAgent(dsn) => {
                transport.throttle(now + self.patience.transport, dsn.clone());
                let destinations: Vec<_> = transport.destinations.values().copied().collect();
                for other in destinations {
                    self.give_up_destination(other, &dsn);
                }
            }
        }
        self.waiting_changed |= self.transports[transport_id.0].wakes().is_some();
        self.leave_job(entry.job);
        self.refresh(destination_id);
        self.forget_if_idle(destination_id);
        entry
    }

    /// What an entry is about.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id.0]
    }

    /// Where an entry goes.
    #[must_use]
    pub fn destination_of(&self, id: EntryId) -> &Destination {
        &self.destinations[self.entries[id.0].destination.0]
    }

    /// By which transport an entry goes.
    #[must_use]
    pub fn transport_of(&self, id: EntryId) -> &Transport {
        &self.transports[self.destination_of(id).transport.0]
    }

    /// Recipients that could not be handed on since the last call; the caller defers them itself.
    pub fn refused(&mut self) -> Vec<Refused> {
        std::mem::take(&mut self.refused)
    }

    /// Give a recipient to the retry transport, with the reason.
    pub fn retry(&mut self, message: MessageId, recipients: Vec<Recipient>, dsn: Dsn) {
        let retry = self.transport(RETRY);
        if self.transports[retry.0].is_down() {
            self.refused.push(Refused {
                message,
                recipients,
                dsn,
            });
            return;
        }
        let nexthop = reason_as_nexthop(&dsn);
        for recipient in recipients {
            let destination = self.destination(retry, &nexthop, &recipient);
            self.queue(message, destination, recipient, false);
        }
    }

    /// When [`Schedule::wake`] is worth calling; `None` when nothing waits for the time.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        let transports = self
            .transports
            .iter()
            .filter_map(|(_, transport)| transport.wakes());
        let destinations = self
            .destinations
            .iter()
            .filter_map(|(_, destination)| destination.wakes());
        transports.chain(destinations).min()
    }

    /// Whether [`Schedule::next_wake`] may have changed since this was asked last.
    pub const fn waiting_changed(&mut self) -> bool {
        std::mem::replace(&mut self.waiting_changed, false)
    }

    /// Let those come back whose time has come.
    pub fn wake(&mut self, now: Instant) {
        for (_, transport) in &mut self.transports {
            transport.wake(now);
        }
        let due: Vec<_> = self
            .destinations
            .iter()
            .filter(|(_, destination)| destination.wakes().is_some_and(|time| time <= now))
            .map(|(key, _)| DestinationId(key))
            .collect();
        for id in due {
            self.destinations[id.0].wake(now);
            self.refresh(id);
            self.forget_if_idle(id);
        }
    }

    /// Forget all failures of transports and destinations.
    pub fn flush(&mut self) {
        let transports: Vec<_> = self.names.values().copied().collect();
        for id in transports {
            self.revive_transport(id);
        }
        let destinations: Vec<_> = self
            .destinations
            .iter()
            .map(|(key, _)| DestinationId(key))
            .collect();
        for id in destinations {
            self.revive_destination(id);
            self.forget_if_idle(id);
        }
    }

    /// How many deliveries are going on.
    #[must_use]
    pub const fn busy(&self) -> usize {
        self.busy
    }

    /// How many entries there are, waiting or going on.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// The destination with the most waiting entries: its next hop, its transport, how many.
    #[must_use]
    pub fn largest(&self) -> Option<(&[u8], &str, usize)> {
        let (_, largest) = self
            .destinations
            .iter()
            .max_by_key(|(_, destination)| destination.waiting())?;
        let transport = &self.transports[largest.transport.0];
        Some((&largest.nexthop, &transport.name, largest.waiting()))
    }

    fn transport(&mut self, name: &str) -> TransportId {
        if let Some(&id) = self.names.get(name) {
            return id;
        }
        let limits = (self.limits)(name);
        let id = TransportId(self.transports.insert(Transport::new(name, limits)));
        self.names.insert(name.to_owned(), id);
        id
    }

    /// The destination of a recipient: its next hop, or, where each delivery has one recipient, the recipient itself.
    fn destination(
        &mut self,
        transport_id: TransportId,
        nexthop: &[u8],
        recipient: &Recipient,
    ) -> DestinationId {
        let transport = &mut self.transports[transport_id.0];
        let single = transport.limits.destination_recipient_limit == 1;
        let name = if single {
            recipient.address.as_bytes()
        } else {
            nexthop
        };
        if let Some(&id) = transport.destinations.get(name) {
            // The same recipient may have got another next hop meanwhile, when tables changed.
            if self.destinations[id.0].nexthop == nexthop {
                return id;
            }
        }
        let window = transport.limits.initial_window();
        let destination = Destination::new(transport_id, nexthop.to_vec(), name.to_vec(), window);
        let id = DestinationId(self.destinations.insert(destination));
        transport.destinations.insert(name.to_vec(), id);
        id
    }

    fn queue(
        &mut self,
        message: MessageId,
        destination_id: DestinationId,
        recipient: Recipient,
        alone: bool,
    ) {
        let destination = &mut self.destinations[destination_id.0];
        let transport = &mut self.transports[destination.transport.0];
        let limit = transport.limits.destination_recipient_limit;
        // Recipients of a message come one after another, so an entry with room is the last one that waits.
        if let Some(&last) = destination.todo.back().filter(|_| !alone) {
            let last = &mut self.entries[last.0];
            if last.message == message && last.recipients.len() < limit {
                last.recipients.push(recipient);
                return;
            }
        }
        let job_id = match transport.jobs.get(&message) {
            Some(&id) => id,
            None => {
                let id = JobId(self.jobs.insert(Job::new(
                    message,
                    destination.transport,
                    transport.turn(),
                )));
                transport.jobs.insert(message, id);
                id
            }
        };
        let rank = self.jobs[job_id.0].next_rank();
        self.sequence += 1;
        let id = EntryId(self.entries.insert(Entry {
            message,
            job: job_id,
            destination: destination_id,
            recipients: vec![recipient],
            rank,
            sequence: self.sequence,
            busy: false,
        }));
        destination.todo.push_back(id);
        self.refresh(destination_id);
    }

    /// Hand everything that waits for a destination to the retry transport.
    fn give_up_destination(&mut self, id: DestinationId, dsn: &Dsn) {
        let destination = &mut self.destinations[id.0];
        let waiting = std::mem::take(&mut destination.todo);
        self.refresh(id);
        for entry in waiting {
            let entry = self.entries.remove(entry.0);
            self.leave_job(entry.job);
            self.retry(entry.message, entry.recipients, dsn.clone());
        }
        self.forget_if_idle(id);
    }

    fn leave_job(&mut self, id: JobId) {
        let job = &mut self.jobs[id.0];
        job.entries -= 1;
        if job.entries == 0 {
            self.transports[job.transport.0].jobs.remove(&job.message);
            self.jobs.remove(id.0);
        }
    }

    fn revive_transport(&mut self, id: TransportId) {
        self.transports[id.0].revive();
    }

    fn revive_destination(&mut self, id: DestinationId) {
        self.destinations[id.0].revive();
        self.refresh(id);
    }

    /// Keep the transport's order of destinations that may deliver in step with a destination.
    fn refresh(&mut self, id: DestinationId) {
        let Some(destination) = self.destinations.get_mut(id.0) else {
            return;
        };
        let key = destination.first_ready().map(|entry| {
            let entry = &self.entries[entry.0];
            (entry.rank, entry.sequence, id)
        });
        let transport = &mut self.transports[destination.transport.0];
        if destination.ready != key {
            if let Some(old) = destination.ready.take() {
                transport.ready.remove(&old);
            }
            transport.ready.extend(key);
            destination.ready = key;
        }
    }

    /// A destination without mail is forgotten, unless there is a failure or a pause to remember.
    fn forget_if_idle(&mut self, id: DestinationId) {
        let Some(destination) = self
            .destinations
            .get(id.0)
            .filter(|destination| destination.is_idle())
        else {
            return;
        };
        let transport = &mut self.transports[destination.transport.0];
        if transport.destinations.get(&destination.name) == Some(&id) {
            transport.destinations.remove(&destination.name);
        }
        self.destinations.remove(id.0);
    }
}

/// The reason that recipients get to hear whose destination failed for others.
fn suspended(mut dsn: Dsn) -> Dsn {
    let mut reason = b"delivery temporarily suspended: ".to_vec();
    reason.append(&mut dsn.reason);
    Dsn { reason, ..dsn }
}

/// A status code and a text, as the agents for errors take them in place of a next hop.
#[must_use]
pub fn reason_as_nexthop(dsn: &Dsn) -> Vec<u8> {
    let mut text = dsn.status.with_class(4).to_string().into_bytes();
    text.push(b' ');
    text.extend_from_slice(&dsn.reason);
    text
}

/// What is known when there is no agent: `4.3.0` and the reason.
#[must_use]
pub fn no_agent(reason: &str) -> Dsn {
    Dsn::new(DsnStatus::new(4, 3, 0), reason)
}

#[cfg(test)]
mod tests;
