//! The processor time of a whole mail system: its living processes, and those that its master has buried.

use std::fs;

use nix::unistd::{SysconfVar, sysconf};
use suite::Instance;

/// Seconds of user and system time so far.
pub(crate) fn seconds(instance: &Instance) -> f64 {
    let processes = instance.processes();
    let ticks: u64 = processes.iter().map(|process| ticks(process.pid)).sum();
    let rate = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
    precise(ticks) / precise(u64::try_from(rate).unwrap_or(100))
}

/// utime, stime, and the same of children that were waited for.
fn ticks(pid: i32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, fields)) = stat.rsplit_once(')') else {
        return 0;
    };
    let fields = fields.split_ascii_whitespace().skip(11).take(4);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// A count as a number to divide by.
pub(crate) fn precise(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
