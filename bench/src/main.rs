//! Benchmarks: Debian's postfix and Ferropost, the same load, one after the other, in one run on one machine.
//!
//! `bench [relay|local|sendmail|idle|start|queue|commands|tables|patterns|all] [--runs N] [--letters N] [--queue N] [--sessions N,N] [--only NAME] [--json FILE] [--disk]`.
//! Needs root (private machines), Debian's postfix with smtp-source and smtp-sink, and release builds beside it
//! (or in FERROPOST_BIN). Queues lie on a file system in memory, with `--disk` in the temporary directory. Prints a table
//! with the ratios, and writes them as JSON. Figures are medians of the runs.

#![expect(
    clippy::panic,
    reason = "a run that cannot go on ends; the others go on"
)]

mod commands;
mod counters;
mod cpu;
mod idle;
mod load;
mod medium;
mod patterns;
mod place;
mod queue;
mod report;
mod sendmail;
mod start;
mod tables;
mod traffic;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use lexopt::prelude::*;
use suite::Mta;

use crate::medium::Medium;
use crate::report::Report;

/// What is to be measured.
pub(crate) struct Plan {
    what: Vec<String>,
    runs: usize,
    letters: usize,
    /// Letters in the queue that the queue commands work on.
    queue: usize,
    sessions: Vec<usize>,
    systems: Vec<Mta>,
    json: PathBuf,
}

fn main() -> ExitCode {
    if std::env::var_os(PREPARED).is_none() {
        return prepared().unwrap_or_else(|error| {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        });
    }
    let plan = match Plan::parse() {
        Ok(plan) => plan,
        Err(error) => {
            eprintln!("bench: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut report = Report::default();
    for what in &plan.what {
        match what.as_str() {
            "relay" => traffic::relay(&plan, &mut report),
            "local" => traffic::local(&plan, &mut report),
            "sendmail" => sendmail::run(&plan, &mut report),
            "idle" => idle::run(&plan, &mut report),
            "queue" => queue::run(&plan, &mut report),
            "commands" => commands::run(&plan, &mut report),
            "tables" => tables::run(&plan, &mut report),
            "patterns" => patterns::run(&plan, &mut report),
            _ => start::run(&plan, &mut report),
        }
    }
    report.print();
    match report.write(&plan.json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: write {}: {error}", plan.json.display());
            ExitCode::FAILURE
        }
    }
}

impl Plan {
    fn parse() -> Result<Self, lexopt::Error> {
        let mut plan = Self {
            what: Vec::new(),
            runs: 3,
            letters: 2000,
            queue: 50_000,
            sessions: vec![10, 50, 200],
            systems: vec![Mta::Postfix, Mta::Ferropost],
            json: PathBuf::from("bench.json"),
        };
        let mut words = lexopt::Parser::from_env();
        while let Some(word) = words.next()? {
            match word {
                Long("runs") => plan.runs = words.value()?.parse()?,
                Long("letters") => plan.letters = words.value()?.parse()?,
                Long("queue") => plan.queue = words.value()?.parse()?,
                Long("sessions") => plan.sessions = numbers(&words.value()?.string()?)?,
                Long("only") => {
                    let name = words.value()?.string()?;
                    plan.systems.retain(|system| system.name() == name);
                }
                Long("json") => plan.json = words.value()?.into(),
                Value(what) => plan.what.push(known(what.string()?)?),
                Short(_) | Long(_) => return Err(word.unexpected()),
            }
        }
        if plan.what.is_empty() || plan.what.iter().any(|what| what == "all") {
            plan.what = KNOWN.map(str::to_owned).to_vec();
        }
        Ok(plan)
    }
}

fn numbers(text: &str) -> Result<Vec<usize>, lexopt::Error> {
    text.split(',')
        .map(|word| {
            word.parse()
                .map_err(|_| format!("no number: {word}").into())
        })
        .collect()
}

fn known(what: String) -> Result<String, lexopt::Error> {
    if what == "all" || KNOWN.contains(&what.as_str()) {
        Ok(what)
    } else {
        Err(format!("nothing to measure by the name of {what}").into())
    }
}

/// The measuring itself runs in a process that is told by its environment where our programs are (those beside this one)
/// and where queues lie.
fn prepared() -> io::Result<ExitCode> {
    let own = std::env::current_exe()?;
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let disk = arguments.iter().position(|word| word == "--disk");
    disk.map(|place| arguments.remove(place));
    let medium = if disk.is_some() {
        None
    } else {
        Some(Medium::mount()?)
    };
    let mut command = Command::new(&own);
    command.args(arguments).env(PREPARED, "yes");
    if std::env::var_os(PROGRAMS).is_none() {
        command.env(PROGRAMS, own.parent().unwrap_or_else(|| Path::new(".")));
    }
    if let Some(medium) = &medium {
        command.env("TMPDIR", &medium.place);
    }
    let status = command.status()?;
    if status.success() {
        return Ok(ExitCode::SUCCESS);
    }
    if status.code().is_none() {
        eprintln!("bench: {status}");
    }
    Ok(ExitCode::FAILURE)
}

/// Where the suite looks for our programs.
const PROGRAMS: &str = "FERROPOST_BIN";

/// Says that the environment is as it should be.
const PREPARED: &str = "FERROPOST_BENCH_PREPARED";

const KNOWN: [&str; 9] = [
    "relay", "local", "sendmail", "idle", "start", "queue", "commands", "tables", "patterns",
];
