//! Idle sessions of this process, by destination.
//!
//! [`Pool::take`] gives a session that is still alive, without a round trip; [`Pool::keep`] takes one back, unless it is too
//! old or used up. Sessions idle for too long are closed by [`Pool::sweep`], which runs beside the deliveries.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::sleep;

use crate::session::Session;
use crate::settings::Settings;

/// Idle sessions.
pub struct Pool {
    settings: Rc<Settings>,
    idle: RefCell<Vec<Idle>>,
    filled: Notify,
}

struct Idle {
    nexthop: Vec<u8>,
    session: Session,
    since: Instant,
}

impl Pool {
    /// An empty pool.
    #[must_use]
    pub fn new(settings: Rc<Settings>) -> Self {
        Self {
            settings,
            idle: RefCell::new(Vec::new()),
            filled: Notify::new(),
        }
    }

    /// A session with this destination, the one used last.
    pub async fn take(&self, nexthop: &[u8]) -> Option<Session> {
        loop {
            let mut session = self.pop(nexthop)?;
            if session.is_alive().await {
                return Some(session);
            }
        }
    }

    /// Done with a session: keep it, or say goodbye beside other work.
    pub fn keep(&self, nexthop: &[u8], mut session: Session, wanted: bool) {
        if session.is_broken() {
            return;
        }
        if !wanted || !self.may_live_on(&session) || self.idle.borrow().len() >= MAX_IDLE {
            self.dismiss(session);
            return;
        }
        session.stream.shrink();
        self.idle.borrow_mut().push(Idle {
            nexthop: nexthop.to_vec(),
            session,
            since: Instant::now(),
        });
        self.filled.notify_one();
    }

    /// Close sessions that nobody took in time; never ends.
    pub async fn sweep(&self) {
        let limit = self.settings.reuse.time_limit;
        loop {
            let oldest = self.idle.borrow().first().map(|idle| idle.since);
            let Some(oldest) = oldest else {
                self.filled.notified().await;
                continue;
            };
            sleep(limit.saturating_sub(oldest.elapsed()).max(PAUSE)).await;
            let stale = |idle: &mut Idle| idle.since.elapsed() >= limit;
            let stale: Vec<Idle> = self.idle.borrow_mut().extract_if(.., stale).collect();
            for idle in stale {
                self.dismiss(idle.session);
            }
        }
    }

    fn pop(&self, nexthop: &[u8]) -> Option<Session> {
        let mut idle = self.idle.borrow_mut();
        let place = idle.iter().rposition(|idle| idle.nexthop == nexthop)?;
        Some(idle.remove(place).session)
    }

    fn may_live_on(&self, session: &Session) -> bool {
        let reuse = &self.settings.reuse;
        let used_up = reuse.count_limit > 0 && session.uses >= reuse.count_limit;
        !used_up && session.opened.elapsed() < reuse.age_limit
    }

    fn dismiss(&self, session: Session) {
        let settings = Rc::clone(&self.settings);
        spawn_local(async move { session.quit(&settings).await });
    }
}

/// The most sessions that wait in one process.
const MAX_IDLE: usize = 200;

/// The least time between two looks at the pool.
const PAUSE: Duration = Duration::from_millis(50);
