//! A service: what master.cf says of it, its sockets, and its processes.

use std::path::PathBuf;

use config::master_cf::{Service as Entry, ServiceType};

use crate::book::Book;
use crate::listen::Listening;
use crate::status::StatusChannel;

/// A line of master.cf, with the defaults of main.cf filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) entry: Entry,
    pub(crate) program: PathBuf,
    pub(crate) process_limit: Option<usize>,
    pub(crate) sessions_per_process: usize,
    pub(crate) rootless: bool,
}

impl Definition {
    /// What tells a service from others: its type and the name of its socket.
    pub(crate) fn identity(&self) -> (ServiceType, String) {
        (self.entry.kind, self.entry.name.clone())
    }

    /// `service "NAME" (PORT)` in log lines names the socket; inet services are shown by their program's role.
    pub(crate) fn label(&self) -> String {
        let program = self
            .program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        format!("\"{}\" ({})", self.entry.name, program)
    }

    /// The arguments of a process, its program name not counted.
    pub(crate) fn arguments(&self, sockets: usize, places: usize) -> Vec<String> {
        let mut words: Vec<String> = vec![
            "-n".into(),
            self.entry.name.clone(),
            "-t".into(),
            self.entry.kind.to_string(),
        ];
        if self.entry.chroot && !self.rootless {
            words.push("-c".into());
        }
        if self.entry.unprivileged && !self.rootless {
            words.push("-u".into());
        }
        if sockets > 1 {
            words.extend(["-s".into(), sockets.to_string()]);
        }
        match self.process_limit {
            Some(1) => words.push("-l".into()),
            None => words.push("-z".into()),
            Some(_) => {}
        }
        words.extend(["-P".into(), places.to_string()]);
        words.extend(self.entry.arguments.iter().cloned());
        words
    }
}

/// A running service.
pub(crate) struct Service {
    pub(crate) definition: Definition,
    pub(crate) listening: Listening,
    pub(crate) status: StatusChannel,
    pub(crate) book: Book,
    /// Whether the loop waits for clients on our behalf.
    pub(crate) armed: bool,
    /// Whether a process of it was ever started (wake-ups with `?`).
    pub(crate) used: bool,
}
