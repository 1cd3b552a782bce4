//! Making the sockets and FIFOs of services.

use std::fs::{self, Permissions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use config::master_cf::ServiceType;
use net::HostPort;
use net::interfaces::Protocols;
use sys::nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, UnixAddr, sockopt,
};
use sys::nix::sys::stat::Mode;
use sys::nix::unistd::mkfifo;

use crate::service::Definition;
use crate::wakeup::Place;

/// The listening descriptors of one service, and where they are.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) descriptors: Vec<OwnedFd>,
    pub(crate) place: Option<Place>,
    /// Whether only this machine reaches it, where it has addresses at all.
    pub(crate) loopback_only: bool,
}

/// What sockets need to know of main.cf and of the machine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Surroundings {
    /// Whose the UNIX sockets are; `None` without root.
    pub(crate) owner: Option<(u32, u32)>,
    /// The addresses of inet_interfaces; empty for all of them.
    pub(crate) interfaces: Vec<IpAddr>,
    pub(crate) protocols: Protocols,
    /// As it is written.
    pub(crate) inet_protocols: String,
}

impl Listening {
    /// Make the sockets of a service; the error names what could not be made.
    pub(crate) fn open(definition: &Definition, around: &Surroundings) -> Result<Self, String> {
        let entry = &definition.entry;
        let path = Path::new(if entry.private { "private" } else { "public" }).join(&entry.name);
        let named = |error: io::Error| {
            format!("{}/{}: {}", path.display(), entry.kind, sys::reason(&error))
        };
        match entry.kind {
            ServiceType::Inet => inet(&entry.name, around),
            ServiceType::Fifo => fifo(&path, around).map_err(named),
            ServiceType::Unix | ServiceType::Pass => {
                unix(&path, SockType::Stream, around).map_err(named)
            }
            ServiceType::UnixDgram => unix(&path, SockType::Datagram, around).map_err(named),
        }
    }

    /// Take the name of a service that is gone off the file system.
    pub(crate) fn remove_name(&self) {
        if let Some(Place::Fifo(path) | Place::Socket(path)) = &self.place {
            // It may have been removed already.
            let _ = fs::remove_file(path);
        }
    }

    pub(crate) fn borrow(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.descriptors.iter().map(AsFd::as_fd)
    }

    pub(crate) fn raw(&self) -> Vec<i32> {
        self.descriptors.iter().map(AsRawFd::as_raw_fd).collect()
    }
}

fn fifo(path: &Path, around: &Surroundings) -> io::Result<Listening> {
    if !fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_fifo()) {
        remove_old(path)?;
        mkfifo(path, Mode::from_bits_truncate(0o622))?;
    }
    fs::set_permissions(path, Permissions::from_mode(0o622))?;
    own(path, around)?;
    let mut options = fs::OpenOptions::new();
    // Open for writing too, so that the FIFO never comes to an end.
    options
        .read(true)
        .write(true)
        .custom_flags(sys::nix::libc::O_NONBLOCK | sys::nix::libc::O_NOFOLLOW);
    let file = options.open(path)?;
    Ok(Listening {
        descriptors: vec![file.into()],
        place: Some(Place::Fifo(path.to_owned())),
        loopback_only: false,
    })
}

fn unix(path: &Path, kind: SockType, around: &Surroundings) -> io::Result<Listening> {
    remove_old(path)?;
    let fd = socket::socket(
        AddressFamily::Unix,
        kind,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        None,
    )?;
    socket::bind(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    // Who may connect is decided by the mode of the folder.
    fs::set_permissions(path, Permissions::from_mode(0o666))?;
    own(path, around)?;
    if kind == SockType::Stream {
        socket::listen(&fd, Backlog::MAXALLOWABLE)?;
    }
    Ok(Listening {
        descriptors: vec![fd],
        place: Some(Place::Socket(path.to_owned())),
        loopback_only: false,
    })
}

fn remove_old(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn own(path: &Path, around: &Surroundings) -> io::Result<()> {
    match around.owner {
        Some((uid, _)) => chown(path, Some(uid), None),
        None => Ok(()),
    }
}

fn inet(name: &str, around: &Surroundings) -> Result<Listening, String> {
    let endpoint =
        HostPort::parse_service(name).map_err(|error| format!("service {name}: {error}"))?;
    let Some(port) = endpoint.port_or(0) else {
        return Err(format!(
            "service {name}: the port's name is not in the table of services"
        ));
    };
    let addresses =
        addresses(&endpoint, around).map_err(|error| format!("service {name}: {error}"))?;
    let mut descriptors = Vec::new();
    for address in &addresses {
        let place = SocketAddr::new(*address, port);
        let fd = tcp(place)
            .map_err(|error| format!("bind {} port {port}: {}", address, sys::reason(&error)))?;
        descriptors.push(fd);
    }
    let place = addresses
        .first()
        .map(|address| Place::Inet(SocketAddr::new(reachable(*address), port)));
    let loopback_only = addresses.iter().all(IpAddr::is_loopback);
    Ok(Listening {
        descriptors,
        place,
        loopback_only,
    })
}

/// The addresses that a service listens on: its own, those of inet_interfaces, or all.
fn addresses(endpoint: &HostPort, around: &Surroundings) -> Result<Vec<IpAddr>, String> {
    if let Some(address) = endpoint.address() {
        return Ok(vec![address]);
    }
    if !endpoint.host.is_empty() {
        let found = resolve(&endpoint.host, around.protocols)
            .map_err(|error| format!("host {}: {}", endpoint.host, sys::reason(&error)))?;
        return if found.is_empty() {
            Err(format!("host {} has no address", endpoint.host))
        } else {
            Ok(found)
        };
    }
    if !around.interfaces.is_empty() {
        return Ok(around.interfaces.clone());
    }
    let wildcards = [
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    ];
    Ok(wildcards
        .into_iter()
        .filter(|address| around.protocols.allow(*address))
        .collect())
}

fn resolve(host: &str, protocols: Protocols) -> io::Result<Vec<IpAddr>> {
    let found = (host, 0).to_socket_addrs()?;
    let mut addresses: Vec<IpAddr> = found
        .map(|place| place.ip())
        .filter(|ip| protocols.allow(*ip))
        .collect();
    addresses.dedup();
    Ok(addresses)
}

fn tcp(place: SocketAddr) -> io::Result<OwnedFd> {
    let family = if place.is_ipv4() {
        AddressFamily::Inet
    } else {
        AddressFamily::Inet6
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket::socket(family, SockType::Stream, flags, None)?;
    socket::setsockopt(&fd, sockopt::ReuseAddr, &true)?;
    if place.is_ipv6() {
        socket::setsockopt(&fd, sockopt::Ipv6V6Only, &true)?;
    }
    socket::bind(fd.as_raw_fd(), &SockaddrStorage::from(place))?;
    // The kernel cuts this to net.core.somaxconn.
    socket::listen(&fd, Backlog::MAXALLOWABLE)?;
    Ok(fd)
}

/// Where a wildcard can be reached from this machine.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    }
}
