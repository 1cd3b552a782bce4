//! The whole-system suite: one case, run on Ferropost and on the reference.
//!
//! A case receives a [`Setup`]: a private machine (own network, own /etc, own /dev/log, own users, own DNS) on
//! which it configures one mail system, starts it, talks to it and looks at what came out: replies, log lines,
//! files, exit codes. `case!` makes two tests of it, `NAME::ferropost` and `NAME::postfix`. The environment variable
//! `MTA_UNDER_TEST=ferropost|postfix` leaves only one of them to run.
//!
//! Nothing leaves the machine: each case lives in network, mount and host-name namespaces of its own, so cases run in
//! parallel and all of them use port 25. That needs root; without it (or where namespaces are forbidden) a case says that it
//! is skipped and why, and passes.
//!
//! Never touches the mail system, the users or the files of the machine it runs on. Ends every process it started.

pub mod case_file;
pub mod client;
pub mod command;
pub mod dns;
pub mod golden;
pub mod instance;
pub mod log;
pub mod lookups;
pub mod machine;
pub mod mailbox;
pub mod pattern;
pub mod processes;
pub mod programs;
pub mod public;
pub mod route_case;
pub mod servers;
pub mod setup;
pub mod sink;
pub mod spool;
pub mod table_server;
pub mod wait;

pub use client::{Client, Reply};
pub use command::Outcome;
pub use instance::Instance;
pub use log::Log;
pub use machine::Machine;
pub use programs::Mta;
pub use servers::Server;
pub use setup::Setup;
pub use sink::Sink;
pub use wait::wait_until;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs one case on one mail system; on failure the log of the system is printed.
pub fn run(mta: Mta, case: impl FnOnce(Setup)) {
    if let Ok(wanted) = std::env::var("MTA_UNDER_TEST")
        && wanted != mta.name()
    {
        println!("skipped: MTA_UNDER_TEST={wanted}");
        return;
    }
    let machine = match Machine::enter() {
        Ok(machine) => machine,
        Err(reason) => {
            println!("skipped: {reason}");
            return;
        }
    };
    let log = machine.log.clone();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(Setup::new(mta, machine)))) {
        println!("---- log of {} ----\n{}", mta.name(), log.text());
        resume_unwind(panic);
    }
}

/// `case!(name, |setup| { ... })`: the two tests `name::ferropost` and `name::postfix`.
///
/// `case!(only(ferropost, "entry of docs/differences.md"), name, |setup| { ... })` makes only the named one;
/// so does `only(postfix, ...)`.
#[macro_export]
macro_rules! case {
    (only($mta:ident, $why:literal), $name:ident, |$setup:ident| $body:block) => {
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            #[doc = $why]
            #[test]
            fn $mta() {
                $crate::run($crate::Mta::$mta(), |$setup: $crate::Setup| $body);
            }
        }
    };
    ($name:ident, |$setup:ident| $body:block) => {
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            fn case($setup: $crate::Setup) $body
            #[test]
            fn ferropost() {
                $crate::run($crate::Mta::Ferropost, case);
            }
            #[test]
            fn postfix() {
                $crate::run($crate::Mta::Postfix, case);
            }
        }
    };
}
