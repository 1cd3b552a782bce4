//! Calls of sendmail(1): how long they take, and what they and the system behind them cost.

use std::thread;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use suite::{Mta, Setup};

use crate::Plan;
use crate::cpu::{self, precise};
use crate::load;
use crate::place::machine;
use crate::report::Report;

const CALLS: usize = 1000;

/// 1,000 calls, one after another; the letters are discarded.
pub(crate) fn run(plan: &Plan, report: &mut Report) {
    for _ in 0..plan.runs {
        for &mta in &plan.systems {
            let Ok(Some((seconds, cpu))) = thread::spawn(move || sample(mta)).join() else {
                eprintln!("sendmail: {} did not take everything", mta.name());
                continue;
            };
            let calls = precise(CALLS as u64);
            report.add("sendmail", "calls/s", mta, calls / seconds);
            report.add(
                "sendmail",
                "CPU with delivery, ms/call",
                mta,
                cpu * 1000.0 / calls,
            );
        }
    }
}

fn sample(mta: Mta) -> Option<(f64, f64)> {
    let (machine, _farewell) = machine();
    let setup = Setup::new(mta, machine);
    let instance = setup.set("default_transport", "discard").start();
    let letter = format!("Subject: bench\n\n{}", "0123456789abcdef\n".repeat(60));
    let call = || {
        let call = instance.command("sendmail").args([
            "-f",
            "sender@example.net",
            "recipient@example.org",
        ]);
        call.input(&letter).run().code == 0
    };
    call();
    let before = cpu::seconds(&instance) + children();
    let begun = Instant::now();
    let accepted = (0..CALLS).all(|_| call());
    let seconds = begun.elapsed().as_secs_f64();
    let settled = load::wait(|| instance.spool().letters() == 0);
    let cpu = cpu::seconds(&instance) + children() - before;
    (accepted && settled).then_some((seconds, cpu))
}

/// Processor time of the commands that were called, in seconds.
fn children() -> f64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0.0, |usage| {
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        precise(u64::try_from(micros).unwrap_or(0)) / 1e6
    })
}
