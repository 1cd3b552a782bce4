//! postlock(1) - lock a mailbox and run a command.
//!
//! Locks as local(8) does, runs the command while the locks are held, and ends as the command ended; 75 (EX_TEMPFAIL)
//! when there is no lock to be had. Never reads or writes the mailbox.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use command::Fatal;
use config::params::core::Files;
use config::params::local::Mailbox;
use config::{Settings, Words};
use delivery::{DotLock, LockMethod, Locking};

/// sysexits.h: try again later.
const TEMPFAIL: u8 = 75;

fn main() -> ExitCode {
    command::stderr_log("postlock");
    match run() {
        Ok(code) => code,
        Err(fatal) => fatal.report(),
    }
}

fn run() -> Result<ExitCode, Fatal> {
    let usage = "usage: postlock [-c config_dir] [-l lock_style] [-v] folder command...";
    let usage = || Fatal::with_status(TEMPFAIL, usage);
    let arguments = command::options(std::env::args_os().skip(1), "c:l:v").map_err(|error| {
        error.tell("postlock");
        usage()
    })?;
    let mut directory = None;
    let mut style = None;
    for option in arguments.options {
        match option.letter {
            'c' => directory = option.value.map(PathBuf::from),
            'l' => style = Some(option.text()),
            _ => {}
        }
    }
    let [folder, program, words @ ..] = arguments.operands.as_slice() else {
        return Err(usage());
    };
    let settings = command::settings("postlock", directory).map_err(|fatal| later(&fatal))?;
    let locking = locking(&settings, style.as_deref())?;
    let locks = lock(Path::new(folder), &locking)?;
    let code = execute(program, words);
    drop(locks);
    code
}

fn later(fatal: &Fatal) -> Fatal {
    Fatal::with_status(TEMPFAIL, fatal.to_string())
}

/// How main.cf, or `-l` in its place, wants mailboxes locked.
fn locking(settings: &Settings, style: Option<&str>) -> Result<Locking, Fatal> {
    let files: Files = settings.get().map_err(|error| later(&error.into()))?;
    let words = match style {
        Some(style) => Words::from(style),
        None => {
            settings
                .get::<Mailbox>()
                .map_err(|error| later(&error.into()))?
                .mailbox_delivery_lock
        }
    };
    let method = |word: &String| {
        LockMethod::parse(word).ok_or_else(|| {
            let what = format!("unknown mailbox_delivery_lock value \"{word}\" in \"{words}\"");
            Fatal::with_status(TEMPFAIL, what)
        })
    };
    Ok(Locking {
        methods: words.iter().map(method).collect::<Result<_, _>>()?,
        attempts: u32::try_from(files.deliver_lock_attempts).unwrap_or(u32::MAX),
        delay: files.deliver_lock_delay,
        stale: files.stale_lock_time,
    })
}

/// What is held while the command runs.
struct Locks(#[expect(dead_code, reason = "held, not read")] (Option<DotLock>, File));

fn lock(folder: &Path, locking: &Locking) -> Result<Locks, Fatal> {
    let shown = folder.display();
    let refused =
        |reason: String| Fatal::with_status(TEMPFAIL, format!("open file {shown}: {reason}"));
    let dot = locking
        .dot(folder)
        .map_err(|failure| refused(String::from_utf8_lossy(&failure.reason).into_owned()))?;
    let opened = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(folder);
    let file =
        opened.map_err(|error| refused(format!("cannot open file: {}", sys::reason(&error))))?;
    locking
        .kernel(&file)
        .map_err(|failure| refused(String::from_utf8_lossy(&failure.reason).into_owned()))?;
    Ok(Locks((dot, file)))
}

/// Run the command, and end as it does.
fn execute(program: &OsString, words: &[OsString]) -> Result<ExitCode, Fatal> {
    let name = program.to_string_lossy();
    let status = Command::new(program)
        .args(words)
        .status()
        .map_err(|error| Fatal::new(format!("execvp {name}: {}", sys::reason(&error))))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_lock_file_lives_as_long_as_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = folder.path().join("mbox");
        let methods = vec![LockMethod::Dotlock, LockMethod::Fcntl];
        let locking = Locking {
            methods,
            attempts: 1,
            delay: Duration::ZERO,
            stale: Duration::from_secs(500),
        };
        let locks = lock(&mailbox, &locking).unwrap();
        assert!(folder.path().join("mbox.lock").exists());
        let refused = lock(&mailbox, &locking).err().unwrap().to_string();
        assert!(refused.contains("unable to create lock file"), "{refused}");
        drop(locks);
        assert!(!folder.path().join("mbox.lock").exists());
        assert!(mailbox.exists());
    }
}
