//! Worker daemons: one job at a time, in blocking code, in a process that is or may become root.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::ExitCode;
use std::time::Instant;

use sys::nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use sys::watchdog::Watchdog;

use crate::limits::{Limits, Shape, tell_of_change};
use crate::start::Prepared;
use crate::status::Status;
use crate::{Fatal, Start, sockets};

/// A daemon that does one job after another.
pub trait Worker: Sized {
    /// The program's name.
    const NAME: &'static str;

    /// Read parameters, open what is needed.
    fn open(start: &Start) -> Result<Self, Fatal>;

    /// Serve one client until it is done, or until another one waits for its turn.
    fn serve(&mut self, client: UnixStream, turn: Turn<'_>);

    /// The first table whose file was replaced since it was opened, as `type:name`: the process leaves then.
    fn changed(&self) -> Option<&str> {
        None
    }
}

/// Whose turn it is: a client may keep its connection while nobody else waits.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    listeners: &'a [UnixListener],
    status: &'a Status,
}

impl Turn<'_> {
    /// Wait until the client speaks or leaves (true), or another one comes or master dismisses the process (false).
    #[must_use]
    pub fn lasts(self, client: BorrowedFd<'_>) -> bool {
        let mut fds = watched(self.listeners, self.status);
        fds.push(PollFd::new(client, PollFlags::POLLIN));
        // A signal or a failed poll is no reason to send the client away.
        let _ = poll(&mut fds, PollTimeout::NONE);
        let ready = |fd: &PollFd<'_>| fd.any().unwrap_or(true);
        fds.last().is_none_or(ready) || !fds.iter().any(ready)
    }
}

fn watched<'a>(listeners: &'a [UnixListener], status: &'a Status) -> Vec<PollFd<'a>> {
    let listening = listeners.iter().map(AsFd::as_fd);
    listening
        .chain([status.as_fd()])
        .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
        .collect()
}

/// Be a worker daemon; the whole of its `main`.
#[must_use]
pub fn worker<W: Worker>() -> ExitCode {
    match run::<W>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => fatal.report(),
    }
}

fn run<W: Worker>() -> Result<(), Fatal> {
    let prepared = Prepared::new(W::NAME, Shape::OneByOne)?;
    crate::panics::log_them();
    let mut status = Status::inherited()?;
    let mut worker = W::open(&prepared.start)?;
    if prepared.options.drop_rights || prepared.options.chroot {
        prepared.enter_jail()?;
    }
    let listeners: Vec<UnixListener> = sockets::descriptors(&prepared.options)?
        .into_iter()
        .map(UnixListener::from)
        .collect();
    serve(&mut worker, &listeners, &mut status, prepared.limits)
}

fn serve<W: Worker>(
    worker: &mut W,
    listeners: &[UnixListener],
    status: &mut Status,
    limits: Limits,
) -> Result<(), Fatal> {
    let mut watchdog = Watchdog::new(limits.watchdog);
    let mut used = 0;
    let mut idle_since = Instant::now();
    say(status, 1);
    while used < limits.uses && !maillog::lost() {
        watchdog.pat();
        let Some(rest) = limits.idle.checked_sub(idle_since.elapsed()) else {
            break;
        };
        let milliseconds = i32::try_from(rest.as_millis().saturating_add(1)).unwrap_or(i32::MAX);
        let ready = wait(listeners, status, milliseconds)?;
        if let Some(table) = worker.changed() {
            tell_of_change(table);
            break;
        }
        match take(ready, listeners)? {
            Event::Nothing => {}
            Event::Dismissed => break,
            Event::Client(client) => {
                say(status, 0);
                worker.serve(client, Turn { listeners, status });
                say(status, 1);
                used += 1;
                idle_since = Instant::now();
            }
        }
    }
    Ok(())
}

enum Event {
    Client(UnixStream),
    Dismissed,
    Nothing,
}

/// What came first.
#[derive(Clone, Copy)]
enum Ready {
    /// A client, perhaps.
    Listener,
    Dismissed,
    Nothing,
}

/// Wait for a client, the end of the status channel, or the time limit.
fn wait(listeners: &[UnixListener], status: &Status, milliseconds: i32) -> Result<Ready, Fatal> {
    let mut fds = watched(listeners, status);
    let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
    match poll(&mut fds, timeout) {
        Ok(0) | Err(sys::nix::errno::Errno::EINTR) => Ok(Ready::Nothing),
        Ok(_) if fds.last().is_some_and(|fd| fd.any().unwrap_or(true)) => Ok(Ready::Dismissed),
        Ok(_) => Ok(Ready::Listener),
        Err(error) => Err(Fatal::new(format!("wait for clients: {error}"))),
    }
}

/// Take the client that was waited for.
fn take(ready: Ready, listeners: &[UnixListener]) -> Result<Event, Fatal> {
    match ready {
        Ready::Nothing => return Ok(Event::Nothing),
        Ready::Dismissed => return Ok(Event::Dismissed),
        Ready::Listener => {}
    }
    for listener in listeners {
        // Another process of the service may have been quicker.
        if let Ok((client, _)) = listener.accept() {
            client
                .set_nonblocking(false)
                .map_err(|error| Fatal::io("client socket", &error))?;
            return Ok(Event::Client(client));
        }
    }
    Ok(Event::Nothing)
}

fn say(status: &mut Status, free: usize) {
    // When master is gone, the end of the channel says so.
    let _ = status.free_places(free);
}
