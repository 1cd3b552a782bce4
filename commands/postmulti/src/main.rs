//! postmulti(1) - several mail systems on one machine.
//!
//! The instances share their programs; each has directories of its own for configuration, queue and data. The main.cf of
//! the primary instance, in the stock configuration directory, lists the others in `multi_instance_directories`. This
//! program lists them, runs a command for each (`-x`), is the wrapper by which postfix(1) works on all of them (`-p`), and
//! makes, changes and removes them (`-e`). It edits main.cf only through postconf(1), starts and stops only through
//! postfix(1), and never touches mail. Logs what it cannot do, as `postmulti`, and as `postmulti-script` where the life
//! of an instance is changed, which log readers know; shows it on a terminal.

mod edit;
mod family;
mod files;
mod instance;
mod list;
mod options;
mod run;
mod tell;
mod usage;

use std::process::ExitCode;

use command::Fatal;

use family::Family;
use options::{Mode, Request};

fn main() -> ExitCode {
    tell::open_early();
    match work() {
        Ok(code) => code,
        Err(fatal) => fatal.report(),
    }
}

fn work() -> Result<ExitCode, Fatal> {
    let request = Request::parse(std::env::args_os().skip(1))?;
    maillog::set_verbose(request.verbose);
    let family = Family::open()?;
    match &request.mode {
        Mode::List { json } => list::print(&family, &request, *json),
        Mode::Postfix => run::postfix(&family, &request),
        Mode::Command => run::command(&family, &request),
        Mode::Edit(action) => edit::change(&family, &request, *action),
    }
}
