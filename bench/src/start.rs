//! How long a client waits for the greeting when smtpd(8) must first be started: master's fork, exec, reading the
//! configuration, giving up rights, taking the client.

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use suite::instance::SMTP;
use suite::{Instance, Mta, Setup};

use crate::Plan;
use crate::load;
use crate::place::machine;
use crate::report::Report;

const TIMES: usize = 12;

/// For each of 12 clients a new process: the one before has left for want of work.
pub(crate) fn run(plan: &Plan, report: &mut Report) {
    for &mta in &plan.systems {
        let Ok(times) = thread::spawn(move || sample(mta)).join() else {
            eprintln!("start: {} gave no greeting", mta.name());
            continue;
        };
        for time in times {
            report.add(
                "start",
                "connect to greeting of a new smtpd, ms",
                mta,
                time * 1000.0,
            );
        }
    }
}

fn sample(mta: Mta) -> Vec<f64> {
    let (machine, _farewell) = machine();
    let instance = Setup::new(mta, machine).set("max_idle", "1").start();
    let greeted = (0..TIMES).filter_map(|_| {
        none_left(&instance);
        let begun = Instant::now();
        let mut client = TcpStream::connect(SMTP).ok()?;
        let mut greeting = [0; 512];
        let length = client.read(&mut greeting).ok()?;
        (length > 3).then(|| begun.elapsed().as_secs_f64())
    });
    greeted.collect()
}

/// Wait until no smtpd is left, and master has noticed.
fn none_left(instance: &Instance) {
    load::wait(|| {
        let processes = instance.processes();
        processes.iter().all(|process| process.name != "smtpd")
    });
    thread::sleep(Duration::from_millis(30));
}
