//! Letters through the whole system: to another server (`relay`) and into a Maildir (`local`).

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use suite::{Instance, Mta, Setup};

use crate::Plan;
use crate::counters::{self, Counted};
use crate::cpu::{self, precise};
use crate::load::{self, SINK, Sink};
use crate::place::{Farewell, machine};
use crate::report::Report;

/// How letters leave the system.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Relay,
    Local,
}

/// One measured run.
struct Sample {
    accepted: f64,
    delivered: f64,
    cpu: f64,
    counted: Option<Counted>,
}

/// SMTP in, SMTP out.
pub(crate) fn relay(plan: &Plan, report: &mut Report) {
    for &sessions in &plan.sessions {
        measure(plan, report, Way::Relay, sessions);
    }
}

/// SMTP in, Maildir out.
pub(crate) fn local(plan: &Plan, report: &mut Report) {
    measure(plan, report, Way::Local, 10);
}

fn measure(plan: &Plan, report: &mut Report, way: Way, sessions: usize) {
    let name = match way {
        Way::Relay => format!("relay/{sessions}"),
        Way::Local => format!("local/{sessions}"),
    };
    for run in 0..plan.runs {
        for &mta in &plan.systems {
            let letters = plan.letters;
            let sample =
                thread::spawn(move || sample(mta, way, sessions, letters, run == 0)).join();
            let Ok(Some(sample)) = sample else {
                eprintln!("{name}: {} did not deliver everything in time", mta.name());
                continue;
            };
            report.add(&name, "accepted, letters/s", mta, sample.accepted);
            report.add(&name, "delivered, letters/s", mta, sample.delivered);
            report.add(&name, "CPU, ms/letter", mta, sample.cpu * 1000.0);
            if let Some(counted) = sample.counted {
                report.add(&name, "system calls/letter", mta, counted.system_calls);
                report.add(&name, "context switches/letter", mta, counted.switches);
            }
        }
    }
}

/// On a machine of its own: warm up, measure, and once more with counters.
fn sample(mta: Mta, way: Way, sessions: usize, letters: usize, count: bool) -> Option<Sample> {
    let (machine, farewell) = machine();
    let sink = Sink::start(machine.path("sink"));
    let setup = Setup::new(mta, machine);
    let setup = match way {
        Way::Relay => setup.set("relayhost", &format!("[{}]:{}", host(SINK), port(SINK))),
        Way::Local => setup,
    };
    let instance = setup.start();
    let place = Place {
        way,
        sink: &sink,
        instance: &instance,
        farewell: &farewell,
    };
    let warm = 100;
    place.send(sessions, warm, 0)?;
    let before = cpu::seconds(&instance);
    let (accepted, delivered) = place.send(sessions, letters, warm)?;
    let cpu = cpu::seconds(&instance) - before;
    let some = (letters / 4).max(sessions);
    let counted = count.then(|| {
        counters::during(&instance, || {
            place.send(sessions, some, warm + letters);
        })
    });
    let per = |total: f64, of: usize| total / precise(of as u64);
    Some(Sample {
        accepted: 1.0 / per(accepted, letters),
        delivered: 1.0 / per(delivered, letters),
        cpu: per(cpu, letters),
        counted: counted.flatten().map(|counted| Counted {
            system_calls: per(counted.system_calls, some),
            switches: per(counted.switches, some),
        }),
    })
}

struct Place<'a> {
    way: Way,
    sink: &'a Sink,
    instance: &'a Instance,
    farewell: &'a Farewell,
}

impl Place<'_> {
    /// Send letters after so many that came before; the seconds until all were accepted, and until all had arrived.
    fn send(&self, sessions: usize, letters: usize, before: usize) -> Option<(f64, f64)> {
        let recipient = match self.way {
            Way::Relay => "recipient@example.org",
            Way::Local => "alice@ferro.example",
        };
        let begun = Instant::now();
        let sent = load::source(sessions, letters, recipient);
        let accepted = begun.elapsed().as_secs_f64();
        let all = before + letters;
        let arrived = sent
            && match self.way {
                Way::Relay => self.sink.wait(all),
                Way::Local => {
                    let maildir = self.instance.machine.home("alice").join("Maildir/new");
                    load::wait(|| entries(&maildir) >= all)
                }
            };
        let delivered = begun.elapsed().as_secs_f64();
        let settled = load::wait(|| self.instance.spool().letters() == 0);
        if !arrived || !settled {
            self.farewell.print();
            return None;
        }
        Some((accepted, delivered))
    }
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).map(Iterator::count).unwrap_or(0)
}

fn host(place: &str) -> &str {
    place.split_once(':').map_or(place, |(host, _)| host)
}

fn port(place: &str) -> &str {
    place.split_once(':').map_or("25", |(_, port)| port)
}
