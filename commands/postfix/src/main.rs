//! postfix(1) - start, stop and check the mail system.
//!
//! Reads main.cf, makes missing queue folders, looks at owners and modes by the install table, and starts or signals
//! master(8). Never touches mail. For root; another user may use it on an instance whose queue is that user's own
//! (rootless mode). Logs what it does, as `postfix/postfix-script`, which log readers know.

mod check;
mod control;
mod instance;
mod owners;
mod rotate;
mod table;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use command::Fatal;

use instance::Instance;

fn main() -> ExitCode {
    command::stderr_log("postfix");
    match run() {
        Ok(code) => code,
        Err(fatal) => fatal.report(),
    }
}

fn run() -> Result<ExitCode, Fatal> {
    let mut directory = None;
    let mut verbose = 0;
    let arguments = command::options(std::env::args_os().skip(1), "c:Dv").map_err(|error| {
        error.tell("postfix");
        Fatal::new("usage: postfix [-c config_dir] [-Dv] command")
    })?;
    let mut debug = false;
    for option in arguments.options {
        match option.letter {
            'c' => directory = option.value.map(PathBuf::from),
            'D' => debug = true,
            _ => verbose += 1,
        }
    }
    let settings = command::settings("postfix", directory)?;
    for warning in settings.warnings() {
        maillog::warning!("{warning}");
    }
    let instance = Instance::open(settings, verbose, debug)?;
    let words: Vec<_> = arguments
        .operands
        .iter()
        .map(|word: &OsString| word.to_string_lossy().into_owned())
        .collect();
    control::run(&instance, &words)
}
