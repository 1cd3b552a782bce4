//! What is due when: wake-ups, the ends of throttling, the end of master.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Something to do at a later time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Due {
    /// Wake a service, by its key.
    Wakeup(usize),
    /// End the throttling of a service, by its key.
    Unthrottle(usize),
    /// See whether the stress of a service is over, by its key.
    Calm(usize),
    /// Leave (`-e`).
    Exit,
}

/// A queue of timers. Several may be due at one instant; they come in the order they were set.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeMap<(Instant, u64), Due>,
    count: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Instant, due: Due) {
        self.count += 1;
        self.queue.insert((at, self.count), due);
    }

    /// Forget everything about a service.
    pub(crate) fn forget_all(&mut self, key: usize) {
        let own = [Due::Wakeup(key), Due::Unthrottle(key), Due::Calm(key)];
        self.queue.retain(|_, due| !own.contains(due));
    }

    /// Forget one thing.
    pub(crate) fn forget(&mut self, what: &Due) {
        self.queue.retain(|_, due| due != what);
    }

    /// Forget when a service is to be woken.
    pub(crate) fn forget_wakeup(&mut self, key: usize) {
        self.forget(&Due::Wakeup(key));
    }

    /// How long until something is due.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        self.queue
            .first_key_value()
            .map(|((at, _), _)| at.saturating_duration_since(now))
    }

    /// What is due now.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Due> {
        let entry = self.queue.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_in_order_and_nothing_before_its_time() {
        let now = Instant::now();
        let later = now + Duration::from_secs(5);
        let mut timers = Timers::default();
        timers.set(later, Due::Unthrottle(1));
        timers.set(now, Due::Wakeup(1));
        timers.set(now, Due::Wakeup(2));
        assert_eq!(timers.pop(now), Some(Due::Wakeup(1)));
        timers.forget_wakeup(2);
        assert_eq!(timers.pop(now), None);
        assert_eq!(timers.wait(now), Some(Duration::from_secs(5)));
        timers.forget_all(1);
        assert_eq!(timers.wait(now), None);
    }
}
