//! Waiting for something to become true, with an end.

use std::time::{Duration, Instant};

/// How long a case waits for anything before it fails: `SUITE_PATIENCE` seconds, else 20, since a loaded machine is no failure.
pub fn patience() -> Duration {
    let given = std::env::var("SUITE_PATIENCE").ok();
    Duration::from_secs(given.and_then(|seconds| seconds.parse().ok()).unwrap_or(20))
}

/// Polls `condition` until it gives a value.
///
/// # Panics
/// After [`patience`], naming `what` was waited for.
pub fn wait_until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
