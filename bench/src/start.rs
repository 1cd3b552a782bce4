//! How long a client waits for the greeting when smtpd(8) must first be started: master's fork, exec, reading the
//! configuration, giving up rights, taking the client.

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use suite::instance::SMTP;
use suite::{Mta, Setup};

use crate::Plan;
use crate::place::machine;
use crate::report::Report;

const TIMES: usize = 40;

/// A new process for each of 40 clients.
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
    let instance = Setup::new(mta, machine).set("max_use", "1").start();
    let greeted = (0..TIMES).filter_map(|_| {
        thread::sleep(Duration::from_millis(50));
        let begun = Instant::now();
        let mut client = TcpStream::connect(SMTP).ok()?;
        let mut greeting = [0; 512];
        let length = client.read(&mut greeting).ok()?;
        (length > 3).then(|| begun.elapsed().as_secs_f64())
    });
    let times = greeted.collect();
    drop(instance);
    times
}
