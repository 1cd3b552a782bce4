//! A running driver: started once for each type and program, asked over sockets that are handed to it.
//!
//! The driver gets one end of a control socket. A connection is a new pair of sockets, one end of which goes over the control
//! socket; its end tells the driver to leave. Started by root, a driver becomes the mail system's owner before anything else.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ipc::{Client, Connection, Pool};
use records::table::{Answer, Number, Parameter, Reply, Request, Tables};
use sys::process::Spawn;

/// The number under which a driver finds its control socket.
const CONTROL: i32 = 3;
/// How long a driver may take to look at a table's configuration, for which it asks nobody.
const OPEN_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a lookup may take; servers that do not answer are noticed earlier, by the driver.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(1000);
/// A driver that ended is started again at most this often.
const RESTART_INTERVAL: Duration = Duration::from_secs(1);

/// The drivers that a program has started, by their program.
pub(super) struct Started {
    mail_owner: String,
    drivers: RefCell<HashMap<PathBuf, Rc<Driver>>>,
}

impl Started {
    pub(super) fn new(mail_owner: String) -> Self {
        Self {
            mail_owner,
            drivers: RefCell::default(),
        }
    }

    /// The driver of that program, started now if it is the first time.
    pub(super) fn driver(&self, program: &Path) -> Result<Rc<Driver>, String> {
        if let Some(driver) = self.drivers.borrow().get(program) {
            return Ok(Rc::clone(driver));
        }
        let driver = Rc::new(Driver::start(program, self.arguments()?)?);
        let mut drivers = self.drivers.borrow_mut();
        drivers.insert(program.to_owned(), Rc::clone(&driver));
        Ok(driver)
    }

    /// Who the driver is to become: nobody else where this program has no rights to give up.
    fn arguments(&self) -> Result<Vec<OsString>, String> {
        if !sys::rights::is_root() {
            return Ok(Vec::new());
        }
        let owner = &self.mail_owner;
        let account = sys::users::by_name(owner)
            .map_err(|error| format!("look up mail_owner {owner}: {}", sys::reason(&error)))?
            .ok_or_else(|| format!("mail_owner {owner}: no such user"))?;
        let ids = [account.uid, account.gid];
        Ok(ids.map(|id| id.to_string().into()).to_vec())
    }
}

/// A driver and the tables that it has open.
pub(super) struct Driver {
    program: PathBuf,
    arguments: Vec<OsString>,
    running: Rc<RefCell<Running>>,
    pool: Pool<Tables>,
    /// The tables, each at the place of its number, to open them again in a new process.
    tables: RefCell<Vec<Request>>,
    restarted: Cell<Option<Instant>>,
    lost: Cell<bool>,
}

struct Running {
    process: Child,
    control: UnixStream,
}

impl Running {
    fn start(program: &Path, arguments: &[OsString]) -> io::Result<Self> {
        let (control, theirs) = UnixStream::pair()?;
        let spawn = Spawn {
            program,
            arguments: arguments.to_vec(),
            environment: std::env::vars_os().collect(),
            descriptors: vec![(theirs.as_fd(), CONTROL)],
            keep_standard: false,
        };
        Ok(Self {
            process: spawn.start()?,
            control,
        })
    }

    fn connect(&self) -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        sys::ancillary::send(self.control.as_fd(), b"c", theirs.as_fd())?;
        Ok(ours)
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }
}

impl Driver {
    fn start(program: &Path, arguments: Vec<OsString>) -> Result<Self, String> {
        let running = Running::start(program, &arguments)
            .map_err(|error| format!("start {}: {}", program.display(), sys::reason(&error)))?;
        let running = Rc::new(RefCell::new(running));
        let connector = Rc::clone(&running);
        Ok(Self {
            program: program.to_owned(),
            arguments,
            running,
            pool: Pool::with_connector(move || connector.borrow().connect(), LOOKUP_TIMEOUT),
            tables: RefCell::default(),
            restarted: Cell::new(None),
            lost: Cell::new(false),
        })
    }

    /// Open a table, or find it among those that are open.
    pub(super) fn open(&self, name: &str, parameters: Vec<Parameter>) -> Result<Number, String> {
        let parameters = parameters
            .try_into()
            .map_err(|error| format!("{name}: {error}"))?;
        let next = self.tables.borrow().len();
        let mut request = Request::Open {
            table: 0,
            name: name.to_owned(),
            parameters,
        };
        for number in 0..next {
            set_number(&mut request, number);
            if self.tables.borrow().get(number) == Some(&request) {
                return Ok(to_number(number));
            }
        }
        set_number(&mut request, next);
        if self.running.borrow_mut().has_ended() {
            self.restart()?;
        }
        self.open_now(&request)?;
        self.tables.borrow_mut().push(request);
        Ok(to_number(next))
    }

    /// Ask once; a driver that ended is replaced, if that can be done here.
    pub(super) async fn ask(&self, request: &Request) -> Result<Answer, String> {
        if let Ok(reply) = self.pool.call(request).await {
            return Ok(noted(reply));
        }
        self.pool.clear();
        if self.running.borrow_mut().has_ended() {
            self.restart()?;
        }
        let again = self.pool.call(request).await;
        again.map(noted).map_err(|error| self.failed(&error))
    }

    /// Ask several things at once over so many connections, the answers in the order of the questions. `None` when not all of it
    /// can be done so; then they are to be asked one after the other.
    pub(super) async fn ask_all(
        &self,
        requests: &[Request],
        connections: usize,
    ) -> Option<Vec<Answer>> {
        let part = requests.len().div_ceil(connections.max(1)).max(1);
        let mut asked = Vec::new();
        for requests in requests.chunks(part) {
            let mut client = self.pool.take().await.ok()?;
            let (last, others) = requests.split_last()?;
            for request in others {
                client.queue(request).ok()?;
            }
            client.send(last).await.ok()?;
            asked.push((client, requests.len()));
        }
        let mut answers = Vec::with_capacity(requests.len());
        for (mut client, count) in asked {
            for _ in 0..count {
                answers.push(noted(client.receive().await.ok()?));
            }
            self.pool.keep(client);
        }
        Some(answers)
    }

    /// Whether the driver ended and cannot be started from here.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.get()
    }

    /// Open a table in the driver, waiting for it: this happens in a program's start, or while it can do nothing better.
    fn open_now(&self, request: &Request) -> Result<(), String> {
        let ask = || {
            let mut connection = Connection::blocking(self.running.borrow().connect()?)?;
            connection.set_timeout(OPEN_TIMEOUT)?;
            ipc::now(Client::<Tables>::over(connection).call(request))
        };
        match noted(ask().map_err(|error| self.failed(&error))?) {
            Answer::Failed(reason) => Err(reason),
            Answer::Done | Answer::Found(_) | Answer::NotFound => Ok(()),
        }
    }

    fn restart(&self) -> Result<(), String> {
        let program = self.program.display();
        let restarted = self.restarted.replace(Some(Instant::now()));
        if restarted.is_some_and(|time| time.elapsed() < RESTART_INTERVAL) {
            return Err(format!("the driver {program} ended"));
        }
        match Running::start(&self.program, &self.arguments) {
            Ok(running) => *self.running.borrow_mut() = running,
            Err(error) => {
                self.lost.set(true);
                let reason = sys::reason(&error);
                return Err(format!(
                    "the driver {program} ended and cannot be started again here: {reason}"
                ));
            }
        }
        maillog::warning!("the driver {program} ended; started again");
        let tables = self.tables.borrow();
        tables.iter().try_for_each(|request| self.open_now(request))
    }

    fn failed(&self, error: &ipc::Error) -> String {
        format!("{}: {error}", self.program.display())
    }
}

/// Log what the driver wants to be read, and keep the answer.
fn noted(reply: Reply) -> Answer {
    for note in reply.notes.iter() {
        maillog::warning!("{note}");
    }
    reply.answer
}

fn set_number(request: &mut Request, number: usize) {
    if let Request::Open { table, .. } = request {
        *table = to_number(number);
    }
}

fn to_number(number: usize) -> Number {
    Number::try_from(number).unwrap_or(Number::MAX)
}
