//! The moments of a delivery, from which the log line's `delay=` and `delays=a/b/c/d` are made.

use std::fmt;
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

impl Moment {
    /// Microseconds from `earlier` to here; none when the clock went back.
    const fn micros_since(self, earlier: Self) -> i64 {
        let micros = (self.seconds - earlier.seconds).saturating_mul(1_000_000);
        let micros = micros + self.micros as i64 - earlier.micros as i64;
        if micros < 0 { 0 } else { micros }
    }
}

impl Times {
    /// `delay=1.5, delays=1/0.1/0.3/0.12`: the whole, then before qmgr, in qmgr, connection setup and transmission, in
    /// seconds. `limit` is `delay_logging_resolution_limit`, the most digits after the point. A delivery that is not
    /// over is measured up to `now`.
    #[must_use]
    pub fn delays(&self, now: Moment, limit: u32) -> Delays {
        let done = self.done.unwrap_or(now);
        let arrival = self.arrival;
        let mut parts = [0; 4];
        match (self.active, self.agent, self.connected) {
            (None, _, _) => parts[0] = done.micros_since(arrival),
            (Some(active), None, _) => {
                parts[0] = active.micros_since(arrival);
                parts[1] = done.micros_since(active);
            }
            (Some(active), Some(agent), None) => {
                parts[0] = active.micros_since(arrival);
                parts[1] = agent.micros_since(active);
                parts[3] = done.micros_since(agent);
            }
            (Some(active), Some(agent), Some(connected)) => {
                parts[0] = active.micros_since(arrival);
                parts[1] = agent.micros_since(active);
                parts[2] = connected.micros_since(agent);
                parts[3] = done.micros_since(connected);
            }
        }
        Delays {
            whole: done.micros_since(arrival),
            parts,
            limit,
        }
    }
}

/// The delays of one delivery in microseconds; `Display` is the text of the log line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delays {
    whole: i64,
    parts: [i64; 4],
    limit: u32,
}

impl fmt::Display for Delays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit;
        let [before, queue, setup, transmission] = self.parts.map(|micros| Short { micros, limit });
        let whole = Short {
            micros: self.whole,
            limit,
        };
        write!(
            f,
            "delay={whole}, delays={before}/{queue}/{setup}/{transmission}"
        )
    }
}

/// Seconds with two significant digits, no more than `limit` of them after the point, without trailing zeros.
struct Short {
    micros: i64,
    limit: u32,
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = match self.micros {
            ..100 => 6,
            100..1_000 => 5,
            1_000..10_000 => 4,
            10_000..100_000 => 3,
            100_000..1_000_000 => 2,
            1_000_000..10_000_000 => 1,
            _ => 0,
        };
        let digits = wanted.min(self.limit).min(6);
        let unit = 10_i64.pow(6 - digits);
        let rounded = (self.micros + unit / 2) / unit;
        let scale = 10_i64.pow(digits);
        write!(f, "{}", rounded / scale)?;
        let rest = rounded % scale;
        if rest == 0 {
            return Ok(());
        }
        let width = usize::try_from(digits).unwrap_or_default();
        let text = format!("{rest:0width$}");
        write!(f, ".{}", text.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64, micros: u32) -> Moment {
        Moment { seconds, micros }
    }

    #[test]
    fn two_significant_digits() {
        for (micros, text) in [
            (0, "0"),
            (4_999, "0"),
            (5_000, "0.01"),
            (12_345, "0.01"),
            (99_999, "0.1"),
            (127_000, "0.13"),
            (1_270_000, "1.3"),
            (9_960_000, "10"),
            (12_700_000, "13"),
            (123_400_000, "123"),
            (1_000_000, "1"),
        ] {
            assert_eq!(Short { micros, limit: 2 }.to_string(), text, "{micros}");
        }
        let fine = Short {
            micros: 12_345,
            limit: 6,
        };
        assert_eq!(fine.to_string(), "0.012");
    }

    #[test]
    fn the_line_has_the_whole_and_its_parts() {
        let mut times = Times {
            arrival: at(100, 0),
            ..Times::default()
        };
        let now = at(102, 500_000);
        assert_eq!(
            times.delays(now, 2).to_string(),
            "delay=2.5, delays=2.5/0/0/0"
        );
        times.active = Some(at(100, 10_000));
        times.agent = Some(at(100, 20_000));
        times.connected = Some(at(100, 120_000));
        times.done = Some(at(101, 0));
        assert_eq!(
            times.delays(now, 2).to_string(),
            "delay=1, delays=0.01/0.01/0.1/0.88"
        );
    }
}
