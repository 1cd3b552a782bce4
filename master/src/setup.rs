//! The start of master: locks, descriptors, environment, the background.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use config::Explained;
use sys::process::Forked;

use crate::event_loop::Master;
use crate::lock::{LockFile, NoLock, is_held};
use crate::options::Options;
use crate::reload::{Configuration, read, text};
use crate::spawn::Inheritance;

/// How long `master -w` waits for the system to be up.
const START_TIME: Duration = Duration::from_secs(100);
/// Open files that a daemon may have, where the system allows so many.
const MAX_DESCRIPTORS: u64 = 16_384;
/// What the in-flow pipe takes without waiting, on any system.
const MAX_TOKENS: usize = 4096;

/// Be master(8); the whole of its `main`.
#[must_use]
pub fn run() -> ExitCode {
    // First of all: the log, once open, must not be closed with what was inherited.
    let closed = close_inherited();
    maillog::open_early("master");
    match closed.map_err(Explained::from).and_then(|()| start()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            maillog::fatal!("{what}");
            what.tell();
            ExitCode::FAILURE
        }
    }
}

fn close_inherited() -> Result<(), String> {
    sys::descriptor::close_from(3)
        .map_err(|error| format!("close inherited descriptors: {error}"))?;
    sys::descriptor::open_standard().map_err(|error| format!("open /dev/null: {error}"))
}

fn start() -> Result<(), Explained> {
    sys::process::umask(0o077);
    raise_descriptor_limit().map_err(|error| format!("raise the limit of open files: {error}"))?;
    let options = Options::parse(std::env::args().skip(1))?;
    maillog::set_verbose(options.verbose);
    if options.init && !sys::process::is_first_process() {
        return Err(
            "option -i is for the first process of a container (process id 1)"
                .to_owned()
                .into(),
        );
    }
    let configuration = read(options.directory.as_deref())?;
    let pid_file = configuration.queue_directory.join("pid/master.pid");
    if options.test {
        return Ok(test(&pid_file)?);
    }
    let shown = config::is_for_stderr(&configuration.settings);
    open_log(&configuration, shown)?;
    sys::time::load_zone();
    std::env::set_current_dir(&configuration.queue_directory)
        .map_err(|error| format!("chdir {}: {error}", configuration.queue_directory.display()))?;
    let parent = if options.wait {
        Some(background()?)
    } else {
        None
    };
    let Some(ready) = detached(parent, &options)? else {
        return Ok(());
    };
    let locks = locks(&configuration)?;
    let inheritance = inheritance(&configuration, &options)?;
    let mut master = Master::new(configuration, inheritance, &options)?;
    // From here on the system is up: whoever started us may go on.
    open_log(&master.configuration, false)?;
    if let Some(mut ready) = ready {
        let _ = ready.write_all(b"1");
        sys::descriptor::let_go_of_standard()
            .map_err(|error| format!("open /dev/null: {error}"))?;
    }
    if options.debug || std::env::var_os("MAIL_DEBUG").is_some() {
        debug(&master.configuration)?;
    }
    let result = master.run();
    drop(locks);
    Ok(result?)
}

/// `-D`: the administrator's debugger looks at this process.
fn debug(configuration: &Configuration) -> Result<(), Explained> {
    let debug: config::params::core::Debug = configuration.settings.get()?;
    let command = debug.debugger_command.trim();
    if command.is_empty() {
        maillog::warning!("option -D: debugger_command is empty; set it in main.cf");
        return Ok(());
    }
    maillog::info!("running: {command}");
    let ended = sys::process::debug(command)
        .map_err(|error| format!("run debugger_command: {}", sys::reason(&error)))?;
    if !ended.success() {
        maillog::warning!("debugger_command: {ended}");
    }
    Ok(())
}

/// A person may be watching until the system is up.
fn open_log(configuration: &Configuration, to_stderr: bool) -> Result<(), String> {
    config::open_log(&configuration.settings, "master", to_stderr)
        .map_err(|error| error.to_string())
}

/// A process of many sessions has several descriptors for each.
fn raise_descriptor_limit() -> sys::nix::Result<()> {
    use sys::nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(
        Resource::RLIMIT_NOFILE,
        soft.max(hard.min(MAX_DESCRIPTORS)),
        hard,
    )
}

fn test(pid_file: &Path) -> Result<(), String> {
    match is_held(pid_file) {
        Ok(false) => Ok(()),
        Ok(true) => Err(format!(
            "the mail system is already running: {} is locked",
            pid_file.display()
        )),
        Err(error) => Err(format!("open {}: {error}", pid_file.display())),
    }
}

/// Fork; the parent waits for the child to be ready. Returns both ends' meaning for this side.
fn background() -> Result<Side, String> {
    let (near, far) = UnixStream::pair().map_err(|error| format!("socket pair: {error}"))?;
    match sys::process::fork().map_err(|error| format!("fork: {error}"))? {
        Forked::Parent(_) => Ok(Side::Parent(near)),
        Forked::Child => Ok(Side::Child(far)),
    }
}

enum Side {
    Parent(UnixStream),
    Child(UnixStream),
}

/// `None` in the parent, after the child is up; otherwise the channel to report readiness on, where there is one.
fn detached(side: Option<Side>, options: &Options) -> Result<Option<Option<UnixStream>>, String> {
    let channel = match side {
        Some(Side::Parent(mut near)) => {
            near.set_read_timeout(Some(START_TIME))
                .map_err(|error| error.to_string())?;
            let mut byte = [0];
            return match near.read(&mut byte) {
                Ok(1) => Ok(None),
                Ok(_) => {
                    Err("the mail system did not start; see the log for the reason".to_owned())
                }
                Err(_) => Err(format!(
                    "the mail system did not report readiness within {} seconds",
                    START_TIME.as_secs()
                )),
            };
        }
        Some(Side::Child(far)) => Some(far),
        None => None,
    };
    if !options.init && !options.no_detach {
        // A session of our own, unless we lead one already.
        let _ = sys::process::new_session();
    }
    Ok(Some(channel))
}

/// The locks in the queue directory and in the data directory.
fn locks(configuration: &Configuration) -> Result<Vec<LockFile>, Explained> {
    let pid_file = Path::new("pid/master.pid");
    let mut first = take(pid_file)?;
    first
        .write_pid()
        .map_err(|error| format!("write {}: {error}", pid_file.display()))?;
    let data = PathBuf::from(text(&configuration.settings, "data_directory")?).join("master.lock");
    let second = match configuration.surroundings.owner {
        Some((uid, gid)) => {
            let _identity = sys::rights::borrow_identity(uid, gid, &[gid])
                .map_err(|error| format!("become mail_owner for {}: {error}", data.display()))?;
            take(&data)?
        }
        None => take(&data)?,
    };
    Ok(vec![first, second])
}

fn take(path: &Path) -> Result<LockFile, String> {
    LockFile::take(path).map_err(|why| match why {
        NoLock::Held(Some(pid)) => {
            format!("open lock file {}: unable to set exclusive lock: process {pid} has it; is the mail system already running?", path.display())
        }
        NoLock::Held(None) => {
            format!("open lock file {}: unable to set exclusive lock; is the mail system already running?", path.display())
        }
        NoLock::Io(error) => format!("open lock file {}: {error}", path.display()),
    })
}

fn inheritance(configuration: &Configuration, options: &Options) -> Result<Inheritance, Explained> {
    let (flow_read, flow_write) = sys::nix::unistd::pipe2(
        sys::nix::fcntl::OFlag::O_NONBLOCK | sys::nix::fcntl::OFlag::O_CLOEXEC,
    )
    .map_err(|error| format!("flow pipe: {error}"))?;
    // The first letters find a token each; without it each would wait in_flow_delay for nothing.
    let tokens = vec![0; first_tokens(configuration)?];
    sys::nix::unistd::write(&flow_write, &tokens).map_err(|error| format!("flow pipe: {error}"))?;
    let keep_standard = options.keep_standard || options.init || options.no_detach;
    Ok(Inheritance {
        flow_read: high(flow_read)?,
        flow_write: high(flow_write)?,
        environment: environment(configuration)?,
        keep_standard,
    })
}

fn first_tokens(configuration: &Configuration) -> Result<usize, String> {
    let process: config::params::services::Process = configuration
        .settings
        .get()
        .map_err(|error| error.to_string())?;
    Ok(process.default_process_limit.min(MAX_TOKENS))
}

fn high(fd: OwnedFd) -> Result<OwnedFd, String> {
    if fd.as_raw_fd() > 2 {
        Ok(fd)
    } else {
        Err("standard descriptors are closed".to_owned())
    }
}

/// Only what import_environment names, and what our programs need.
fn environment(configuration: &Configuration) -> Result<Vec<(OsString, OsString)>, Explained> {
    let settings = &configuration.settings;
    let mut environment = Vec::new();
    for word in text::token::words(&text(settings, "import_environment")?) {
        match word.split_once('=') {
            Some((name, value)) => environment.push((OsString::from(name), OsString::from(value))),
            None => environment
                .extend(std::env::var_os(word).map(|value| (OsString::from(word), value))),
        }
    }
    environment.retain(|(name, _)| name != "MAIL_CONFIG" && name != "GENERATION");
    environment.push(("MAIL_CONFIG".into(), settings.directory().into()));
    Ok(environment)
}
