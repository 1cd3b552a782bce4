//! Golden cases: command lines with their input files, and what they must print.
//!
//! Case files (see [`crate::case_file`]) at `tests/golden/ROOM/NAME.case` with these sections:
//!
//! | section | what it holds |
//! |---|---|
//! | `file PATH` | an input file, relative to the case's own empty directory, or below /etc |
//! | `instance` | the usual configuration is written to /etc/postfix, with an empty queue; lines are settings added to main.cf |
//! | `run` | a script for sh, run by root in the case's directory |
//! | `stdout`, `stderr` | what it prints, line by line; nothing when missing |
//! | `exit` | its exit status; 0 when missing |
//!
//! The script finds the folder of the case file, and what its cases share there, in `$ROOM`.
//!
//! `@DIR@` stands for the case's directory, `@MACHINE@` for the directory of the private machine. The programs of Ferropost are
//! named as if they were installed where Debian installs those of Postfix. What the script leaves running is ended with it.

use crate::case_file::{self, CaseFile};
use crate::programs::Programs;
use crate::setup::write_settled;
use crate::{Machine, Mta, Setup};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SECTIONS: [&str; 7] = [
    "only", "file", "instance", "run", "stdout", "stderr", "exit",
];

/// Every golden case.
pub fn all() -> Vec<CaseFile> {
    case_file::all("golden", &SECTIONS)
}

/// Runs a case on one system.
///
/// # Errors
/// What was other than expected.
pub fn run(case: &mut CaseFile, mta: Mta, machine: Machine) -> Result<(), String> {
    let answers = answer(case, mta, machine);
    case.judge(mta, &answers)
}

fn answer(case: &CaseFile, mta: Mta, machine: Machine) -> [(&'static str, String); 3] {
    let root = machine.path("").display().to_string();
    let root = root.trim_end_matches('/');
    let directory = machine.path("case");
    fs::create_dir(&directory).expect("mkdir case");
    let mut setup = Setup::new(mta, machine);
    let programs = setup.programs.clone();
    let settings = case.body("instance");
    for line in settings.unwrap_or_default().lines() {
        let (name, value) = line.split_once('=').expect("a setting");
        setup = setup.set(name.trim(), value.trim());
    }
    // Either holds the private machine until the script has ended.
    let _machine = match settings {
        Some(_) => Ok(setup.stopped()),
        None => Err(setup),
    };
    let place = directory.display().to_string();
    for (path, body) in case.files() {
        let path = directory.join(path);
        assert!(path.starts_with(&directory) || path.starts_with("/etc"));
        fs::create_dir_all(path.parent().expect("a parent")).expect("mkdir");
        write_settled(&path, &body.replace("@DIR@", &place));
    }
    let script = case.body("run").expect("something to run");
    let script = script.replace("@DIR@", &place);
    let output = execute(&script, &directory, case.room(), &programs);
    let plain = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes)
            .replace(&place, "@DIR@")
            .replace(root, "@MACHINE@");
        ended(match mta {
            Mta::Postfix => text,
            Mta::Ferropost => as_installed(&text, &programs),
        })
    };
    let exit = match output.status.code() {
        Some(0) => String::new(),
        Some(code) => format!("{code}\n"),
        None => "signal\n".to_owned(),
    };
    [
        ("stdout", plain(&output.stdout)),
        ("stderr", plain(&output.stderr)),
        ("exit", exit),
    ]
}

/// In a process namespace of its own: what the script leaves running ends with it.
fn execute(script: &str, directory: &Path, room: &Path, programs: &Programs) -> Output {
    let commands = programs.commands.display();
    Command::new("unshare")
        .args(["--pid", "--fork", "--kill-child", "--mount-proc"])
        .args(["sh", "-c", script])
        .env_clear()
        .env("PATH", format!("{commands}:/usr/sbin:/usr/bin:/sbin:/bin"))
        .env("DAEMONS", &programs.daemons)
        .env("ROOM", room)
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
        .current_dir(directory)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("unshare")
}

fn as_installed(text: &str, programs: &Programs) -> String {
    let commands = programs.commands.display().to_string();
    let daemons = programs.daemons.display().to_string();
    text.replace(&commands, "/usr/sbin")
        .replace(&daemons, "/usr/lib/postfix/sbin")
}

/// Text that does not end with a line end says so, as `diff` does.
fn ended(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text += "\n@NO LINE END@\n";
    }
    text
}
