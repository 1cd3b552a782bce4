//! The servers of one table: kept connections, failover, and rest for servers that failed.
//!
//! A lookup takes an idle connection or makes one. Servers are tried in random order: those with a connection first, then UNIX-domain
//! ones before others. One that fails is left alone for a while; a single server is tried each time, as there is no other choice.
//! So many lookups run at once, and the next ones wait: a busy mail system must not use up a database's connections.

use std::fmt;
use std::hash::BuildHasher;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::notes::Notes;
use crate::parameters::Parameters;
use crate::stream::is_late;

/// How long connections are kept, servers rested, and how many lookups run at once.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// An idle connection is closed after this time.
    pub idle: Duration,
    /// A connection is not used for longer than this.
    pub lifetime: Duration,
    /// A server that failed is not tried for this time.
    pub retry: Duration,
    /// Connections at once.
    pub connections: usize,
}

impl Timing {
    /// `idle_interval`, `retry_interval`, `max_connections`.
    pub fn new(parameters: &Parameters) -> Result<Self, String> {
        let connections = parameters.number("max_connections", 4, 1..=100)?;
        Ok(Self {
            idle: parameters.time("idle_interval", 60)?,
            lifetime: Duration::MAX,
            retry: parameters.time("retry_interval", 60)?,
            connections: usize::try_from(connections).unwrap_or(1),
        })
    }
}

/// Why a server gave no answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is gone; a new one may do.
    Lost(String),
    /// The server did not answer in time.
    Late(String),
    /// The server said what cannot be understood, and would again; the connection is of no use any more.
    Garbled(String),
    /// The server answered that it will not; the connection stays.
    Refused(String),
    /// Asking elsewhere is no help: the answer itself cannot be used. The connection stays.
    Unusable(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(text)
            | Self::Late(text)
            | Self::Garbled(text)
            | Self::Refused(text)
            | Self::Unusable(text) => f.write_str(text),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if is_late(&error) {
            return Self::Late("timed out".to_owned());
        }
        let is_end = error.kind() == io::ErrorKind::UnexpectedEof;
        Self::Lost(if is_end {
            "closed by the server".to_owned()
        } else {
            sys::reason(&error)
        })
    }
}

/// The servers of a table, with kept connections of type `C`.
#[derive(Debug)]
pub struct Servers<C> {
    kind: &'static str,
    addresses: Vec<String>,
    in_order: bool,
    timing: Timing,
    state: Mutex<State<C>>,
    freed: Condvar,
}

#[derive(Debug)]
struct State<C> {
    idle: Vec<Idle<C>>,
    busy: usize,
    /// Until when each server is left alone.
    resting: Vec<Option<Instant>>,
    /// When a lookup last found no server that answers, and why; none since one answered.
    failed: Option<(Instant, String)>,
}

#[derive(Debug)]
struct Idle<C> {
    server: usize,
    since: Instant,
    kept: Kept<C>,
}

#[derive(Debug)]
struct Kept<C> {
    made: Instant,
    connection: C,
}

impl<C> Servers<C> {
    /// Of these addresses; `kind` names them in messages.
    #[must_use]
    pub fn new(kind: &'static str, addresses: Vec<String>, timing: Timing) -> Self {
        let resting = vec![None; addresses.len()];
        Self {
            kind,
            addresses,
            in_order: false,
            timing,
            state: Mutex::new(State {
                idle: Vec::new(),
                busy: 0,
                resting,
                failed: None,
            }),
            freed: Condvar::new(),
        }
    }

    /// Try servers in the order in which they are listed.
    #[must_use]
    pub fn in_order(self) -> Self {
        Self {
            in_order: true,
            ..self
        }
    }

    /// Do something at one of the servers.
    pub fn run<R>(
        &self,
        notes: &mut Notes,
        connect: impl Fn(&str) -> Result<C, String>,
        mut work: impl FnMut(&mut C) -> Result<R, Fault>,
    ) -> Result<R, String> {
        let started = Instant::now();
        let place = self.place();
        if let Some(reason) = self.failed_since(started) {
            return Err(reason);
        }
        let mut last = None;
        let mut answered = false;
        for (server, address) in self.choice() {
            match self.attempt(server, address, &connect, &mut work) {
                Ok(result) => return Ok(result),
                Err(Fault::Unusable(reason)) => return Err(reason),
                Err(Fault::Refused(reason)) => {
                    answered = true;
                    last = Some(format!("{} server {address}: {reason}", self.kind));
                }
                Err(Fault::Lost(reason) | Fault::Late(reason) | Fault::Garbled(reason)) => {
                    self.rest(server);
                    last = Some(format!("{} server {address}: {reason}", self.kind));
                }
            }
            if self.addresses.len() > 1
                && let Some(reason) = &last
            {
                notes.add(reason);
            }
        }
        let reason = last.unwrap_or_else(|| {
            let seconds = self.timing.retry.as_secs();
            format!(
                "all {} servers failed within the last {seconds} seconds",
                self.kind
            )
        });
        if !answered {
            self.lock().failed = Some((Instant::now(), reason.clone()));
        }
        drop(place);
        Err(reason)
    }

    /// Those who waited for a place while nobody answered need not try too, one after the other.
    fn failed_since(&self, started: Instant) -> Option<String> {
        let state = self.lock();
        let (when, reason) = state.failed.as_ref()?;
        (*when > started).then(|| reason.clone())
    }

    /// Close connections that nobody used for a while.
    pub fn tidy(&self) {
        let limit = self.timing.idle;
        let mut closed = Vec::new();
        let mut state = self.lock();
        let (old, kept) = std::mem::take(&mut state.idle)
            .into_iter()
            .partition(|idle| idle.since.elapsed() >= limit || self.is_old(&idle.kept));
        state.idle = kept;
        drop(state);
        closed.extend::<Vec<_>>(old);
    }

    /// One server, over its kept connections and then a new one.
    fn attempt<R>(
        &self,
        server: usize,
        address: &str,
        connect: &impl Fn(&str) -> Result<C, String>,
        work: &mut impl FnMut(&mut C) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        while let Some(kept) = self.take(server) {
            match self.work_with(server, kept, work) {
                // The server may have been started anew since the connection was made.
                Err(Fault::Lost(_)) => {}
                result => return result,
            }
        }
        let connection =
            connect(address).map_err(|reason| Fault::Lost(format!("connect: {reason}")))?;
        let kept = Kept {
            made: Instant::now(),
            connection,
        };
        self.work_with(server, kept, work)
    }

    fn work_with<R>(
        &self,
        server: usize,
        mut kept: Kept<C>,
        work: &mut impl FnMut(&mut C) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        let result = work(&mut kept.connection);
        if !matches!(
            result,
            Err(Fault::Lost(_) | Fault::Late(_) | Fault::Garbled(_))
        ) {
            let mut state = self.lock();
            if let Some(resting) = state.resting.get_mut(server) {
                *resting = None;
            }
            state.failed = None;
            state.idle.push(Idle {
                server,
                since: Instant::now(),
                kept,
            });
        }
        result
    }

    /// The servers to try now, in that order.
    fn choice(&self) -> Vec<(usize, &str)> {
        let state = self.lock();
        let random = std::hash::RandomState::new();
        let now = Instant::now();
        let single = self.addresses.len() == 1;
        let mut choice: Vec<_> = self
            .addresses
            .iter()
            .enumerate()
            .filter(|&(server, _)| {
                let until = state.resting.get(server).copied().flatten();
                single || until.is_none_or(|until| until <= now)
            })
            .map(|(server, address)| (server, address.as_str()))
            .collect();
        if !self.in_order {
            choice.sort_by_cached_key(|&(server, address)| {
                let connected = state.idle.iter().any(|idle| idle.server == server);
                let local = address.starts_with("unix:") || address.starts_with('/');
                (!connected, !local, random.hash_one(server))
            });
        }
        choice
    }

    /// The youngest idle connection to a server that is not too old.
    fn take(&self, server: usize) -> Option<Kept<C>> {
        let mut state = self.lock();
        let at = state.idle.iter().rposition(|idle| {
            idle.server == server
                && idle.since.elapsed() < self.timing.idle
                && !self.is_old(&idle.kept)
        })?;
        Some(state.idle.swap_remove(at).kept)
    }

    fn is_old(&self, kept: &Kept<C>) -> bool {
        kept.made.elapsed() >= self.timing.lifetime
    }

    fn rest(&self, server: usize) {
        let until = Instant::now() + self.timing.retry;
        if let Some(resting) = self.lock().resting.get_mut(server) {
            *resting = Some(until);
        }
    }

    /// Wait for one of the places for lookups.
    fn place(&self) -> Place<'_, C> {
        let mut state = self.lock();
        while state.busy >= self.timing.connections {
            state = self
                .freed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.busy += 1;
        Place(self)
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the lookups that run at once, given back when it is dropped.
struct Place<'a, C>(&'a Servers<C>);

impl<C> Drop for Place<'_, C> {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    fn servers(addresses: &[&str]) -> Servers<String> {
        let timing = Timing {
            idle: Duration::from_secs(60),
            lifetime: Duration::MAX,
            retry: Duration::from_secs(60),
            connections: 1,
        };
        let addresses = addresses.iter().map(|&a| a.to_owned()).collect();
        Servers::new("test", addresses, timing)
    }

    #[test]
    fn a_connection_is_kept_and_a_lost_one_replaced() {
        let servers = servers(&["a"]);
        let made = Cell::new(0);
        let connect = |address: &str| {
            made.set(made.get() + 1);
            Ok(format!("{address}{}", made.get()))
        };
        let mut notes = Notes::default();
        for _ in 0..2 {
            let used = servers.run(&mut notes, connect, |c| Ok(c.clone()));
            assert_eq!(used, Ok("a1".to_owned()));
        }
        let used = servers.run(&mut notes, connect, |c| match c.as_str() {
            "a1" => Err(Fault::Lost("gone".to_owned())),
            _ => Ok(c.clone()),
        });
        assert_eq!(used, Ok("a2".to_owned()));
        assert!(notes.into_vec().is_empty());
    }

    #[test]
    fn another_server_answers_and_the_failed_one_rests() {
        let servers = servers(&["a", "b"]).in_order();
        let tried = RefCell::new(Vec::new());
        let connect = |address: &str| {
            tried.borrow_mut().push(address.to_owned());
            match address {
                "a" => Err("refused".to_owned()),
                _ => Ok(address.to_owned()),
            }
        };
        let mut notes = Notes::default();
        for _ in 0..2 {
            let used = servers.run(&mut notes, connect, |c| Ok(c.clone()));
            assert_eq!(used, Ok("b".to_owned()));
        }
        assert_eq!(tried.into_inner(), ["a", "b"]);
        assert_eq!(notes.into_vec(), ["test server a: connect: refused"]);
    }

    #[test]
    fn a_single_server_is_tried_each_time() {
        let servers = servers(&["a"]);
        let mut notes = Notes::default();
        for _ in 0..2 {
            let failed = servers.run(&mut notes, |_| Err("refused".to_owned()), |_| Ok(()));
            assert_eq!(failed.unwrap_err(), "test server a: connect: refused");
        }
        let fine = servers.run(&mut notes, |_| Ok(String::new()), |_| Ok(()));
        assert_eq!(fine, Ok(()));
    }

    #[test]
    fn who_waited_for_a_dead_server_does_not_try_it_too() {
        let servers = servers(&["a"]);
        let tried = std::sync::atomic::AtomicUsize::new(0);
        let slow = |_: &str| {
            tried.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(100));
            Err::<String, _>("timed out".to_owned())
        };
        std::thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| {
                    let failed = servers.run(&mut Notes::default(), slow, |_| Ok(()));
                    assert_eq!(failed.unwrap_err(), "test server a: connect: timed out");
                });
            }
        });
        assert_eq!(tried.into_inner(), 1);
    }

    #[test]
    fn sockets_of_this_machine_come_first() {
        let servers = servers(&["inet:b", "unix:/a", "c"]);
        assert_eq!(servers.choice().first(), Some(&(1, "unix:/a")));
    }

    #[test]
    fn idle_connections_are_closed() {
        let mut servers = servers(&["a"]);
        let mut notes = Notes::default();
        let connect = |_: &str| Ok(String::new());
        servers.run(&mut notes, connect, |_| Ok(())).unwrap();
        servers.tidy();
        assert_eq!(servers.lock().idle.len(), 1);
        servers.timing.idle = Duration::ZERO;
        servers.tidy();
        assert_eq!(servers.lock().idle.len(), 0);
    }

    #[test]
    fn an_old_connection_is_not_used_again() {
        let mut servers = servers(&["a"]);
        let made = Cell::new(0);
        let connect = |_: &str| {
            made.set(made.get() + 1);
            Ok(String::new())
        };
        for lifetime in [Duration::MAX, Duration::MAX, Duration::ZERO] {
            servers.timing.lifetime = lifetime;
            let mut notes = Notes::default();
            servers.run(&mut notes, connect, |_| Ok(())).unwrap();
        }
        assert_eq!(made.get(), 2);
        servers.tidy();
        assert_eq!(servers.lock().idle.len(), 0);
    }

    #[test]
    fn garbage_is_not_asked_for_again() {
        let servers = servers(&["a"]);
        let asked = Cell::new(0);
        let mut notes = Notes::default();
        let connect = |_: &str| Ok(String::new());
        servers.run(&mut notes, connect, |_| Ok(())).unwrap();
        let garbled = servers.run(&mut notes, connect, |_| {
            asked.set(asked.get() + 1);
            Err::<(), _>(Fault::Garbled("what?".to_owned()))
        });
        assert_eq!(garbled.unwrap_err(), "test server a: what?");
        assert_eq!((asked.get(), servers.lock().idle.len()), (1, 0));
    }
}
