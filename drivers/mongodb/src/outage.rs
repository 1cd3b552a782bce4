//! Whether any server may still answer, as the library's monitors see it: a lookup need not wait for its time limit when all refuse.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mongodb::event::sdam::SdamEvent;
use tokio::sync::Notify;

use crate::client::reason;

/// The servers of a client, and how the last look at each ended.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    servers: Mutex<HashMap<String, Look>>,
    changed: Notify,
}

/// The last look at a server.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Look {
    /// Not yet, or it answered.
    Hopeful,
    /// It did not answer, and why.
    Failed(Instant, String),
}

impl Watch {
    /// Take in what the library tells.
    pub(crate) fn hear(&self, event: &SdamEvent) {
        if let SdamEvent::ServerOpening(event) = event {
            self.set(event.address.to_string(), Some(Look::Hopeful));
        } else if let SdamEvent::ServerClosed(event) = event {
            self.set(event.address.to_string(), None);
        } else if let SdamEvent::ServerHeartbeatSucceeded(event) = event {
            self.set(event.server_address.to_string(), Some(Look::Hopeful));
        } else if let SdamEvent::ServerHeartbeatFailed(event) = event {
            // An old connection may be gone because the server was started anew; what counts is whether a new one can be made.
            let look = match event.server_connection_id {
                Some(_) => Look::Hopeful,
                None => Look::Failed(Instant::now(), reason(&event.failure)),
            };
            self.set(event.server_address.to_string(), Some(look));
        }
    }

    /// Returns when every server has been looked at since then and failed, with the reasons.
    pub(crate) async fn outage(&self, since: Instant) -> String {
        loop {
            let changed = self.changed.notified();
            if let Some(reasons) = self.all_failed(since) {
                return reasons;
            }
            changed.await;
        }
    }

    fn set(&self, server: String, look: Option<Look>) {
        let mut servers = self.lock();
        match look {
            Some(look) => servers.insert(server, look),
            None => servers.remove(&server),
        };
        drop(servers);
        self.changed.notify_waiters();
    }

    fn all_failed(&self, since: Instant) -> Option<String> {
        let servers = self.lock();
        let failed = servers.iter().map(|(server, look)| match look {
            Look::Failed(when, reason) if *when > since => Some(format!("{server}: {reason}")),
            Look::Failed(..) | Look::Hopeful => None,
        });
        let mut reasons = failed.collect::<Option<Vec<_>>>()?;
        reasons.sort();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Look>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(reason: &str) -> Option<Look> {
        Some(Look::Failed(Instant::now(), reason.to_owned()))
    }

    #[test]
    fn hope_ends_when_the_last_server_has_failed() {
        let watch = Watch::default();
        watch.set("a".to_owned(), failed("before"));
        let since = Instant::now();
        assert_eq!(watch.all_failed(since), None);
        watch.set("a".to_owned(), failed("refused"));
        watch.set("b".to_owned(), Some(Look::Hopeful));
        assert_eq!(watch.all_failed(since), None);
        watch.set("b".to_owned(), failed("late"));
        let reasons = watch.all_failed(since);
        assert_eq!(reasons.as_deref(), Some("a: refused; b: late"));
        watch.set("b".to_owned(), None);
        assert_eq!(watch.all_failed(since).as_deref(), Some("a: refused"));
        watch.set("a".to_owned(), Some(Look::Hopeful));
        assert_eq!(watch.all_failed(since), None);
    }

    #[test]
    fn without_servers_nothing_has_failed_yet() {
        assert_eq!(Watch::default().all_failed(Instant::now()), None);
    }
}
