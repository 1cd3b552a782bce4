//! Datagram daemons (postlogd): single packets, no answers.

use std::future::Future;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use sys::signal::{Kind, Signals};
use sys::watchdog::Watchdog;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixDatagram;

use crate::limits::Shape;
use crate::start::Prepared;
use crate::status::Status;
use crate::{Fatal, Start, panics, runtime, sockets};

/// The longest packet.
const MAX_PACKET: usize = 16 * 1024;

/// A daemon that takes packets.
pub trait Datagrams: Sized + 'static {
    /// The program's name.
    const NAME: &'static str;

    /// Still with rights and outside the jail: read parameters, open what the jail will hide.
    fn open(start: &Start) -> Result<Self, Fatal>;

    /// How long one packet may take before this process is taken for stuck.
    fn watchdog(start: &Start) -> Result<Duration, Fatal>;

    /// Jailed and without rights: take one packet.
    fn packet(&mut self, bytes: &[u8]) -> impl Future<Output = ()>;
}

/// Be a datagram daemon; the whole of its `main`.
#[must_use]
pub fn datagrams<D: Datagrams>() -> ExitCode {
    match run::<D>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => fatal.report(),
    }
}

fn run<D: Datagrams>() -> Result<(), Fatal> {
    let prepared = Prepared::new(D::NAME, Shape::OneByOne)?;
    panics::log_them();
    let mut status = Status::inherited()?;
    let mut daemon = D::open(&prepared.start)?;
    let patience = D::watchdog(&prepared.start)?;
    prepared.enter_jail()?;
    // Others may still have last words for the log when master ends everybody.
    let told = Signals::new(&[Kind::SIGTERM]).map_err(|error| Fatal::io("SIGTERM", &error))?;
    runtime::run(async {
        let failed = |error: std::io::Error| Fatal::io("datagram socket", &error);
        let mut descriptors = sockets::descriptors(&prepared.options)?;
        let Some(descriptor) = descriptors.pop() else {
            return Err(Fatal::new("no datagram socket"));
        };
        let socket = UnixDatagram::from_std(descriptor.into()).map_err(failed)?;
        let watch = status.watch().map_err(failed)?;
        status.free_places(1).map_err(failed)?;
        status.free_places(0).map_err(failed)?;
        let told = readable(told.as_fd().try_clone_to_owned().map_err(failed)?).map_err(failed)?;
        let mut dismissed = std::pin::pin!(runtime::dismissed(watch));
        let mut watchdog = Watchdog::new(patience);
        let mut buffer = vec![0; MAX_PACKET];
        let mut last = Instant::now();
        loop {
            watchdog.pat();
            let rest = prepared.limits.idle.saturating_sub(last.elapsed());
            if rest.is_zero() {
                return Ok(());
            }
            tokio::select! {
                biased;
                received = socket.recv(&mut buffer) => {
                    let count = received.map_err(failed)?;
                    daemon.packet(buffer.get(..count).unwrap_or_default()).await;
                    last = Instant::now();
                }
                () = &mut dismissed => return Ok(()),
                _ = told.readable() => return Ok(()),
                () = tokio::time::sleep(rest.min(patience / 3)) => {}
            }
        }
    })?
}

#[expect(
    deprecated,
    reason = "its replacement is unsafe; an OwnedFd keeps the promise that it asks for"
)]
fn readable(fd: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(fd)
}
