//! Starting a process of a service.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use sys::process::Spawn;

use crate::service::Service;

/// The numbers under which a daemon finds its descriptors.
const FLOW_READ: i32 = 3;
const FLOW_WRITE: i32 = 4;
const STATUS: i32 = 5;
const LISTEN: i32 = 6;

/// What every process gets from master.
pub(crate) struct Inheritance {
    /// The pipe of in-flow tokens.
    pub(crate) flow_read: OwnedFd,
    pub(crate) flow_write: OwnedFd,
    /// The cleaned environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Whether standard input, output and error are passed on (`-s`, containers).
    pub(crate) keep_standard: bool,
}

/// Start a process with room for `places` clients; returns its id.
pub(crate) fn start(
    service: &Service,
    places: usize,
    inheritance: &Inheritance,
) -> io::Result<i32> {
    let mut descriptors = vec![
        (inheritance.flow_read.as_fd(), FLOW_READ),
        (inheritance.flow_write.as_fd(), FLOW_WRITE),
    ];
    descriptors.extend(service.status.far_end().map(|far| (far, STATUS)));
    descriptors.extend(service.listening.borrow().zip(LISTEN..));
    let mut environment = inheritance.environment.clone();
    environment.push((
        "GENERATION".into(),
        format!("{:o}", service.status.generation).into(),
    ));
    let spawn = Spawn {
        program: &service.definition.program,
        arguments: service
            .arguments(places)
            .into_iter()
            .map(OsString::from)
            .collect(),
        environment,
        descriptors,
        keep_standard: inheritance.keep_standard,
    };
    let child = spawn.start()?;
    i32::try_from(child.id()).map_err(|_| io::Error::other("a process id out of range"))
}
