//! The memory of sessions that said EHLO and then nothing.

use std::fs;
use std::thread;

use nix::sys::resource::{Resource, setrlimit};
use suite::{Client, Instance, Mta, Setup};

use crate::Plan;
use crate::cpu::precise;
use crate::place::machine;
use crate::report::Report;

const SESSIONS: usize = 1000;

/// 1,000 sessions; the private memory of the whole system, less what it has without them.
pub(crate) fn run(plan: &Plan, report: &mut Report) {
    let _ = setrlimit(Resource::RLIMIT_NOFILE, 8192, 8192);
    for &mta in &plan.systems {
        let Ok(bytes) = thread::spawn(move || sample(mta)).join() else {
            eprintln!("idle: {} did not take {SESSIONS} sessions", mta.name());
            continue;
        };
        let kilobytes = precise(bytes / 1024) / precise(SESSIONS as u64);
        report.add("idle", "private memory, KB/session", mta, kilobytes);
    }
}

fn sample(mta: Mta) -> u64 {
    let (machine, _farewell) = machine();
    let setup = Setup::new(mta, machine).set("default_process_limit", "1100");
    let instance = setup.start();
    let first = instance.smtp();
    let before = private(&instance);
    let sessions: Vec<Client> = (1..SESSIONS).map(|_| instance.smtp()).collect();
    let after = private(&instance);
    drop((first, sessions));
    after.saturating_sub(before)
}

/// Bytes that belong to the system's processes alone.
fn private(instance: &Instance) -> u64 {
    let of_process = |pid: i32| {
        let map = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let lines = map.lines().filter(|line| line.starts_with("Private_"));
        let sizes =
            lines.filter_map(|line| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok());
        sizes.sum::<u64>() * 1024
    };
    instance
        .processes()
        .iter()
        .map(|process| of_process(process.pid))
        .sum()
}
