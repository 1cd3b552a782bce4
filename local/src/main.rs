//! local(8): delivers to the users of this machine, by aliases, .forward files, commands and mailboxes.
//!
//! Takes delivery requests from qmgr(8). Runs as root, takes on the identity of a user for each access to that user's
//! files, and starts commands with no rights but the user's. Mail for other addresses goes to cleanup(8) as a new letter.
//! Without root it delivers for the very user that it runs as.
//! Never follows a .forward that is not its user's own; never runs a command or writes a file as root.
//! Logs one line for each recipient and member of an alias.

mod agent;
mod alias;
mod command;
mod environment;
mod file;
mod forward_file;
mod include;
mod job;
mod mailbox;
mod names;
mod place;
mod recipient;
mod resubmit;
mod rights;
mod settings;
mod unknown;

use std::process::ExitCode;

fn main() -> ExitCode {
    delivery::run_worker::<agent::Local>()
}
