//! Every golden case (see [`suite::golden`]) as two tests, `golden::ROOM::NAME::ferropost` and `::postfix`.

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use suite::{Mta, golden};

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for mta in [Mta::Ferropost, Mta::Postfix] {
        if std::env::var("MTA_UNDER_TEST").is_ok_and(|wanted| wanted != mta.name()) {
            continue;
        }
        for case in golden::all().into_iter().filter(|case| case.is_for(mta)) {
            let name = format!("{}::{}", case.name, mta.name());
            trials.push(Trial::test(name, move || run(case, mta)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// On a thread of its own, because the private machine is that of a thread.
fn run(mut case: golden::Case, mta: Mta) -> Result<(), Failed> {
    let result = std::thread::spawn(move || case.run(mta)).join();
    match result {
        Ok(outcome) => outcome.map_err(Failed::from),
        Err(_) => Err(Failed::from("the case panicked")),
    }
}
