//! The moments of a delivery, from which the log line's `delay=` and `delays=a/b/c/d` are made.

use std::time::SystemTime;

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Seconds and microseconds since 1970.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Serialize, Deserialize, Schema,
)]
pub struct Moment {
    /// Whole seconds.
    pub seconds: i64,
    /// 0 to 999999.
    pub micros: u32,
}

impl Moment {
    /// Now, by the system's clock.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            micros: since.subsec_micros(),
        }
    }
}

/// When a message arrived, became active, and what its delivery agent reached when; `None` for what has not happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, Schema)]
pub struct Times {
    /// The message arrived.
    pub arrival: Moment,
    /// It entered the active queue.
    pub active: Option<Moment>,
    /// The delivery agent took the request.
    pub agent: Option<Moment>,
    /// The connection to the next hop was ready.
    pub connected: Option<Moment>,
    /// The delivery was over.
    pub done: Option<Moment>,
    /// How often the connection had been used before; 0 for a new one.
    pub reuse_count: u32,
}
