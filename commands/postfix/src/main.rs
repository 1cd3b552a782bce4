//! postfix(1) - start, stop and look after the mail system.
//!
//! Reads main.cf, makes missing queue folders, looks at owners and modes by the install table, and starts or signals
//! master(8); with several mail systems on the machine, hands the command to the program that goes through them. Never touches
//! mail. For root; another user may use it on an instance whose queue is that user's own (rootless mode). Logs what it does as
//! `postfix/postfix-script`, which log readers know, and shows it on a terminal.

mod check;
mod control;
mod create;
mod edit;
mod environment;
mod install;
mod instance;
mod non_bdb;
mod owners;
mod permissions;
mod rotate;
mod survey;
mod table;
mod tell;
mod tls;
mod tree;
mod upgrade;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use command::Fatal;

use instance::{Instance, Watched};

fn main() -> ExitCode {
    tell::open_early();
    match run() {
        Ok(code) => code,
        Err(fatal) => fatal.report(),
    }
}

fn run() -> Result<ExitCode, Fatal> {
    let mut directory = None;
    let mut watched = Watched::default();
    let arguments = command::options(std::env::args_os().skip(1), "c:Dv").map_err(|error| {
        error.tell("postfix");
        Fatal::new("usage: postfix [-c config_dir] [-Dv] command")
    })?;
    for option in arguments.options {
        match option.letter {
            'c' => directory = option.value.map(PathBuf::from),
            'D' => watched.debug = true,
            _ => watched.verbose += 1,
        }
    }
    if directory.as_ref().is_some_and(|path| path.is_relative()) {
        return Err(Fatal::new("-c requires absolute pathname"));
    }
    // Who names a mail system means that one alone; so do the programs below it.
    let one = directory.is_some() || std::env::var_os("MAIL_CONFIG").is_some();
    let instance = Instance::open(directory, watched)?;
    if instance.several && !one {
        return instance.hand_to_wrapper(&arguments.operands);
    }
    if let Some(program) = arguments.operands.first().filter(|word| is_path(word)) {
        return instance.run_program(program, &arguments.operands[1..]);
    }
    let words: Vec<_> = arguments
        .operands
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    control::run(&instance, &words)
}

fn is_path(word: &OsString) -> bool {
    word.to_string_lossy().starts_with('/')
}
