//! Mail for users that do not exist.

use delivery::Fate;
use lookup::aliases::destinations;
use text::expand::expand;

use crate::job::Job;
use crate::names::Names;
use crate::place::{Parts, Place};

impl Job<'_> {
    /// Another transport, another recipient, or none.
    pub(crate) fn unknown(&self, place: &Place, parts: &Parts) -> Fate {
        let config = self.config();
        let transport = (
            &config.fallback_transport_maps,
            config.forwarding.fallback_transport.as_str(),
        );
        if let Some(fate) = self.other_transport(place, &parts.user, transport) {
            return fate;
        }
        if !config.forwarding.luser_relay.is_empty()
            && let Some(fate) = self.luser_relay(place, parts)
        {
            return fate;
        }
        let user = String::from_utf8_lossy(&parts.user);
        // Nobody could be told if these bounced.
        if matches!(&*parts.user, b"postmaster" | b"mailer-daemon") {
            maillog::warning!("required alias not found: {user}");
            return self.sent(place, "discarded");
        }
        self.failed(place, (5, 1, 1), format!("unknown user: \"{user}\""))
    }

    /// The catch-all; `None` when it was tried before, so that its own user is unknown.
    fn luser_relay(&self, place: &Place, parts: &Parts) -> Option<Fate> {
        let config = self.config();
        let mut names = Names::new(config, place, parts, None);
        let target = match expand(config.forwarding.luser_relay.as_bytes(), &mut names) {
            Ok(target) => target,
            Err(error) => {
                maillog::warning!("luser_relay: {error}");
                return Some(self.failed(place, (4, 3, 5), "mail system configuration error"));
            }
        };
        if !self.first_time("luser", &target) {
            return None;
        }
        match destinations(&target) {
            Ok(destinations) if !destinations.is_empty() => {
                let mut inner = place.clone();
                inner.unmatched.clear();
                Some(self.destinations(&inner, destinations))
            }
            _ => {
                maillog::warning!(
                    "luser_relay: not an address: {}",
                    String::from_utf8_lossy(&target)
                );
                Some(self.failed(place, (4, 3, 5), "mail system configuration error"))
            }
        }
    }
}
