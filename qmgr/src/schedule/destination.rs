//! A next hop on a transport: what waits for it, and how many deliveries it takes at once.
//!
//! The window grows with deliveries that end well and shrinks with those that do not reach the destination; after
//! enough rounds of failures the destination is dead for a while (SCHEDULER_README).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mail::outcome::Dsn;

use super::limits::TransportLimits;
use super::{DestinationId, EntryId, TransportId};

/// A destination with its waiting entries.
#[derive(Debug)]
pub struct Destination {
    /// Its transport.
    pub transport: TransportId,
    /// The next hop, as the agent understands it.
    pub nexthop: Vec<u8>,
    /// The transport's name for it: the next hop, or the one recipient.
    pub name: Vec<u8>,
    /// Entries that wait, oldest first.
    pub todo: VecDeque<EntryId>,
    /// Its place among those of its transport that may deliver.
    pub ready: Option<(u64, u64, DestinationId)>,
    window: usize,
    busy: usize,
    success: f64,
    failure: f64,
    failed_cohorts: f64,
    state: State,
}

#[derive(Debug)]
enum State {
    Up,
    /// Nothing begins before that time.
    Paused(Instant),
    /// Nothing is delivered before that time, for that reason.
    Dead(Instant, Dsn),
}

impl Destination {
    /// A destination of which nothing is known, with its first window.
    #[must_use]
    pub const fn new(
        transport: TransportId,
        nexthop: Vec<u8>,
        name: Vec<u8>,
        window: usize,
    ) -> Self {
        Self {
            transport,
            nexthop,
            name,
            todo: VecDeque::new(),
            ready: None,
            window,
            busy: 0,
            success: 0.0,
            failure: 0.0,
            failed_cohorts: 0.0,
            state: State::Up,
        }
    }

    /// How many entries wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.todo.len()
    }

    /// How many deliveries it takes at once, at present.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.window
    }

    /// How many deliveries are going on.
    #[must_use]
    pub const fn busy(&self) -> usize {
        self.busy
    }

    /// The entry that may begin now.
    #[must_use]
    pub fn first_ready(&self) -> Option<EntryId> {
        let free = matches!(self.state, State::Up) && self.busy < self.window;
        self.todo.front().copied().filter(|_| free)
    }

    /// Begin the first delivery.
    pub fn begin(&mut self) -> Option<EntryId> {
        let entry = self.todo.pop_front()?;
        self.busy += 1;
        Some(entry)
    }

    /// A delivery is over; the next waits for the pause.
    pub fn end(&mut self, now: Instant, pause: Duration) {
        self.busy -= 1;
        if !pause.is_zero() && matches!(self.state, State::Up) {
            self.state = State::Paused(now + pause);
        }
    }

    /// It was a delivery that reached the destination.
    pub fn succeeded(&mut self, limits: &TransportLimits) {
        if matches!(self.state, State::Dead(..)) {
            self.state = State::Up;
            self.window = limits.initial_window();
        }
        self.failed_cohorts = 0.0;
        // A window far beyond what is used would delay the effect of failures.
        if self.window < self.busy + 1 + limits.initial_destination_concurrency {
            self.success += limits.positive_feedback.at(self.window);
            while self.success + TINY >= 1.0 {
                self.window = self.window.saturating_add(1);
                self.success -= 1.0;
                self.failure = 0.0;
            }
        }
        self.window = self.window.min(limits.most());
    }

    /// It was a delivery that did not; says whether the destination is now dead, until the given time.
    pub fn failed(&mut self, limits: &TransportLimits, until: Instant, dsn: &Dsn) -> bool {
        if matches!(self.state, State::Dead(..)) {
            return false;
        }
        let window = f64::from(u32::try_from(self.window.max(1)).unwrap_or(u32::MAX));
        self.failed_cohorts += 1.0 / window;
        let limit = f64::from(u32::try_from(limits.failed_cohort_limit).unwrap_or(u32::MAX));
        if limits.failed_cohort_limit > 0 && self.failed_cohorts + TINY >= limit {
            self.state = State::Dead(until, dsn.clone());
            return true;
        }
        self.failure -= limits.negative_feedback.at(self.window);
        while self.failure < -TINY {
            self.window = self.window.saturating_sub(1);
            self.failure += 1.0;
            self.success = 0.0;
        }
        self.window = self.window.max(1);
        false
    }

    /// Why nothing is delivered, if so.
    #[must_use]
    pub fn dead(&self, now: Instant) -> Option<Dsn> {
        match &self.state {
            State::Dead(until, dsn) if *until > now => Some(dsn.clone()),
            State::Up | State::Paused(_) | State::Dead(..) => None,
        }
    }

    /// When it comes back by itself.
    #[must_use]
    pub const fn wakes(&self) -> Option<Instant> {
        match self.state {
            State::Up => None,
            State::Paused(until) | State::Dead(until, _) => Some(until),
        }
    }

    /// Come back if the time has come.
    pub fn wake(&mut self, now: Instant) {
        if self.wakes().is_some_and(|until| until <= now) {
            self.revive();
        }
    }

    /// Come back at once, with what is known about success kept and failures forgotten.
    pub fn revive(&mut self) {
        self.state = State::Up;
        self.failed_cohorts = 0.0;
        self.window = self.window.max(1);
    }

    /// Whether nothing about it is worth keeping.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.todo.is_empty() && self.busy == 0 && matches!(self.state, State::Up)
    }
}

/// Sums of fractions like 1/5 come out a little below the whole number.
const TINY: f64 = 1e-9;
