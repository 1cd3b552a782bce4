//! Waiting for something to become true, with an end.

use std::time::{Duration, Instant};

/// How long a case waits for anything before it fails. Long, since a loaded machine is no failure.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Polls `condition` until it gives a value.
///
/// # Panics
/// After [`PATIENCE`], naming `what` was waited for.
pub fn wait_until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
