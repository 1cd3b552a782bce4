//! A service whose clients wait although its process limit is used up (STRESS_README).
//!
//! Where clients come from the network, the administrator is warned, once in a while, and the processes are started with
//! `-o stress=yes` from then on, and with `-o stress=` again when nothing of the kind has happened for a while; so
//! settings such as `${stress?{10}:{300}}s` are those of the moment. Processes that run finish the clients they have.
//! For other services a limit that is used up is an ordinary day.

use std::time::{Duration, Instant};

use crate::event_loop::Master;
use crate::timers::Due;

/// How often a service is complained about.
const WARNING_PAUSE: Duration = Duration::from_secs(1000);
/// How long after the last overload the stress lasts.
const STRESS_TIME: Duration = Duration::from_secs(1000);

/// What is remembered of a service's overload.
#[derive(Debug, Default)]
pub(crate) struct Overload {
    warned: Option<Instant>,
    /// When the stress is over.
    until: Option<Instant>,
}

/// What to do about an overload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reaction {
    warn: bool,
    /// The processes are to be replaced by stressed ones.
    begins: bool,
}

impl Overload {
    /// Whether new processes are started with `-o stress=yes`.
    pub(crate) fn is_stressed(&self) -> bool {
        self.until.is_some()
    }

    fn happened(&mut self, now: Instant) -> Reaction {
        let recent = |at: Instant| now.saturating_duration_since(at) < WARNING_PAUSE;
        let warn = !self.warned.is_some_and(recent);
        if warn {
            self.warned = Some(now);
        }
        let begins = self.until.is_none();
        self.until = Some(now + STRESS_TIME);
        Reaction { warn, begins }
    }

    /// When to look again; `None` when the stress is over.
    fn passed(&mut self, now: Instant) -> Option<Instant> {
        self.until = self.until.filter(|until| *until > now);
        self.until
    }
}

impl Master {
    /// The limit of a service is used up.
    pub(crate) fn overloaded(&mut self, key: usize) {
        let now = Instant::now();
        let service = self.services.get_mut(&key);
        let Some(service) = service.filter(|service| service.adapts_to_stress()) else {
            return;
        };
        let reaction = service.overload.happened(now);
        if reaction.warn {
            warn(
                &service.definition.label(),
                service.definition.process_limit.unwrap_or_default(),
            );
        }
        if !reaction.begins {
            return;
        }
        self.timers.set(now + STRESS_TIME, Due::Calm(key));
        if let Err(text) = self.retire(key) {
            maillog::warning!("{text}");
        }
    }

    /// The stress of a service may be over.
    pub(crate) fn calm(&mut self, key: usize) {
        let now = Instant::now();
        let Some(service) = self.services.get_mut(&key) else {
            return;
        };
        if let Some(later) = service.overload.passed(now) {
            return self.timers.set(later, Due::Calm(key));
        }
        if let Err(text) = self.retire(key) {
            maillog::warning!("{text}");
        }
        self.arm(key);
    }
}

fn warn(label: &str, limit: usize) {
    maillog::warning!(
        "service {label} has reached its process limit \"{limit}\": new clients may experience noticeable delays"
    );
    maillog::warning!(
        "to avoid this condition, increase the process count in master.cf or reduce the service time per client"
    );
    maillog::warning!(
        "see https://www.postfix.org/STRESS_README.html for examples of stress-adapting configuration settings"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stress_lasts_until_a_while_after_the_last_overload() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut overload = Overload::default();
        let first = overload.happened(start);
        assert!(first.warn && first.begins && overload.is_stressed());
        let again = overload.happened(after(900));
        assert!(!again.warn && !again.begins);
        assert_eq!(overload.passed(after(1000)), Some(after(1900)));
        assert_eq!(overload.passed(after(1900)), None);
        assert!(!overload.is_stressed());
        let later = overload.happened(after(2000));
        assert!(later.warn && later.begins);
    }
}
