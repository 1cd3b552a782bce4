//! postconf(1) - show and change the configuration.
//!
//! Lists parameters of main.cf (set, stock, or both), entries, fields and parameters of master.cf, the texts of notices, and
//! the kinds of tables, locks and SASL that are built in; changes both files in place. Never touches a running mail system.
//! Warns on standard error of names that nothing uses.

mod edit;
mod features;
mod known;
mod main_cf;
mod master;
mod options;
mod print;
mod services;
mod templates;

use config::Explained;
use std::process::ExitCode;

use options::{Options, Subject};

fn main() -> ExitCode {
    maillog::open(maillog::Options {
        tag: "postconf".to_owned(),
        shown: "postconf".to_owned(),
        destination: maillog::Destination::Stderr,
        to_stderr: false,
    });
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            maillog::fatal!("{what}");
            what.tell();
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Explained> {
    let options = Options::parse(std::env::args_os().skip(1))?;
    match options.subject {
        Subject::MainCf => main_cf::run(&options),
        Subject::Master(part) => master::run(&options, part),
        Subject::Templates { expanded } => templates::run(&options, expanded),
        Subject::Feature(feature) => features::run(feature, &options),
        Subject::Tls => Ok(()),
    }
}
