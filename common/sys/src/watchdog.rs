//! A watchdog: a process that does not report for too long is ended by the kernel.
//!
//! One alarm is set and pushed forward now and then, not at every event: [`Watchdog::pat`] is cheap enough for a loop.

use std::time::{Duration, Instant};

/// A process's watchdog.
pub struct Watchdog {
    limit: Duration,
    armed: Instant,
}

impl Watchdog {
    /// Arm it: without [`Self::pat`], SIGALRM ends the process after `limit`.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        let dog = Self {
            limit,
            armed: Instant::now(),
        };
        dog.arm();
        dog
    }

    /// Tell it that the process is alive. Sets the alarm anew at most every tenth of the limit.
    pub fn pat(&mut self) {
        if self.armed.elapsed() > self.limit / 10 {
            self.armed = Instant::now();
            self.arm();
        }
    }

    fn arm(&self) {
        crate::signal::alarm(u32::try_from(self.limit.as_secs()).unwrap_or(u32::MAX));
    }
}
