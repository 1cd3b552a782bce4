//! The queue manager as a daemon: what it holds, how it starts, what wakes it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use config::{Settings, params};
use delivery::Reporter;
use queue::Folder;
use records::bounce::Bouncer;
use service::{Fatal, Start, Trigger, Triggered, Triggers};
use slab::Slab;
use tokio::sync::Notify;
use tokio::task::spawn_local;

use crate::agents::Agents;
use crate::config::Config;
use crate::flow::Tokens;
use crate::intake::Terms;
use crate::message::{Message, Origin};
use crate::remover::Remover;
use crate::route::Router;
use crate::scans::SharedScans;
use crate::schedule::limits::TransportLimits;
use crate::schedule::{MessageId, Patience, Schedule};

/// How often idle connections are looked at.
const SWEEP: Duration = Duration::from_secs(5);
/// How long deliveries may take to end when the daemon is to leave. What is not done by then is done by the next one.
const FAREWELL: Duration = Duration::from_secs(2);
/// Letters beyond this many are opened again when they are delivered.
const MOST_OPEN: usize = 1_000;
/// Descriptors for connections and queue files.
const DESCRIPTORS: u64 = 16 * 1024;

/// The daemon between its start and its run.
pub struct Qmgr {
    manager: Manager,
}

/// All that the tasks share.
pub(crate) struct Manager {
    pub(crate) config: Config,
    pub(crate) schedule: RefCell<Schedule>,
    pub(crate) messages: RefCell<Slab<Message>>,
    pub(crate) router: Router,
    pub(crate) agents: Agents,
    pub(crate) reporter: Reporter,
    pub(crate) bounce: Bouncer,
    pub(crate) defer: Bouncer,
    pub(crate) trace: Bouncer,
    pub(crate) scans: SharedScans,
    pub(crate) remover: Remover,
    /// There may be letters to take in.
    pub(crate) feed: Notify,
    /// The scheduler may want to be woken at another time.
    pub(crate) timer: Notify,
    /// Recipients in memory.
    recipients: Cell<usize>,
    tokens: Option<Tokens>,
    clogged: Cell<Option<Instant>>,
}

impl Triggered for Qmgr {
    const NAME: &'static str = "qmgr";

    fn open(start: &Start) -> Result<Self, Fatal> {
        raise_descriptor_limit();
        let manager = Manager::new(&start.settings, tokens(start)?)?;
        Ok(Self { manager })
    }

    async fn run(self, mut triggers: Triggers) -> Result<(), Fatal> {
        let manager = Rc::new(self.manager);
        manager
            .recover_active()
            .map_err(|error| Fatal::io("scan active", &error))?;
        manager.refill_tokens();
        manager.want_incoming();
        manager.want_deferred();
        spawn_local(Rc::clone(&manager).feed());
        spawn_local(Rc::clone(&manager).keep_time());
        while let Some(trigger) = triggers.next().await {
            manager.react(&trigger);
            while let Some(trigger) = triggers.waiting() {
                manager.react(&trigger);
            }
            manager.put_tokens();
        }
        manager.say_farewell().await;
        Ok(())
    }
}

impl Manager {
    /// As main.cf has it. Nothing is opened or asked before it is needed.
    pub(crate) fn new(settings: &Settings, tokens: Option<Tokens>) -> Result<Self, config::Error> {
        let config = Config::read(settings)?;
        // What is wrong with a parameter shall stop the start, not the first letter for that transport.
        TransportLimits::read(settings, "smtp")?;
        let own = settings.clone();
        let limits = move |transport: &str| {
            TransportLimits::read(&own, transport).unwrap_or_else(|error| {
                maillog::warning!("{error}; using stock limits for transport {transport}");
                TransportLimits::default()
            })
        };
        let patience = Patience {
            destination: config.times.minimal_backoff,
            transport: config.times.transport_retry,
        };
        let bouncer = |name: &str| Bouncer::new(format!("private/{name}"), config.times.agent);
        Ok(Self {
            schedule: RefCell::new(Schedule::new(limits, patience)),
            messages: RefCell::new(Slab::new()),
            router: Router::new(&config.services.rewrite, config.times.ipc),
            agents: Agents::new(config.times.agent),
            reporter: Reporter::new(delivery::Config::load(settings)?),
            bounce: bouncer(&config.services.bounce),
            defer: bouncer(&config.services.defer),
            trace: bouncer(&config.services.trace),
            scans: SharedScans::default(),
            remover: Remover::new(config.layout.clone()),
            feed: Notify::new(),
            timer: Notify::new(),
            recipients: Cell::new(0),
            tokens,
            clogged: Cell::new(None),
            config,
        })
    }

    fn react(self: &Rc<Self>, trigger: &Trigger) {
        match trigger {
            Trigger::Message(id) if self.has_room() => {
                let path = self.config.layout.path(Folder::Incoming, id);
                let terms = Terms {
                    folder: Folder::Incoming,
                    origin: Origin::New,
                    early: false,
                    flushed: false,
                };
                self.take_in(id, &path, terms);
            }
            Trigger::Message(_) | Trigger::Wakeup | Trigger::Incoming => self.want_incoming(),
            Trigger::Deferred => self.want_deferred(),
            Trigger::All => self.want_all(),
            Trigger::Flush => {
                self.schedule.borrow_mut().flush();
                self.want_flush();
                self.pump();
            }
            Trigger::Other(byte) => maillog::warning!("unknown trigger {byte}"),
        }
    }

    /// Scans of deferred mail, returns of dead destinations, ends of idle connections: all that waits for the time.
    async fn keep_time(self: Rc<Self>) {
        let mut run = Instant::now() + self.config.times.queue_run_delay;
        let mut sweep = Instant::now() + SWEEP;
        loop {
            let wake = self.schedule.borrow().next_wake();
            let next = wake.unwrap_or(run).min(run).min(sweep);
            tokio::select! {
                () = tokio::time::sleep_until(next.into()) => {}
                () = self.timer.notified() => continue,
            }
            let now = Instant::now();
            if run <= now {
                run = now + self.config.times.queue_run_delay;
                self.want_deferred();
            }
            if sweep <= now {
                sweep = now + SWEEP;
                self.agents.sweep();
                self.refill_tokens();
            }
            if wake.is_some_and(|wake| wake <= now) {
                self.schedule.borrow_mut().wake(now);
                self.pump();
            }
        }
    }

    async fn say_farewell(&self) {
        let end = Instant::now() + FAREWELL;
        while self.schedule.borrow().busy() > 0 && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether another letter may become active.
    pub(crate) fn has_room(&self) -> bool {
        let full = self.messages.borrow().len() >= self.config.limits.messages;
        if full {
            self.warn_clogged();
        }
        !full
    }

    /// Whether a letter's file may stay open until it is delivered.
    pub(crate) fn may_keep_open(&self) -> bool {
        self.messages.borrow().len() < MOST_OPEN
    }

    /// How many recipients of a letter may be read now.
    pub(crate) fn recipient_room(&self) -> usize {
        let limits = &self.config.limits;
        limits
            .recipients
            .saturating_sub(self.recipients.get())
            .max(limits.recipients_of_message)
    }

    /// A letter becomes active.
    pub(crate) fn enter(&self, message: Message) -> MessageId {
        self.recipients.set(self.recipients.get() + message.pending);
        MessageId(self.messages.borrow_mut().insert(message))
    }

    /// The fate of so many recipients of a letter is known.
    pub(crate) fn settled(&self, key: MessageId, count: usize) {
        self.with_message(key, |message| message.pending -= count);
        self.recipients
            .set(self.recipients.get().saturating_sub(count));
    }

    /// More recipients of a letter, or fewer, are in memory.
    pub(crate) fn recount(&self, before: usize, after: usize) {
        self.recipients
            .set((self.recipients.get() + after).saturating_sub(before));
    }

    /// A letter is no longer active; `None` when it has left before.
    pub(crate) fn leave(&self, key: MessageId) -> Option<Message> {
        let message = self.messages.borrow_mut().try_remove(key.0)?;
        self.recount(message.pending, 0);
        Some(message)
    }

    /// There may be room for another letter.
    pub(crate) fn made_room(&self) {
        self.feed.notify_one();
    }

    /// Look at an active letter, or change it.
    pub(crate) fn with_message<T: Default>(
        &self,
        key: MessageId,
        act: impl FnOnce(&mut Message) -> T,
    ) -> T {
        self.with_message_if(key, act).unwrap_or_default()
    }

    /// The same, for a letter that may have left.
    pub(crate) fn with_message_if<T>(
        &self,
        key: MessageId,
        act: impl FnOnce(&mut Message) -> T,
    ) -> Option<T> {
        let mut messages = self.messages.borrow_mut();
        messages.get_mut(key.0).map(act)
    }

    /// A letter has left incoming/.
    pub(crate) fn count_token(&self) {
        if let Some(tokens) = &self.tokens {
            tokens.taken();
        }
    }

    /// Let cleanup(8) make more letters, if there is room for them.
    pub(crate) fn put_tokens(&self) {
        if let Some(tokens) = self.tokens.as_ref().filter(|_| self.has_room()) {
            tokens.top_up_if_low();
        }
    }

    /// The same, now and then, for tokens that were taken for letters that never came.
    fn refill_tokens(&self) {
        if let Some(tokens) = self.tokens.as_ref().filter(|_| self.has_room()) {
            tokens.top_up();
        }
    }

    fn warn_clogged(&self) {
        let every = self.config.times.clog_warning;
        let recent = self
            .clogged
            .get()
            .is_some_and(|last| last.elapsed() < every);
        if recent || every.is_zero() {
            return;
        }
        self.clogged.set(Some(Instant::now()));
        let schedule = self.schedule.borrow();
        if let Some((nexthop, transport, count)) = schedule.largest() {
            let nexthop = String::from_utf8_lossy(nexthop);
            let all = schedule.entries();
            maillog::warning!(
                "mail for {nexthop} is using up {count} of {all} active queue entries"
            );
            maillog::warning!("you may need to reduce {transport} connect and helo timeouts");
        }
    }
}

/// The pipe of tokens, where in-flow control is wanted.
fn tokens(start: &Start) -> Result<Option<Tokens>, Fatal> {
    let times: params::qmgr::Times = start.settings.get()?;
    let process: params::services::Process = start.settings.get()?;
    match start
        .flow
        .as_ref()
        .filter(|_| !times.in_flow_delay.is_zero())
    {
        None => Ok(None),
        Some(flow) => Tokens::new(flow, process.default_process_limit)
            .map(Some)
            .map_err(|error| Fatal::io("in-flow pipe", &error)),
    }
}

/// Each delivery that goes on takes a connection, each letter an open file.
fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(DESCRIPTORS).max(soft);
        if let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard) {
            maillog::warning!("raise the limit of open files: {error}");
        }
    }
}
