//! Who serves what: the processes of one service, and what follows from their state.
//!
//! Pure: no socket, no clock, no system call. The loop tells the book what happened, and asks whether to listen and how
//! many clients a new process may take.

use std::collections::HashMap;

/// A service's process limit: how many clients it takes at once, over all its processes.
pub(crate) type ProcessLimit = Option<usize>;

/// The processes of one service.
#[derive(Debug)]
pub(crate) struct Book {
    limit: ProcessLimit,
    sessions_per_process: usize,
    throttled: bool,
    processes: HashMap<i32, Process>,
}

#[derive(Debug)]
struct Process {
    places: usize,
    state: State,
    /// Takes no new client.
    retiring: bool,
    /// The clients of a retiring process, once it has told.
    clients: Option<usize>,
    served: bool,
}

impl Process {
    /// How much of the limit it uses up.
    fn taken(&self) -> usize {
        match (self.retiring, self.clients) {
            (false, _) => self.places,
            // It counts until it has ended: two processes of a service with the limit 1 never run at once.
            (true, Some(clients)) => clients.max(1),
            (true, None) if self.state == State::Full => self.places,
            (true, None) => 1,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Started, has not said a word yet; counts as free, because it will take the client that it was started for.
    Starting,
    Free,
    Full,
}

/// What the end of a process means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It had served somebody, or had nothing to do.
    Normal,
    /// It failed before it served anybody: starting another one at once would fail as well.
    FailedAtStart,
}

impl Book {
    pub(crate) fn new(limit: ProcessLimit, sessions_per_process: usize) -> Self {
        Self {
            limit,
            sessions_per_process: sessions_per_process.max(1),
            throttled: false,
            processes: HashMap::new(),
        }
    }

    /// Whether a client should wake us: no process has a place for it, and another one may be started.
    pub(crate) fn wants_clients(&self) -> bool {
        !self.throttled && !self.has_free_place() && self.next_places() > 0
    }

    /// Whether clients wait although everything that the limit allows is in use.
    pub(crate) fn is_at_limit(&self) -> bool {
        !self.has_free_place() && self.next_places() == 0
    }

    /// How many clients the next process may take; 0 when there may be none.
    pub(crate) fn next_places(&self) -> usize {
        let Some(limit) = self.limit else {
            return self.sessions_per_process;
        };
        let taken: usize = self.processes.values().map(Process::taken).sum();
        limit.saturating_sub(taken).min(self.sessions_per_process)
    }

    /// A process was started.
    pub(crate) fn started(&mut self, pid: i32, places: usize) {
        let process = Process {
            places,
            state: State::Starting,
            retiring: false,
            clients: None,
            served: false,
        };
        self.processes.insert(pid, process);
    }

    /// A process said how many of its places are free. The first word tells how many it has in all.
    pub(crate) fn reported(&mut self, pid: i32, free: usize) {
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        if process.state == State::Starting {
            // More places than it was given: a shared process, which counts as one.
            process.places = if free > process.places {
                1
            } else {
                free.max(1)
            };
        } else {
            process.served = true;
        }
        process.state = if free == 0 { State::Full } else { State::Free };
    }

    /// A process takes no new client, and leaves after those that it has.
    pub(crate) fn leaving(&mut self, pid: i32, clients: usize) {
        if let Some(process) = self.processes.get_mut(&pid) {
            process.retiring = true;
            process.clients = Some(clients);
            process.served = true;
        }
    }

    /// A process ended.
    pub(crate) fn ended(&mut self, pid: i32, badly: bool) -> Verdict {
        match self.processes.remove(&pid) {
            // It was told to leave before it had said a word.
            Some(process) if process.retiring && !badly => Verdict::Normal,
            // A program that leaves without a word is none of ours, however it exits.
            Some(process) if process.state == State::Starting => Verdict::FailedAtStart,
            Some(process) if badly && !process.served => Verdict::FailedAtStart,
            _ => Verdict::Normal,
        }
    }

    /// The service was reloaded: its processes finish their clients and leave.
    pub(crate) fn retire_all(&mut self) {
        for process in self.processes.values_mut() {
            process.retiring = true;
        }
    }

    pub(crate) fn change_limits(&mut self, limit: ProcessLimit, sessions_per_process: usize) {
        self.limit = limit;
        self.sessions_per_process = sessions_per_process.max(1);
    }

    pub(crate) fn set_throttled(&mut self, throttled: bool) {
        self.throttled = throttled;
    }

    pub(crate) fn is_throttled(&self) -> bool {
        self.throttled
    }

    pub(crate) fn pids(&self) -> impl Iterator<Item = i32> {
        self.processes.keys().copied()
    }

    fn has_free_place(&self) -> bool {
        self.processes
            .values()
            .any(|process| !process.retiring && process.state != State::Full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_wakes_master_and_the_next_ones_go_to_the_running_process() {
        let mut book = Book::new(Some(100), 100);
        assert!(book.wants_clients());
        book.started(10, book.next_places());
        assert!(!book.wants_clients());
        book.reported(10, 100);
        book.reported(10, 99);
        assert!(!book.wants_clients());
    }

    #[test]
    fn a_full_process_makes_room_for_another_one_up_to_the_limit() {
        let mut book = Book::new(Some(5), 3);
        book.started(10, book.next_places());
        book.reported(10, 3);
        book.reported(10, 0);
        assert!(book.wants_clients());
        assert_eq!(book.next_places(), 2);
        book.started(11, 2);
        book.reported(11, 2);
        book.reported(11, 0);
        assert!(!book.wants_clients() && book.is_at_limit());
        book.reported(10, 1);
        assert!(!book.wants_clients() && !book.is_at_limit());
    }

    #[test]
    fn a_worker_says_that_it_takes_one_client_only() {
        let mut book = Book::new(Some(2), 100);
        book.started(10, book.next_places());
        book.reported(10, 1);
        book.reported(10, 0);
        assert!(book.wants_clients());
        book.started(11, book.next_places());
        book.reported(11, 1);
        book.reported(11, 0);
        assert!(!book.wants_clients());
    }

    #[test]
    fn without_a_limit_there_is_always_room() {
        let mut book = Book::new(None, 1);
        for pid in 0..1000 {
            assert!(book.wants_clients());
            book.started(pid, 1);
            book.reported(pid, 1);
            book.reported(pid, 0);
        }
        assert!(book.wants_clients());
    }

    #[test]
    fn only_a_death_before_the_first_client_is_a_failed_start() {
        let mut book = Book::new(Some(1), 1);
        book.started(10, 1);
        assert_eq!(book.ended(10, true), Verdict::FailedAtStart);
        book.started(11, 1);
        book.reported(11, 1);
        assert_eq!(book.ended(11, true), Verdict::FailedAtStart);
        book.started(12, 1);
        book.reported(12, 1);
        book.reported(12, 0);
        assert_eq!(book.ended(12, true), Verdict::Normal);
        book.started(13, 1);
        book.reported(13, 1);
        assert_eq!(book.ended(13, false), Verdict::Normal);
        book.started(14, 1);
        assert_eq!(book.ended(14, false), Verdict::FailedAtStart);
    }

    #[test]
    fn after_a_reload_the_old_processes_do_not_count_as_free() {
        let mut book = Book::new(Some(10), 10);
        book.started(10, 10);
        book.reported(10, 10);
        book.retire_all();
        assert!(book.wants_clients());
        assert_eq!(book.next_places(), 9);
    }

    #[test]
    fn a_shared_process_counts_as_one() {
        let mut book = Book::new(Some(2), 100);
        book.started(10, book.next_places());
        book.reported(10, 900);
        book.reported(10, 899);
        assert!(!book.wants_clients() && book.next_places() == 1);
        book.reported(10, 0);
        assert!(book.wants_clients());
        book.started(11, book.next_places());
        book.reported(11, 900);
        book.reported(11, 0);
        assert!(!book.wants_clients() && book.is_at_limit());
    }

    #[test]
    fn a_process_that_leaves_makes_room_at_once() {
        let mut book = Book::new(Some(100), 100);
        book.started(10, 100);
        book.reported(10, 100);
        book.leaving(10, 0);
        assert!(book.wants_clients() && !book.is_at_limit());
    }

    #[test]
    fn a_full_process_that_leaves_makes_room_as_its_clients_go() {
        let mut book = Book::new(Some(10), 10);
        book.started(10, 10);
        book.reported(10, 10);
        book.reported(10, 0);
        book.retire_all();
        assert!(book.is_at_limit());
        book.leaving(10, 10);
        assert!(book.is_at_limit());
        book.leaving(10, 7);
        assert_eq!(book.next_places(), 3);
        assert_eq!(book.ended(10, false), Verdict::Normal);
        assert_eq!(book.next_places(), 10);
    }

    #[test]
    fn a_process_that_is_told_to_leave_before_its_first_word_has_not_failed() {
        let mut book = Book::new(Some(10), 1);
        book.started(10, 1);
        book.started(11, 1);
        book.retire_all();
        assert_eq!(book.ended(10, false), Verdict::Normal);
        assert_eq!(book.ended(11, true), Verdict::FailedAtStart);
    }

    #[test]
    fn a_throttled_service_takes_nobody() {
        let mut book = Book::new(None, 1);
        book.set_throttled(true);
        assert!(!book.wants_clients());
        book.set_throttled(false);
        assert!(book.wants_clients());
    }
}
