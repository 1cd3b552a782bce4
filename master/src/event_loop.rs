//! The loop of master: waits for clients of services, status reports, signals and timers, and acts on them.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use sys::process::Ended;
use sys::signal::{Kind, Signals};

use crate::book::{Book, Verdict};
use crate::listen::Listening;
use crate::options::Options;
use crate::overload::Overload;
use crate::reload::Configuration;
use crate::service::{Definition, Service};
use crate::spawn::{self, Inheritance};
use crate::status::{Places, Read, StatusChannel};
use crate::timers::{Due, Timers};
use crate::wakeup;

/// The token of the signal descriptor; services have theirs by key.
const SIGNALS: Token = Token(usize::MAX);
/// How long children may take to end when master ends.
const END_TIME: Duration = Duration::from_secs(5);

/// The running mail system.
pub(crate) struct Master {
    pub(crate) poll: Poll,
    pub(crate) signals: Signals,
    pub(crate) services: BTreeMap<usize, Service>,
    pub(crate) processes: HashMap<i32, usize>,
    pub(crate) timers: Timers,
    pub(crate) configuration: Configuration,
    pub(crate) inheritance: Inheritance,
    pub(crate) options_directory: Option<std::path::PathBuf>,
    pub(crate) next_key: usize,
    pub(crate) generation: u32,
}

impl Master {
    /// Make every socket; the error is the log line.
    pub(crate) fn new(
        configuration: Configuration,
        inheritance: Inheritance,
        options: &Options,
    ) -> Result<Self, String> {
        let kinds = [
            Kind::SIGHUP,
            Kind::SIGTERM,
            Kind::SIGINT,
            Kind::SIGQUIT,
            Kind::SIGCHLD,
            Kind::SIGABRT,
        ];
        let signals = Signals::new(&kinds).map_err(|error| format!("signals: {error}"))?;
        let poll = Poll::new().map_err(|error| format!("poll: {error}"))?;
        poll.registry()
            .register(
                &mut SourceFd(&signals.as_fd().as_raw_fd()),
                SIGNALS,
                Interest::READABLE,
            )
            .map_err(|error| format!("poll: {error}"))?;
        let mut master = Self {
            poll,
            signals,
            services: BTreeMap::new(),
            processes: HashMap::new(),
            timers: Timers::default(),
            configuration,
            inheritance,
            options_directory: options.directory.clone(),
            next_key: 0,
            generation: 0,
        };
        if let Some(after) = options.exit_after {
            master.timers.set(Instant::now() + after, Due::Exit);
        }
        for definition in std::mem::take(&mut master.configuration.definitions) {
            master.add(definition)?;
        }
        master.log_configuration("daemon started");
        Ok(master)
    }

    /// Serve until a signal says to end.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        let mut events = Events::with_capacity(256);
        loop {
            match self
                .poll
                .poll(&mut events, self.timers.wait(Instant::now()))
            {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("poll: {error}")),
            }
            for event in &events {
                match event.token() {
                    SIGNALS => {
                        if self.take_signals()? {
                            return Ok(());
                        }
                    }
                    Token(token) if token % 2 == 1 => self.status_of(token / 2),
                    Token(token) => self.client_of(token / 2),
                }
            }
            if self.run_timers() {
                return Ok(());
            }
        }
    }

    /// Start a service: its sockets, its status channel, its first wake-up.
    pub(crate) fn add(&mut self, definition: Definition) -> Result<(), String> {
        let listening = Listening::open(&definition, &self.configuration.surroundings)?;
        let status = self.new_channel()?;
        let key = self.next_key;
        self.next_key += 1;
        let book = Book::new(definition.process_limit, definition.sessions_per_process);
        self.services.insert(
            key,
            Service {
                definition,
                listening,
                status,
                book,
                former: Vec::new(),
                overload: Overload::default(),
                armed: false,
                used: false,
            },
        );
        self.watch_status(key);
        self.arm(key);
        self.set_wakeup(key);
        Ok(())
    }

    pub(crate) fn new_channel(&mut self) -> Result<StatusChannel, String> {
        self.generation = self.generation.wrapping_add(1);
        StatusChannel::new(self.generation).map_err(|error| format!("status channel: {error}"))
    }

    pub(crate) fn watch_status(&self, key: usize) {
        let Some(service) = self.services.get(&key) else {
            return;
        };
        let fd = service.status.as_fd().as_raw_fd();
        if let Err(error) = self.poll.registry().register(
            &mut SourceFd(&fd),
            Token(key * 2 + 1),
            Interest::READABLE,
        ) {
            maillog::warning!(
                "service {}: cannot watch its processes: {error}",
                service.definition.label()
            );
        }
    }

    /// Wait for clients of a service, or stop waiting, as its book says.
    pub(crate) fn arm(&mut self, key: usize) {
        let Some(service) = self.services.get_mut(&key) else {
            return;
        };
        let wanted = service.book.wants_clients();
        if wanted != service.armed {
            for fd in service.listening.raw() {
                let registry = self.poll.registry();
                let result = if wanted {
                    registry.register(&mut SourceFd(&fd), Token(key * 2), Interest::READABLE)
                } else {
                    registry.deregister(&mut SourceFd(&fd))
                };
                if let Err(error) = result {
                    maillog::warning!("service {}: poll: {error}", service.definition.label());
                }
            }
            service.armed = wanted;
        }
        if service.book.is_at_limit() {
            self.overloaded(key);
        }
    }

    /// A client waits and no process has a place for it.
    fn client_of(&mut self, key: usize) {
        let Some(service) = self.services.get_mut(&key) else {
            return;
        };
        if !service.armed || !service.book.wants_clients() {
            return self.arm(key);
        }
        let places = service.book.next_places();
        match spawn::start(service, places, &self.inheritance) {
            Ok(pid) => {
                service.book.started(pid, places);
                service.used = true;
                self.processes.insert(pid, key);
            }
            Err(error) => {
                let program = service.definition.program.display().to_string();
                let reason = sys::reason(&error);
                maillog::warning!("{program}: cannot be started: {reason}");
                self.throttle(key);
            }
        }
        self.arm(key);
    }

    fn status_of(&mut self, key: usize) {
        let Some(service) = self.services.get_mut(&key) else {
            return;
        };
        let mut hearing = Hearing {
            book: &mut service.book,
            label: service.definition.label(),
            was_full: false,
        };
        hearing.hear(&mut service.status);
        // A channel is done with when its last process has ended.
        service.former.retain_mut(|channel| hearing.hear(channel));
        if hearing.was_full {
            self.overloaded(key);
        }
        self.arm(key);
    }

    /// Start nothing for a service for a while.
    fn throttle(&mut self, key: usize) {
        let Some(service) = self.services.get_mut(&key) else {
            return;
        };
        if service.book.is_throttled() {
            return;
        }
        maillog::warning!(
            "{}: bad command startup -- throttling",
            service.definition.program.display()
        );
        service.book.set_throttled(true);
        self.timers.set(
            Instant::now() + self.configuration.throttle_time,
            Due::Unthrottle(key),
        );
        self.arm(key);
    }

    pub(crate) fn set_wakeup(&mut self, key: usize) {
        self.timers.forget_wakeup(key);
        if self
            .services
            .get(&key)
            .is_some_and(|service| service.definition.entry.wakeup.is_some())
        {
            self.timers.set(Instant::now(), Due::Wakeup(key));
        }
    }

    /// Do what is due; `true` when it is time to leave.
    fn run_timers(&mut self) -> bool {
        while let Some(due) = self.timers.pop(Instant::now()) {
            match due {
                // The processes see the end of their channels, and leave when they like.
                Due::Exit => {
                    maillog::info!("master exit time has arrived");
                    return true;
                }
                Due::Wakeup(key) => self.wake(key),
                Due::Calm(key) => self.calm(key),
                Due::Unthrottle(key) => {
                    if let Some(service) = self.services.get_mut(&key) {
                        service.book.set_throttled(false);
                    }
                    self.arm(key);
                }
            }
        }
        false
    }

    fn wake(&mut self, key: usize) {
        let Some(service) = self.services.get(&key) else {
            return;
        };
        let Some(wakeup) = service.definition.entry.wakeup else {
            return;
        };
        let due = !service.book.is_throttled() && (service.used || !wakeup.only_after_use);
        if let Some(place) = service.listening.place.as_ref().filter(|_| due)
            && let Err(error) = wakeup::wake(place)
            && error.kind() != io::ErrorKind::WouldBlock
        {
            maillog::warning!(
                "service {}: cannot be woken: {error}",
                service.definition.label()
            );
        }
        let next = Instant::now() + Duration::from_secs(u64::from(wakeup.seconds));
        self.timers.set(next, Due::Wakeup(key));
    }

    /// Act on signals; `true` when it is time to leave.
    fn take_signals(&mut self) -> Result<bool, String> {
        while let Some(signal) = self
            .signals
            .take()
            .map_err(|error| format!("signals: {error}"))?
        {
            if signal == Kind::SIGCHLD {
                self.reap();
            } else if signal == Kind::SIGHUP {
                self.reload();
            } else {
                maillog::info!("terminating on signal {}", signal as i32);
                self.end_children();
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn reap(&mut self) {
        while let Some((pid, ended)) = sys::process::reap() {
            // A stranger's child, which the first process of a container inherits.
            let Some(key) = self.processes.remove(&pid) else {
                continue;
            };
            let Some(service) = self.services.get_mut(&key) else {
                continue;
            };
            let program = service.definition.program.display().to_string();
            match ended {
                Ended::Exit(0) => {}
                Ended::Exit(status) => {
                    maillog::warning!("process {program} pid {pid} exit status {status}")
                }
                Ended::Signal(signal) => {
                    maillog::warning!("process {program} pid {pid} killed by signal {signal}")
                }
            }
            if service.book.ended(pid, ended != Ended::Exit(0)) == Verdict::FailedAtStart {
                self.throttle(key);
            }
            self.arm(key);
        }
    }

    /// End every process of the mail system, those that daemons started included, and wait for ours.
    fn end_children(&mut self) {
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        if sys::nix::unistd::getpgrp().as_raw() == own {
            // Our own copy of the signal stays blocked.
            let _ = sys::process::signal(-own, Kind::SIGTERM);
        }
        for pid in self.processes.keys() {
            let _ = sys::process::signal(*pid, Kind::SIGTERM);
        }
        let deadline = Instant::now() + END_TIME;
        while !self.processes.is_empty() && Instant::now() < deadline {
            match sys::process::reap() {
                Some((pid, _)) => {
                    self.processes.remove(&pid);
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        for pid in self.processes.keys() {
            let _ = sys::process::signal(*pid, Kind::SIGKILL);
        }
    }

    pub(crate) fn log_configuration(&self, what: &str) {
        let settings = &self.configuration.settings;
        let version = settings
            .text("mail_version")
            .ok()
            .flatten()
            .unwrap_or_default();
        for warning in &self.configuration.warnings {
            maillog::warning!("{warning}");
        }
        for jail in &self.configuration.old_jails {
            maillog::info!("{jail}");
        }
        maillog::info!(
            "{what} -- version {version}, configuration {}",
            settings.directory().display()
        );
    }
}

/// Taking what the processes of a service have said.
struct Hearing<'a> {
    book: &'a mut Book,
    label: String,
    /// Whether the limit was used up, if only for a moment.
    was_full: bool,
}

impl Hearing<'_> {
    /// One channel; `false` when none of its processes lives.
    fn hear(&mut self, channel: &mut StatusChannel) -> bool {
        loop {
            match channel.read() {
                Ok(Read::Report(report)) if report.generation == channel.generation => {
                    match report.places {
                        Places::Free(free) => self.book.reported(report.pid, free),
                        Places::Leaving(clients) => self.book.leaving(report.pid, clients),
                    }
                    self.was_full |= self.book.is_at_limit();
                }
                Ok(Read::Report(_)) => {}
                Ok(Read::Nothing) => return true,
                Ok(Read::End) => return false,
                Err(error) => {
                    maillog::warning!("service {}: status channel: {error}", self.label);
                    return false;
                }
            }
        }
    }
}
