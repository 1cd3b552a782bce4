//! When a process takes clients and when it leaves.

use std::cell::Cell;
use std::time::Duration;

use config::Settings;
use config::params::core as params;

use crate::Fatal;
use crate::options::{Limit, Options};

/// Whether a process serves many clients at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// The process limit counts clients.
    ManyAtOnce,
    /// Clients keep their connections and are idle most of the time, so the process limit counts processes.
    Shared,
    OneByOne,
}

/// The clients of a process that is shared: well below what a process may have open.
const SHARED_PLACES: usize = 900;

/// How many clients at once, how many in all, how long without one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) places: usize,
    pub(crate) uses: u64,
    pub(crate) idle: Duration,
    pub(crate) watchdog: Duration,
}

impl Limits {
    pub(crate) fn new(settings: &Settings, options: &Options, shape: Shape) -> Result<Self, Fatal> {
        let places = match options.places {
            _ if shape == Shape::OneByOne => 1,
            _ if shape == Shape::Shared => SHARED_PLACES,
            Some(places) => places,
            None if options.limit == Limit::One => usize::MAX,
            None => settings.per_service::<usize>(&options.service, "sessions_per_process")?,
        };
        let places = places.max(1);
        let stock: params::Limits = settings.get()?;
        let max_use = options.max_use.unwrap_or(stock.max_use as u64);
        let uses = max_use.saturating_mul(u64::try_from(places).unwrap_or(u64::MAX));
        let idle = options.max_idle.unwrap_or(stock.max_idle);
        Ok(Self {
            places,
            uses,
            idle,
            watchdog: stock.daemon_timeout,
        })
    }
}

/// This process as its conversations see it.
#[derive(Debug, Default)]
pub struct Process {
    due: Cell<bool>,
}

impl Process {
    /// Take no new client, and leave when the last one is done: what this process holds is out of date (a table has
    /// changed, its logger was restarted).
    pub fn retire(&self) {
        self.due.set(true);
    }

    /// Leave so when `changed` names a table, as `type:name`, whose file was replaced: the next process opens it anew.
    pub fn renew_after<'a>(&self, changed: impl FnOnce() -> Option<&'a str>) {
        if self.is_retiring() {
            return;
        }
        if let Some(table) = changed() {
            tell_of_change(table);
            self.retire();
        }
    }

    /// Whether the process leaves when its clients are done.
    #[must_use]
    pub fn is_retiring(&self) -> bool {
        self.due.get() || maillog::lost()
    }
}

/// The line that says why a process leaves, in words that administrators know.
pub(crate) fn tell_of_change(table: &str) {
    maillog::info!("table {table} has changed -- restarting");
}
