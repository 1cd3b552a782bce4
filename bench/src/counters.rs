//! System calls and context switches of a whole mail system, counted by perf(1) while something happens.

use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use suite::Instance;

use crate::cpu::precise;

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    /// Entries into the kernel.
    pub(crate) system_calls: f64,
    /// Times a process gave or lost the processor.
    pub(crate) switches: f64,
}

/// Count while `work` is done; `None` where perf cannot.
pub(crate) fn during(instance: &Instance, work: impl FnOnce()) -> Option<Counted> {
    let pids: Vec<String> = instance
        .processes()
        .iter()
        .map(|process| process.pid.to_string())
        .collect();
    let events = "raw_syscalls:sys_enter,context-switches";
    let perf = Command::new("perf")
        .args(["stat", "-x", ",", "-e", events, "-p", &pids.join(",")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    std::thread::sleep(std::time::Duration::from_millis(300));
    work();
    read(perf)
}

fn read(perf: Child) -> Option<Counted> {
    kill(
        Pid::from_raw(i32::try_from(perf.id()).ok()?),
        Signal::SIGINT,
    )
    .ok()?;
    let output = perf.wait_with_output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let value = |event: &str| {
        let line = text.lines().find(|line| line.contains(event))?;
        line.split(',').next()?.parse::<u64>().ok().map(precise)
    };
    Some(Counted {
        system_calls: value("sys_enter")?,
        switches: value("context-switches")?,
    })
}
