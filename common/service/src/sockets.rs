//! The listening sockets of a conversation daemon.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::Fatal;
use crate::client::Socket;
use crate::options::Options;
use crate::start::LISTEN;

/// One listening socket, by the type of its service.
pub(crate) enum Listener {
    Inet(TcpListener),
    Unix(UnixListener),
    /// Each connection brings one accepted client as a descriptor.
    Pass(UnixListener),
}

/// Take the listening sockets from master. Call within the runtime.
pub(crate) fn inherited(options: &Options) -> Result<Vec<Listener>, Fatal> {
    descriptors(options)?
        .into_iter()
        .map(|fd| {
            listener(&options.kind, fd).map_err(|error| Fatal::io("listening socket", &error))
        })
        .collect()
}

/// The descriptors themselves, non-blocking.
pub(crate) fn descriptors(options: &Options) -> Result<Vec<OwnedFd>, Fatal> {
    let count =
        i32::try_from(options.sockets).map_err(|_| Fatal::new("option -s: too many sockets"))?;
    (LISTEN..LISTEN.saturating_add(count))
        .map(|number| {
            let fd = sys::descriptor::inherited(number)
                .map_err(|e| Fatal::io(format_args!("descriptor {number}"), &e))?;
            sys::descriptor::set_nonblocking(fd.as_fd(), true)
                .map_err(|e| Fatal::io("listening socket", &e))?;
            Ok(fd)
        })
        .collect()
}

fn listener(kind: &str, fd: OwnedFd) -> io::Result<Listener> {
    Ok(match kind {
        "inet" => Listener::Inet(TcpListener::from_std(std::net::TcpListener::from(fd))?),
        "pass" => Listener::Pass(UnixListener::from_std(
            std::os::unix::net::UnixListener::from(fd),
        )?),
        _ => Listener::Unix(UnixListener::from_std(
            std::os::unix::net::UnixListener::from(fd),
        )?),
    })
}

impl Listener {
    /// The next client. Errors of a client that left early are not ours; the caller asks again.
    pub(crate) async fn accept(&self) -> io::Result<Socket> {
        match self {
            Self::Inet(listener) => {
                let (socket, _) = listener.accept().await?;
                socket.set_nodelay(true)?;
                Ok(Socket::Tcp(socket))
            }
            Self::Unix(listener) => Ok(Socket::Unix(listener.accept().await?.0)),
            Self::Pass(listener) => passed(listener.accept().await?.0).await,
        }
    }
}

/// The client that another program has accepted and hands over.
async fn passed(from: UnixStream) -> io::Result<Socket> {
    let mut byte = [0];
    let (_, descriptor) = from
        .async_io(Interest::READABLE, || {
            sys::ancillary::receive(from.as_fd(), &mut byte)
        })
        .await?;
    let Some(descriptor) = descriptor else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "no client was passed",
        ));
    };
    sys::descriptor::set_nonblocking(descriptor.as_fd(), true)?;
    let socket = TcpStream::from_std(std::net::TcpStream::from(descriptor))?;
    Ok(Socket::Tcp(socket))
}
