//! Starting programs, and being one: fork and exec with a chosen table of descriptors, sessions, reaping.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};

/// What to start and what it gets.
pub struct Spawn<'a> {
    /// The executable.
    pub program: &'a Path,
    /// Its arguments, the program name not counted.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Descriptors and the numbers they get in the child; all others are closed by close-on-exec.
    pub descriptors: Vec<(BorrowedFd<'a>, RawFd)>,
    /// Whether standard input, output and error are kept; otherwise they are /dev/null.
    pub keep_standard: bool,
}

impl Spawn<'_> {
    /// Fork and exec; an error when the program cannot be executed.
    pub fn start(self) -> io::Result<Child> {
        let mut command = Command::new(self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment);
        if !self.keep_standard {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
        }
        let map: Vec<(RawFd, RawFd)> = self
            .descriptors
            .iter()
            .map(|(fd, n)| (fd.as_raw_fd(), *n))
            .collect();
        let above = map.iter().map(|&(_, target)| target).max().unwrap_or(2) + 1;
        // SAFETY: between fork and exec the closure only calls async-signal-safe functions (fcntl, dup2, sigprocmask)
        // on numbers that the parent keeps open until `spawn` returns, and allocates nothing.
        unsafe {
            command.pre_exec(move || install(&map, above));
        }
        command.spawn()
    }
}

/// Put descriptors at their numbers. The first pass copies them above every target, so that no target overwrites a
/// source that is still needed.
fn install(map: &[(RawFd, RawFd)], above: RawFd) -> io::Result<()> {
    let mut copies = [(0, 0); 64];
    for (slot, &(source, target)) in copies.iter_mut().zip(map) {
        // SAFETY: plain numbers; the result is checked.
        let copy = unsafe { libc::fcntl(source, libc::F_DUPFD_CLOEXEC, above) };
        if copy < 0 {
            return Err(io::Error::last_os_error());
        }
        *slot = (copy, target);
    }
    for &(copy, target) in copies.iter().take(map.len()) {
        // SAFETY: plain numbers; dup2 clears close-on-exec on the target, which is what exec needs.
        if unsafe { libc::dup2(copy, target) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    nix::sys::signal::sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    Ok(())
}

/// How a child ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It exited with this status.
    Exit(i32),
    /// A signal ended it.
    Signal(i32),
}

/// Collect one child that has ended, without waiting.
pub fn reap() -> Option<(i32, Ended)> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, status)) => {
                return Some((pid.as_raw(), Ended::Exit(status)));
            }
            Ok(WaitStatus::Signaled(pid, signal, _)) => {
                return Some((pid.as_raw(), Ended::Signal(signal as i32)));
            }
            Ok(WaitStatus::StillAlive) => return None,
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(_) => return None,
        }
    }
}

/// Send a signal to a process, or to a process group when the number is negative.
pub fn signal(pid: i32, signal: Signal) -> io::Result<()> {
    Ok(kill(Pid::from_raw(pid), signal)?)
}

/// Whether a process exists.
#[must_use]
pub fn exists(pid: i32) -> bool {
    !matches!(
        kill(Pid::from_raw(pid), None),
        Err(nix::errno::Errno::ESRCH)
    )
}

/// This process's id, asked of the kernel once.
#[must_use]
pub fn id() -> u32 {
    match OWN_ID.load(Ordering::Relaxed) {
        0 => {
            let id = std::process::id();
            OWN_ID.store(id, Ordering::Relaxed);
            id
        }
        id => id,
    }
}

/// 0 while nobody has asked, and in a child until it asks.
static OWN_ID: AtomicU32 = AtomicU32::new(0);

/// Which side of a fork this is.
pub enum Forked {
    /// The parent, with the child's process id.
    Parent(i32),
    /// The child.
    Child,
}

/// Fork. Only for a process that has a single thread; an error when it has more.
pub fn fork() -> io::Result<Forked> {
    single_thread()?;
    // SAFETY: there is one thread, so the child inherits no lock held by a thread that does not exist in it.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Forked::Parent(child.as_raw())),
        ForkResult::Child => {
            OWN_ID.store(0, Ordering::Relaxed);
            Ok(Forked::Child)
        }
    }
}

/// Become the leader of a new session, away from any terminal.
pub fn new_session() -> io::Result<()> {
    nix::unistd::setsid()?;
    Ok(())
}

/// Replace this process by another program; returns only on failure.
pub fn exec(program: &Path, arguments: &[OsString]) -> io::Error {
    let text = |s: &OsStr| CString::new(s.as_bytes());
    let (Ok(path), Ok(mut argv)) = (
        text(program.as_os_str()),
        arguments
            .iter()
            .map(|a| text(a))
            .collect::<Result<Vec<_>, _>>(),
    ) else {
        return io::Error::new(
            io::ErrorKind::InvalidInput,
            "NUL in a program name or argument",
        );
    };
    argv.insert(0, path.clone());
    match nix::unistd::execv(&path, &argv) {
        Ok(never) => match never {},
        Err(error) => error.into(),
    }
}

/// Set the file mode creation mask.
pub fn umask(mask: u32) {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(mask));
}

/// Let children that lost their parent become ours (for master as the first process of a container).
#[must_use]
pub fn is_first_process() -> bool {
    std::process::id() == 1
}

/// Set an environment variable, at the start of a program, before any thread exists.
pub fn set_environment(name: &str, value: &OsStr) -> io::Result<()> {
    single_thread()?;
    // SAFETY: there is one thread, so nobody reads the environment at the same time.
    unsafe { std::env::set_var(name, value) };
    Ok(())
}

fn single_thread() -> io::Result<()> {
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads == 1 {
        Ok(())
    } else {
        Err(io::Error::other(
            "refused: this process has more than one thread",
        ))
    }
}
/// Run the administrator's debugger on this process, by the shell, and wait for the command's end. It inherits standard
/// input, output and error only.
pub fn debug(command: &str) -> io::Result<std::process::ExitStatus> {
    crate::descriptor::close_on_exec_from(3)?;
    std::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(command)
        .status()
}
