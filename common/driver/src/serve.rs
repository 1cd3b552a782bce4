//! The process of a driver: rights, the control socket, a thread for each connection.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipc::{Connection, Server};
use records::table::{Answer, Number, Reply, Request, Tables};
use sys::rights::Jail;

use crate::notes::Notes;
use crate::parameters::Parameters;

/// The control socket's number.
const CONTROL: i32 = 3;
/// The first number behind it.
const CONTROL_END: u32 = 4;
/// Connections at once; the opener's further ones wait.
const MAX_THREADS: usize = 256;
/// How often idle connections to servers are looked at.
const TIDY_INTERVAL: Duration = Duration::from_secs(10);

/// An open table of one type.
pub trait Table: Sized + Send + Sync + 'static {
    /// Understand the configuration; connects to nobody.
    fn open(parameters: &Parameters, notes: &mut Notes) -> Result<Self, String>;

    /// Look a key up. An error is a temporary failure.
    fn find(&self, key: &[u8], notes: &mut Notes) -> Result<Option<Vec<u8>>, String>;

    /// Set the value of a key, in types that can be written.
    fn update(&self, key: &[u8], value: &[u8], notes: &mut Notes) -> Result<(), String> {
        let _ = (key, value, notes);
        Err("tables of this type are read-only".to_owned())
    }

    /// Remove a key; `false` when it is not there.
    fn remove(&self, key: &[u8], notes: &mut Notes) -> Result<bool, String> {
        let _ = (key, notes);
        Err("tables of this type are read-only".to_owned())
    }

    /// Close what has been idle for long; called now and then.
    fn tidy(&self) {}
}

/// Be the driver of a table type; the whole of its `main`.
#[must_use]
pub fn main<T: Table>() -> ExitCode {
    match run::<T>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever started this by hand should know what it is.
            let reason = sys::reason(&error);
            eprintln!("this program is started by programs that open tables of its type: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run<T: Table>() -> io::Result<()> {
    // What the opener had open is none of a driver's business, and must not stay open because of it.
    sys::descriptor::close_from(CONTROL_END)?;
    let control = UnixStream::from(sys::descriptor::inherited(CONTROL)?);
    let jail = Jail {
        root: None,
        ids: ids(std::env::args().skip(1)),
    };
    jail.enter()?;
    sys::process::umask(0o077);
    let driver = Arc::new(Driver::<T>::default());
    let tidy = Arc::clone(&driver);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(TIDY_INTERVAL);
            tidy.all().iter().for_each(|table| table.tidy());
        }
    });
    let mut letter = [0];
    loop {
        match sys::ancillary::receive(control.as_fd(), &mut letter) {
            Ok((0, _)) => return Ok(()),
            Ok((_, Some(socket))) => driver.take(socket),
            Ok((_, None)) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// User and group, when there are rights to give up.
fn ids(mut arguments: impl Iterator<Item = String>) -> Option<(u32, u32)> {
    let mut next = || arguments.next()?.parse().ok();
    Some((next()?, next()?))
}

struct Driver<T> {
    tables: Mutex<HashMap<Number, Arc<T>>>,
    threads: AtomicUsize,
}

impl<T> Default for Driver<T> {
    fn default() -> Self {
        Self {
            tables: Mutex::default(),
            threads: AtomicUsize::new(0),
        }
    }
}

impl<T: Table> Driver<T> {
    fn take(self: &Arc<Self>, socket: OwnedFd) {
        while self.threads.load(Ordering::Acquire) >= MAX_THREADS {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.threads.fetch_add(1, Ordering::AcqRel);
        let driver = Arc::clone(self);
        let serving = std::thread::Builder::new().spawn(move || {
            driver.serve(socket);
            driver.threads.fetch_sub(1, Ordering::AcqRel);
        });
        if serving.is_err() {
            // The opener sees its connection closed, and asks again.
            self.threads.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn serve(&self, socket: OwnedFd) {
        let Ok(connection) = Connection::blocking(UnixStream::from(socket)) else {
            return;
        };
        let mut server = Server::<Tables>::over(connection);
        while let Ok(Some(request)) = ipc::now(server.receive()) {
            let mut notes = Notes::default();
            let answer = catch_unwind(AssertUnwindSafe(|| self.answer(request, &mut notes)))
                .unwrap_or_else(|_| {
                    Answer::Failed("the driver has a fault: it panicked".to_owned())
                });
            let reply = Reply {
                notes: notes.into_vec().try_into().unwrap_or_default(),
                answer,
            };
            if ipc::now(server.reply_in_turn(&reply)).is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: Request, notes: &mut Notes) -> Answer {
        match request {
            Request::Open {
                table,
                name,
                parameters,
            } => {
                let pairs = parameters.into_vec().into_iter();
                let pairs = pairs.map(|parameter| (parameter.name, parameter.value));
                match T::open(&Parameters::new(&name, pairs), notes) {
                    Ok(open) => {
                        self.lock().insert(table, Arc::new(open));
                        Answer::Done
                    }
                    Err(reason) => Answer::Failed(reason),
                }
            }
            Request::Find { table, key } => self.with(table, |table| {
                // No key of a table has a NUL in it, and to libraries written in C a text ends there.
                if key.is_empty() || key.contains(&0) {
                    return Ok(Answer::NotFound);
                }
                let found = table.find(&key, notes)?;
                Ok(found.map_or(Answer::NotFound, Answer::Found))
            }),
            Request::Update { table, key, value } => self.with(table, |table| {
                table.update(&key, &value, notes)?;
                Ok(Answer::Done)
            }),
            Request::Remove { table, key } => self.with(table, |table| {
                let removed = table.remove(&key, notes)?;
                Ok(if removed {
                    Answer::Done
                } else {
                    Answer::NotFound
                })
            }),
        }
    }

    fn with(&self, table: Number, work: impl FnOnce(&T) -> Result<Answer, String>) -> Answer {
        let table = self.lock().get(&table).cloned();
        match table {
            Some(table) => work(&table).unwrap_or_else(Answer::Failed),
            None => Answer::Failed("no such table is open".to_owned()),
        }
    }

    fn all(&self) -> Vec<Arc<T>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Number, Arc<T>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
