//! sendmail(1), also mailq and newaliases - the face that other programs know.
//!
//! Unprivileged. Reads the options that thirty years of callers write (`options`), then hands a letter to postdrop(1)
//! (`submit`) or becomes the program that does the work (`modes`). Never writes into the queue itself.
//! Every failure ends with exit status 75, "try again later", and is logged and printed on standard error.

mod lines;
mod modes;
mod options;
mod recipients;
mod submit;

use std::process::ExitCode;

use command::Fatal;
use options::{Mode, Options};

/// EX_TEMPFAIL of sysexits.h.
const TRY_AGAIN: u8 = 75;

fn main() -> ExitCode {
    command::stderr_log("sendmail");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => Fatal::with_status(TRY_AGAIN, text).report(),
    }
}

fn run() -> Result<(), String> {
    let name = command::program_name("sendmail");
    let arguments = std::env::args_os().skip(1);
    let options = Options::parse(&name, arguments).inspect_err(|error| error.tell())?;
    modes::set_configuration(&options)?;
    let settings = command::settings("sendmail", None).map_err(|fatal| fatal.to_string())?;
    for warning in &options.warnings {
        maillog::warning!("{warning}");
    }
    maillog::set_verbose(options.verbose.saturating_sub(1));
    if matches!(options.mode, Mode::Deliver | Mode::Verify) {
        submit::submit(&options, &settings)
    } else {
        modes::become_program(&options, &settings)
    }
}
