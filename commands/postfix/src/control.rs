//! The commands, by their first word.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use command::Fatal;
use config::params::core::Logging;
use sys::nix::sys::signal::Signal;
use sys::process;

use crate::instance::Instance;
use crate::{check, install, non_bdb, rotate, tls};

/// How long a stopping mail system may take before it is killed.
const STOP_SECONDS: u32 = 5;

/// How long the log may need for the line that the mail system is ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// A file in the queue directory: the mail system was stopped in a hurry, by a machine that goes down, and need not be
/// looked through at its next start.
const QUICK_START: &str = "quick-start";

const USAGE: &str = "Usage: postfix start (or stop, reload, abort, flush, check, status, set-permissions, upgrade-configuration, logrotate)";

/// Do what the first word says.
pub(crate) fn run(instance: &Instance, words: &[String]) -> Result<ExitCode, Fatal> {
    // Log readers know these lines by the name of the reference's script.
    instance.log_as("postfix-script")?;
    let (word, rest) = match words {
        [word, rest @ ..] => (word.as_str(), rest),
        [] => ("", words),
    };
    match word {
        "start" => start(instance, true),
        "quick-start" => start(instance, false),
        "start-fg" => start_foreground(instance),
        "stop" => stop(instance),
        "quick-stop" => quick_stop(instance),
        "drain" => drain(instance),
        "abort" => end(instance, "aborting the Postfix mail system").map(|_| ExitCode::SUCCESS),
        "reload" => reload(instance),
        "flush" => run_and_tell(instance.tool("postqueue").arg("-f")),
        "status" => status(instance),
        "check" => check_all(instance),
        "check-fatal" => essentials(instance).map(exit_code),
        "check-warn" => check::oddities(instance, false).map(|()| ExitCode::SUCCESS),
        "logrotate" => rotate::run(instance).map(|()| ExitCode::SUCCESS),
        "set-permissions" | "upgrade-configuration" => install::one(instance, word, rest),
        "post-install" => install::run(instance, rest),
        "tls" => tls::run(instance, rest),
        "non-bdb" => non_bdb::run(instance, rest),
        _ => Err(Fatal::new(format!("unknown command: '{word}'. {USAGE}"))),
    }
}

fn exit_code(well: bool) -> ExitCode {
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn check_all(instance: &Instance) -> Result<ExitCode, Fatal> {
    let well = essentials(instance)?;
    if well {
        check::oddities(instance, true)?;
    }
    Ok(exit_code(well))
}

fn essentials(instance: &Instance) -> Result<bool, Fatal> {
    check::essentials(instance)
}

fn refuse_running(instance: &Instance) -> Result<(), Fatal> {
    match instance.master()? {
        None => Ok(()),
        Some(_) => Err(Fatal::new("the Postfix mail system is already running")),
    }
}

fn running(instance: &Instance) -> Result<i32, Fatal> {
    instance
        .master()?
        .ok_or_else(|| Fatal::new("the Postfix mail system is not running"))
}

fn start(instance: &Instance, with_check: bool) -> Result<ExitCode, Fatal> {
    refuse_running(instance)?;
    let in_a_hurry = fs::remove_file(instance.queue().join(QUICK_START)).is_ok();
    if with_check && !in_a_hurry {
        check_for_start(instance)?;
    }
    maillog::info!("starting the Postfix mail system");
    let mut master = instance.daemon("master");
    let status = master
        .arg("-w")
        .status()
        .map_err(|error| Fatal::io(master.get_program().to_string_lossy(), &error))?;
    if status.success() {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Fatal::new("mail system startup failed"))
    }
}

/// As PID 1, master is the init of a container.
fn start_foreground(instance: &Instance) -> Result<ExitCode, Fatal> {
    refuse_running(instance)?;
    if instance.several {
        return Err(Fatal::new(
            "start-fg does not support multi_instance_directories",
        ));
    }
    check_for_start(instance)?;
    maillog::info!("starting the Postfix mail system");
    let how = if process::is_first_process() {
        "-i"
    } else {
        "-s"
    };
    let error = instance.daemon("master").arg(how).exec();
    Err(Fatal::io(
        format_args!("{}/master", instance.directories.daemon_directory),
        &error,
    ))
}

/// A start says once more that it was the check that failed.
fn check_for_start(instance: &Instance) -> Result<(), Fatal> {
    let well = essentials(instance).unwrap_or_else(|fatal| {
        let _ = fatal.report();
        false
    });
    if !well {
        return Err(Fatal::new("Postfix integrity check failed!"));
    }
    check::oddities(instance, false)
}

fn stop(instance: &Instance) -> Result<ExitCode, Fatal> {
    let pid = end(instance, "stopping the Postfix mail system")?;
    for step in 0..STOP_SECONDS * 20 {
        if instance.master()?.is_none() {
            return Ok(ExitCode::SUCCESS);
        }
        // Not at once: mostly it ends before anybody has read that.
        if step % 20 == 5 {
            maillog::info!("waiting for the Postfix mail system to terminate");
        }
        thread::sleep(Duration::from_millis(50));
    }
    maillog::warning!("stopping the Postfix mail system with force");
    let_log_be_read(instance)?;
    // master leads a process group of its own with all daemons in it.
    send(-pid, Signal::SIGKILL)?;
    Ok(ExitCode::SUCCESS)
}

/// For a machine that goes down: it is no failure that nothing runs.
fn quick_stop(instance: &Instance) -> Result<ExitCode, Fatal> {
    if let Err(fatal) = end(instance, "stopping the Postfix mail system") {
        let _ = fatal.report();
    }
    let file = instance.queue().join(QUICK_START);
    fs::write(&file, "").map_err(|error| Fatal::io(file.display(), &error))?;
    Ok(ExitCode::SUCCESS)
}

/// End master alone and at once: daemons finish what they are at, as nobody gives them more.
fn drain(instance: &Instance) -> Result<ExitCode, Fatal> {
    let pid = running(instance)?;
    last_words(instance, "stopping the Postfix mail system")?;
    send(pid, Signal::SIGKILL)?;
    Ok(ExitCode::SUCCESS)
}

/// Tell master to end.
fn end(instance: &Instance, what: &str) -> Result<i32, Fatal> {
    let pid = running(instance)?;
    last_words(instance, what)?;
    send(pid, Signal::SIGTERM)?;
    Ok(pid)
}

fn last_words(instance: &Instance, what: &str) -> Result<(), Fatal> {
    maillog::info!("{what}");
    let_log_be_read(instance)
}

fn let_log_be_read(instance: &Instance) -> Result<(), Fatal> {
    if !instance.settings.get::<Logging>()?.maillog_file.is_empty() {
        // postlogd may have to be started for that line, and must not be ended before it was read.
        thread::sleep(LAST_WORDS);
    }
    Ok(())
}

fn send(pid: i32, signal: Signal) -> Result<(), Fatal> {
    process::signal(pid, signal).map_err(|error| Fatal::io(format_args!("kill {pid}"), &error))
}

fn reload(instance: &Instance) -> Result<ExitCode, Fatal> {
    let pid = running(instance)?;
    maillog::info!("refreshing the Postfix mail system");
    run_and_tell(instance.tool("postsuper").arg("active"))?;
    send(pid, Signal::SIGHUP)?;
    // Nobody waits for the rest of the queue to be looked through.
    let rest = instance.tool("postsuper").stdin(Stdio::null()).spawn();
    rest.map_err(|error| Fatal::io("postsuper", &error))?;
    Ok(ExitCode::SUCCESS)
}

fn status(instance: &Instance) -> Result<ExitCode, Fatal> {
    match instance.master()? {
        Some(pid) => {
            maillog::info!("the Postfix mail system is running: PID: {pid}");
            Ok(ExitCode::SUCCESS)
        }
        None => {
            maillog::info!("the Postfix mail system is not running");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Run a program, and end as it does.
fn run_and_tell(program: &mut Command) -> Result<ExitCode, Fatal> {
    let name = program.get_program().to_string_lossy().into_owned();
    let status = program.status().map_err(|error| Fatal::io(name, &error))?;
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    Ok(ExitCode::from(code))
}
