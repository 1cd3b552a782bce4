//! Conversation daemons: many clients at once, one thread, one task for each client.

use std::future::Future;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use sys::watchdog::Watchdog;
use tokio::io::AsyncWriteExt;
use tokio::task::spawn_local;

use crate::client::{Client, Socket};
use crate::limits::{Limits, Shape};
use crate::place::Places;
use crate::sockets::Listener;
use crate::start::Prepared;
use crate::status::Status;
use crate::{Fatal, Place, Process, Start, panics, runtime, sockets, standard};

/// How long a client waits for a farewell after a panic.
const FAREWELL_TIME: Duration = Duration::from_secs(5);
/// How long to rest when the system has no descriptor or memory for another client.
const SHORTAGE_PAUSE: Duration = Duration::from_secs(1);

/// A daemon that talks with many clients at once.
pub trait Conversations: Sized + 'static {
    /// The program's name.
    const NAME: &'static str;
    /// What a client is told when its conversation ends by a fault of the program.
    const FAREWELL: &'static [u8] = b"";
    /// Whether clients keep their connections and are idle most of the time. Then one process serves hundreds, and the
    /// process limit in master.cf counts processes, not clients.
    const SHARED: bool = false;

    /// Still with rights and outside the jail: read parameters, open what the jail will hide.
    fn open(start: &Start) -> Result<Self, Fatal>;

    /// Jailed and without rights: talk with one client until it is done. The connection is closed afterwards.
    fn converse(self: Rc<Self>, client: &mut Client) -> impl Future<Output = ()>;

    /// Work beside the clients, for as long as the process lives (expiring caches, statistics).
    fn background(self: Rc<Self>) -> impl Future<Output = ()> {
        std::future::ready(())
    }
}

/// Be a conversation daemon; the whole of its `main`.
#[must_use]
pub fn conversations<D: Conversations>() -> ExitCode {
    match run::<D>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => fatal.report(),
    }
}

fn run<D: Conversations>() -> Result<(), Fatal> {
    let shape = if D::SHARED {
        Shape::Shared
    } else {
        Shape::ManyAtOnce
    };
    let prepared = Prepared::new(D::NAME, shape)?;
    panics::log_them();
    let status = if prepared.options.standard {
        None
    } else {
        Some(Status::inherited()?)
    };
    let daemon = Rc::new(D::open(&prepared.start)?);
    prepared.enter_jail()?;
    match status {
        None => serve_standard(daemon),
        Some(status) => runtime::run(async {
            let listeners = sockets::inherited(&prepared.options)?;
            serve(daemon, listeners, status, prepared.limits).await
        })?,
    }
}

/// One client on standard input and output.
fn serve_standard<D: Conversations>(daemon: Rc<D>) -> Result<(), Fatal> {
    let failed = |error: std::io::Error| Fatal::io("standard input and output", &error);
    let (near, writer) = standard::pair().map_err(failed)?;
    let result = runtime::run(async {
        let socket = tokio::net::UnixStream::from_std(near).map_err(failed)?;
        let process = Rc::new(Process::default());
        let mut client = Client {
            socket: Socket::Unix(socket),
            standard: true,
            process,
            place: Place::only(),
        };
        converse(daemon, &mut client).await;
        Ok(())
    })?;
    // A reader that is gone makes the writer fail; there is nobody left to tell.
    let _ = writer.join();
    result
}

async fn converse<D: Conversations>(daemon: Rc<D>, client: &mut Client) {
    if panics::contained(daemon.converse(client)).await || D::FAREWELL.is_empty() {
        return;
    }
    let farewell = async {
        client.socket.write_all(D::FAREWELL).await?;
        client.socket.shutdown().await
    };
    // The conversation is over in any case.
    let _ = tokio::time::timeout(FAREWELL_TIME, farewell).await;
}

async fn serve<D: Conversations>(
    daemon: Rc<D>,
    listeners: Vec<Listener>,
    status: Status,
    limits: Limits,
) -> Result<(), Fatal> {
    let watch = status
        .watch()
        .map_err(|error| Fatal::io("status channel", &error))?;
    let places = Places::new(limits, status);
    let background = spawn_local(Rc::clone(&daemon).background());
    let mut dismissed = std::pin::pin!(runtime::dismissed(watch));
    let mut watchdog = Watchdog::new(limits.watchdog);
    let mut tick = tokio::time::interval(places.tick());
    loop {
        watchdog.pat();
        tokio::select! {
            biased;
            () = &mut dismissed => break,
            accepted = accept(&listeners), if places.has_room() => match accepted {
                Ok(socket) => start(&places, &daemon, socket),
                Err(error) => shortage(&error).await,
            },
            () = places.freed.notified() => {}
            _ = tick.tick() => {}
        }
        if places.is_due() {
            break;
        }
    }
    drop(listeners);
    places.leave();
    while places.busy() > 0 {
        tokio::select! {
            () = places.freed.notified() => {}
            _ = tick.tick() => watchdog.pat(),
        }
    }
    background.abort();
    Ok(())
}

/// Clients that left before they were accepted are no trouble; a lack of descriptors or memory is.
async fn shortage(error: &std::io::Error) {
    let code = sys::nix::errno::Errno::from_raw(error.raw_os_error().unwrap_or_default());
    if matches!(
        code,
        sys::nix::errno::Errno::EMFILE
            | sys::nix::errno::Errno::ENFILE
            | sys::nix::errno::Errno::ENOMEM
    ) {
        maillog::warning!("cannot accept another client: {error}; resting a second");
        tokio::time::sleep(SHORTAGE_PAUSE).await;
    }
}

/// The next client of any listener.
async fn accept(listeners: &[Listener]) -> std::io::Result<Socket> {
    match listeners {
        [only] => only.accept().await,
        several => {
            let mut waiting: Vec<_> = several
                .iter()
                .map(|listener| Box::pin(listener.accept()))
                .collect();
            std::future::poll_fn(|context| {
                for accepting in &mut waiting {
                    if let std::task::Poll::Ready(result) = accepting.as_mut().poll(context) {
                        return std::task::Poll::Ready(result);
                    }
                }
                std::task::Poll::Pending
            })
            .await
        }
    }
}

/// Talk with a client beside the others.
fn start<D: Conversations>(places: &Rc<Places>, daemon: &Rc<D>, socket: Socket) {
    let mut client = Client {
        socket,
        standard: false,
        process: Rc::clone(&places.process),
        place: Place::take(places),
    };
    maillog::verbose!(1, "connection established, {} places busy", places.busy());
    let daemon = Rc::clone(daemon);
    spawn_local(async move {
        maillog::separately(Box::pin(converse(daemon, &mut client))).await;
        drop(client);
        maillog::verbose!(1, "connection closed");
    });
}
