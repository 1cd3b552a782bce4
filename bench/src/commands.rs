//! How long commands take that scripts call in rows, from start to finish: postconf and postmap -q.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use suite::{Mta, Setup};

use crate::Plan;
use crate::place::machine;
use crate::report::Report;

const TIMES: usize = 100;

const CALLS: [(&str, &str, &[&str]); 6] = [
    ("postconf, ms", "postconf", &[]),
    ("postconf -n, ms", "postconf", &["-n"]),
    ("postconf -h name, ms", "postconf", &["-h", "myhostname"]),
    ("postconf -x, ms", "postconf", &["-x"]),
    ("postconf -M, ms", "postconf", &["-M"]),
    (
        "postmap -q, ms",
        "postmap",
        &["-q", "key500", "hash:/etc/postfix/table"],
    ),
];

/// Each call a hundred times.
pub(crate) fn run(plan: &Plan, report: &mut Report) {
    for &mta in &plan.systems {
        let Ok(times) = thread::spawn(move || sample(mta)).join() else {
            eprintln!("commands: {} failed", mta.name());
            continue;
        };
        for (figure, time) in times {
            report.add("commands", figure, mta, time * 1000.0);
        }
    }
}

fn sample(mta: Mta) -> Vec<(&'static str, f64)> {
    let (machine, _farewell) = machine();
    let setup = Setup::new(mta, machine);
    let commands = setup.programs.commands.clone();
    let rows: Vec<String> = (0..1000).map(|row| format!("key{row} value\n")).collect();
    let _instance = setup.hash("table", &rows.concat()).stopped();
    let mut times = Vec::new();
    for (figure, program, arguments) in CALLS {
        for _ in 0..TIMES {
            times.push((figure, call(&commands.join(program), arguments)));
        }
    }
    times
}

/// The seconds that a call takes.
fn call(program: &Path, arguments: &[&str]) -> f64 {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let begun = Instant::now();
    let status = command.status();
    let time = begun.elapsed().as_secs_f64();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{} {arguments:?}",
        program.display()
    );
    time
}
