//! Places: how many clients a process serves at once, and which of them it is serving.
//!
//! A client that keeps its connection for a later request gives its place up while it has none, so that others are served
//! meanwhile; it gets a place again when it speaks. master hears how many places are free.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::Process;
use crate::limits::Limits;
use crate::status::Status;

/// How many clients may keep a connection without a place.
const RESTING: usize = 256;

/// The places of a process.
pub(crate) struct Places {
    limits: Limits,
    busy: Cell<usize>,
    connected: Cell<usize>,
    used: Cell<u64>,
    idle_since: Cell<Instant>,
    status: RefCell<Status>,
    /// Wakes the loop that takes clients.
    pub(crate) freed: Notify,
    /// Wakes a client that speaks again.
    returned: Notify,
    pub(crate) process: Rc<Process>,
}

impl Places {
    pub(crate) fn new(limits: Limits, status: Status) -> Rc<Self> {
        let places = Rc::new(Self {
            limits,
            busy: Cell::new(0),
            connected: Cell::new(0),
            used: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
            status: RefCell::new(status),
            freed: Notify::new(),
            returned: Notify::new(),
            process: Rc::new(Process::default()),
        });
        places.report();
        places
    }

    /// How often to look at the clock.
    pub(crate) fn tick(&self) -> Duration {
        self.limits
            .idle
            .clamp(Duration::from_millis(100), Duration::from_secs(10))
    }

    pub(crate) fn busy(&self) -> usize {
        self.busy.get()
    }

    /// Whether another client can be taken.
    pub(crate) fn has_room(&self) -> bool {
        self.is_free() && self.connected.get() < self.limits.places.saturating_add(RESTING)
    }

    /// Whether the process should leave.
    pub(crate) fn is_due(&self) -> bool {
        let idle = self.busy.get() == 0 && self.idle_since.get().elapsed() >= self.limits.idle;
        idle || self.used.get() >= self.limits.uses || self.process.is_retiring()
    }

    /// Tell master that the process takes no client any more.
    pub(crate) fn leave(&self) {
        self.process.retire();
        self.report();
    }

    fn is_free(&self) -> bool {
        self.busy.get() < self.limits.places
    }

    fn report(&self) {
        let mut status = self.status.borrow_mut();
        // When master is gone, the end of the channel says so.
        let _ = if self.process.is_retiring() {
            status.leaving(self.busy.get())
        } else {
            status.free_places(self.limits.places.saturating_sub(self.busy.get()))
        };
    }
}

/// The place of one client; gone with it.
pub struct Place {
    places: Option<Rc<Places>>,
    held: bool,
}

impl Place {
    /// Of a client that just came.
    pub(crate) fn take(places: &Rc<Places>) -> Self {
        places.used.set(places.used.get() + 1);
        places.connected.set(places.connected.get() + 1);
        let mut place = Self {
            places: Some(Rc::clone(places)),
            held: false,
        };
        place.hold();
        place
    }

    /// Of the only client of a process that has no others.
    pub(crate) fn only() -> Self {
        Self {
            places: None,
            held: true,
        }
    }

    /// Give the place up while the client has nothing to ask.
    pub fn rest(&mut self) {
        let Some(places) = self.places.as_ref().filter(|_| self.held) else {
            return;
        };
        self.held = false;
        places.busy.set(places.busy.get() - 1);
        places.idle_since.set(Instant::now());
        places.report();
        places.returned.notify_one();
        places.freed.notify_one();
    }

    /// Have a place again; waits until one is free.
    pub async fn resume(&mut self) {
        while let Some(places) = self.places.as_ref().filter(|_| !self.held) {
            if places.is_free() {
                self.hold();
            } else {
                places.returned.notified().await;
            }
        }
    }

    fn hold(&mut self) {
        let Some(places) = &self.places else {
            return;
        };
        self.held = true;
        places.busy.set(places.busy.get() + 1);
        places.report();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.rest();
        if let Some(places) = &self.places {
            places.connected.set(places.connected.get() - 1);
            places.freed.notify_one();
        }
    }
}
