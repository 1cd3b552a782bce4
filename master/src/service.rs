//! A service: what master.cf says of it, its sockets, and its processes.

use std::path::PathBuf;

use config::master_cf::{Service as Entry, ServiceType};

use crate::book::Book;
use crate::listen::Listening;
use crate::overload::Overload;
use crate::status::StatusChannel;

/// A line of master.cf, with the defaults of main.cf filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) entry: Entry,
    /// Its port or the path of its socket: what it is however master.cf spells it.
    pub(crate) place: String,
    pub(crate) program: PathBuf,
    pub(crate) process_limit: Option<usize>,
    pub(crate) sessions_per_process: usize,
    pub(crate) rootless: bool,
    /// How often master was told to be verbose.
    pub(crate) verbose: usize,
}

impl Definition {
    /// What tells a service from others: its type and the name of its socket.
    pub(crate) fn identity(&self) -> (ServiceType, String) {
        (self.entry.kind, self.place.clone())
    }

    /// `"NAME" (PLACE)` in log lines.
    pub(crate) fn label(&self) -> String {
        format!("\"{}\" ({})", self.entry.name, self.place)
    }

    /// The arguments of a process, its program name not counted.
    fn arguments(&self, sockets: usize, places: usize, stress: Option<bool>) -> Vec<String> {
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
        if let Some(stressed) = stress {
            let value = if stressed { "yes" } else { "" };
            words.extend(["-o".into(), format!("stress={value}")]);
        }
        words.extend(std::iter::repeat_n("-v".to_owned(), self.verbose));
        words.extend(self.entry.arguments.iter().cloned());
        words
    }
}

/// A running service.
pub(crate) struct Service {
    pub(crate) definition: Definition,
    pub(crate) listening: Listening,
    pub(crate) status: StatusChannel,
    /// Channels of processes that were told to leave.
    pub(crate) former: Vec<StatusChannel>,
    pub(crate) book: Book,
    pub(crate) overload: Overload,
    /// Whether the loop waits for clients on our behalf.
    pub(crate) armed: bool,
    /// Whether a process of it was ever started (wake-ups with `?`).
    pub(crate) used: bool,
}

impl Service {
    /// Whether its processes learn of stress: strangers are its clients, and more than one at a time.
    pub(crate) fn adapts_to_stress(&self) -> bool {
        let entry = &self.definition.entry;
        matches!(entry.kind, ServiceType::Inet | ServiceType::Pass)
            && self.definition.process_limit != Some(1)
            && !self.listening.loopback_only
    }

    /// The arguments of a new process.
    pub(crate) fn arguments(&self, places: usize) -> Vec<String> {
        let stress = self.adapts_to_stress().then(|| self.overload.is_stressed());
        let sockets = self.listening.descriptors.len();
        self.definition.arguments(sockets, places, stress)
    }
}
