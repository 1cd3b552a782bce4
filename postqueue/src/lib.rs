//! postqueue(1): lists the mail queue, and asks for delivery now.
//!
//! Installed set-gid, so that every user may reach the sockets under public/; it does only what its manual page says and
//! what authorized_mailq_users and authorized_flush_users allow. It never reads the queue itself: showq(8) does, through its
//! socket or, for root while the system is down, started for the purpose. Logs why a request was refused.

mod allowed;
mod flush;
mod json;
mod list;
mod listing;
mod options;
mod text;

use std::process::ExitCode;

use command::Fatal;
use options::{Action, Options};

/// The exit status (sysexits.h) of every failure, as callers of the reference know it.
const EX_UNAVAILABLE: u8 = 69;

/// Be postqueue(1); the whole of its `main`.
#[must_use]
pub fn run() -> ExitCode {
    command::stderr_log("postqueue");
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => {
            // One exit status for all of them.
            let _ = fatal.report();
            ExitCode::from(EX_UNAVAILABLE)
        }
    }
}

fn work() -> Result<(), Fatal> {
    let options = Options::parse(std::env::args_os().skip(1))?;
    let settings = command::settings("postqueue", options.directory.clone())?;
    maillog::set_verbose(if sys::rights::real_ids().0 == 0 {
        options.verbose
    } else {
        0
    });
    let queue = settings
        .get::<config::params::core::Directories>()?
        .queue_directory;
    std::env::set_current_dir(&queue)
        .map_err(|error| Fatal::io(format_args!("chdir {queue}"), &error))?;
    match options.action {
        Action::List => list::print(&settings, list::Form::Text),
        Action::ListJson => list::print(&settings, list::Form::Json),
        Action::FlushAll => flush::all(&settings),
        Action::FlushMessage(id) => flush::message(&settings, &id),
        Action::FlushSite(site) => flush::site(&settings, &site),
    }
}
