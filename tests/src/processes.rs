//! The processes of one mail system, read from /proc: those in the session of its master.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::PathBuf;

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Process id.
    pub pid: i32,
    /// Parent.
    pub parent: i32,
    /// Program name, at most 15 characters.
    pub name: String,
}

impl Process {
    /// The value of a field of /proc/PID/status, such as `CapEff`.
    pub fn status(&self, field: &str) -> Option<String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let value = status
            .lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
        Some(value.trim().to_owned())
    }

    /// Its root directory.
    pub fn root(&self) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/root", self.pid)).ok()
    }

    /// Its working directory.
    pub fn directory(&self) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/cwd", self.pid)).ok()
    }

    /// Its effective user id.
    pub fn user(&self) -> Option<u32> {
        self.status("Uid")?.split_whitespace().nth(1)?.parse().ok()
    }

    /// Sends it a signal; it may be gone.
    pub fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.pid), signal);
    }
}

/// The living processes of the session `leader`.
pub fn of_session(leader: i32) -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("read /proc");
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut found: Vec<Process> = pids.filter_map(|pid| read(pid, leader)).collect();
    found.sort_by_key(|process| process.pid);
    found
}

/// Whether a process with this id lives.
pub fn lives(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| !rest.starts_with(" Z"))
    })
}

fn read(pid: i32, leader: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let session: i32 = fields.nth(1)?.parse().ok()?;
    (session == leader && state != "Z").then(|| Process {
        pid,
        parent,
        name: head
            .split_once('(')
            .map_or_else(String::new, |(_, name)| name.to_owned()),
    })
}
