//! Benchmarks: Debian's postfix and Ferropost, the same load, one after the other, in one run on one machine.
//!
//! `bench [relay|local|sendmail|idle|start|all] [--runs N] [--letters N] [--sessions N,N] [--only NAME] [--json FILE]`.
//! Needs root (private machines), Debian's postfix with smtp-source and smtp-sink, and release builds beside it
//! (or in FERROPOST_BIN). Prints a table with the ratios, and writes them as JSON. Figures are medians of the runs.

#![expect(
    clippy::panic,
    reason = "a run that cannot go on ends; the others go on"
)]

mod counters;
mod cpu;
mod idle;
mod load;
mod place;
mod report;
mod sendmail;
mod start;
mod traffic;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use lexopt::prelude::*;
use suite::Mta;

use crate::report::Report;

/// What is to be measured.
pub(crate) struct Plan {
    what: Vec<String>,
    runs: usize,
    letters: usize,
    sessions: Vec<usize>,
    systems: Vec<Mta>,
    json: PathBuf,
}

fn main() -> ExitCode {
    if std::env::var_os("FERROPOST_BIN").is_none() {
        return again_with_programs();
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
            sessions: vec![10, 50, 200],
            systems: vec![Mta::Postfix, Mta::Ferropost],
            json: PathBuf::from("bench.json"),
        };
        let mut words = lexopt::Parser::from_env();
        while let Some(word) = words.next()? {
            match word {
                Long("runs") => plan.runs = words.value()?.parse()?,
                Long("letters") => plan.letters = words.value()?.parse()?,
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

/// The suite finds our programs by an environment variable: those built beside this one.
fn again_with_programs() -> ExitCode {
    let own = std::env::current_exe().unwrap_or_default();
    let place = own.parent().map(PathBuf::from).unwrap_or_default();
    let failed = Command::new(&own)
        .args(std::env::args_os().skip(1))
        .env("FERROPOST_BIN", place)
        .exec();
    eprintln!("bench: {}: {failed}", own.display());
    ExitCode::FAILURE
}

const KNOWN: [&str; 5] = ["relay", "local", "sendmail", "idle", "start"];
