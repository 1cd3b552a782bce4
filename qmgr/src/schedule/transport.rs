//! A delivery agent's service: which of its destinations may deliver, and whether there is an agent at all.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use mail::outcome::Dsn;

use super::limits::TransportLimits;
use super::{DestinationId, JobId, MessageId};

/// A transport with its destinations and jobs.
#[derive(Debug)]
pub struct Transport {
    /// The name of the service in master.cf.
    pub name: String,
    /// What it allows.
    pub limits: TransportLimits,
    /// Its destinations by name.
    pub destinations: HashMap<Vec<u8>, DestinationId>,
    /// Its jobs by message.
    pub jobs: HashMap<MessageId, JobId>,
    /// Destinations that may begin a delivery, those first whose entry's turn is first.
    pub ready: BTreeSet<(u64, u64, DestinationId)>,
    /// The turn of the entry that began last.
    turn: u64,
    busy: usize,
    most: usize,
    next: Option<Instant>,
    down: Option<(Instant, Dsn)>,
}

impl Transport {
    /// A transport of which nothing bad is known.
    #[must_use]
    pub fn new(name: &str, limits: TransportLimits) -> Self {
        let most = if limits.transport_rate_delay.is_zero() {
            MOST_AT_ONCE
        } else {
            1
        };
        Self {
            name: name.to_owned(),
            limits,
            destinations: HashMap::new(),
            jobs: HashMap::new(),
            ready: BTreeSet::new(),
            turn: 0,
            busy: 0,
            most,
            next: None,
            down: None,
        }
    }

    /// The destination whose delivery is to begin, if one may.
    pub fn begin(&mut self, now: Instant) -> Option<DestinationId> {
        let paused = self.next.is_some_and(|next| next > now);
        if paused || self.down.is_some() || self.busy >= self.most {
            return None;
        }
        let &(_, _, destination) = self.ready.first()?;
        self.busy += 1;
        Some(destination)
    }

    /// An entry with that turn has begun.
    pub fn passed(&mut self, turn: u64) {
        self.turn = self.turn.max(turn);
    }

    /// The turn that the transport is at.
    #[must_use]
    pub const fn turn(&self) -> u64 {
        self.turn
    }

    /// A delivery is over.
    pub fn end(&mut self, now: Instant) {
        self.busy -= 1;
        if !self.limits.transport_rate_delay.is_zero() {
            self.next = Some(now + self.limits.transport_rate_delay);
        }
    }

    /// There is no agent; try again at that time.
    pub fn throttle(&mut self, until: Instant, dsn: Dsn) {
        self.down = Some((until, dsn));
    }

    /// Why nothing is delivered, if so.
    #[must_use]
    pub fn down(&self, now: Instant) -> Option<Dsn> {
        self.down
            .as_ref()
            .filter(|(until, _)| *until > now)
            .map(|(_, dsn)| dsn.clone())
    }

    /// Whether nothing is delivered.
    #[must_use]
    pub const fn is_down(&self) -> bool {
        self.down.is_some()
    }

    /// When it may deliver again.
    #[must_use]
    pub fn wakes(&self) -> Option<Instant> {
        let back = self.down.as_ref().map(|(until, _)| *until);
        back.or(self.next)
    }

    /// Come back if the time has come.
    pub fn wake(&mut self, now: Instant) {
        if self.down.as_ref().is_some_and(|(until, _)| *until <= now) {
            self.revive();
        }
        if self.next.is_some_and(|next| next <= now) {
            self.next = None;
        }
    }

    /// Come back at once.
    pub fn revive(&mut self) {
        self.down = None;
    }
}

/// More requests than that only wait in the service's socket; the kernel's backlog has room for them.
const MOST_AT_ONCE: usize = 400;
