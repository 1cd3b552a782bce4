//! Running another program as a given user, with its standard streams, for deliveries to commands.
//!
//! The child gives up every right of its parent before exec: it leads a session of its own, has only the groups, group
//! and user that it was given, and no descriptors but its standard streams.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::unistd::{Gid, Uid};

/// Who a program runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Other groups.
    pub groups: Vec<u32>,
}

/// What to run.
#[derive(Debug)]
pub struct Run<'a> {
    /// The executable; looked up in PATH of `environment` when it has no slash.
    pub program: &'a Path,
    /// Its arguments, the program name not counted.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it starts, entered with the rights of the identity; otherwise where we are.
    pub directory: Option<PathBuf>,
    /// Who it runs as; otherwise who we are, for good.
    pub identity: Option<Identity>,
    /// Its standard input.
    pub input: OwnedFd,
    /// Its standard output and error.
    pub output: OwnedFd,
}

impl Run<'_> {
    /// Fork and exec. An error when the identity, the directory or the program is not to be had.
    pub fn start(self) -> io::Result<Child> {
        let mut command = Command::new(self.program);
        let errors = self.output.try_clone()?;
        command
            .args(self.arguments)
            .env_clear()
            .envs(self.environment)
            .stdin(Stdio::from(self.input))
            .stdout(Stdio::from(self.output))
            .stderr(Stdio::from(errors));
        let directory = self.directory.map(|path| c_path(&path)).transpose()?;
        let groups: Vec<Gid> = self
            .identity
            .iter()
            .flat_map(|who| &who.groups)
            .map(|&gid| Gid::from_raw(gid))
            .collect();
        let ids = self
            .identity
            .map(|who| (Uid::from_raw(who.uid), Gid::from_raw(who.gid)));
        // SAFETY: between fork and exec the closure only makes system calls on values that were prepared before, and
        // allocates nothing.
        unsafe {
            command.pre_exec(move || {
                nix::unistd::setsid()?;
                if let Some((uid, gid)) = ids {
                    become_for_good(uid, gid, &groups)?;
                }
                if let Some(directory) = &directory {
                    nix::unistd::chdir(directory.as_c_str())?;
                }
                nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
                close_others_on_exec()
            });
        }
        command.spawn()
    }
}

fn c_path(path: &Path) -> io::Result<std::ffi::CString> {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::CString::new(path.as_os_str().as_bytes())
        .map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// Libraries may open files that would stay open over exec.
fn close_others_on_exec() -> io::Result<()> {
    const CLOSE_RANGE_CLOEXEC: u32 = 4;
    // SAFETY: takes plain numbers, and closes nothing now.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, CLOSE_RANGE_CLOEXEC) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Take on all ids; only root can, anybody else must be that user already.
fn become_for_good(uid: Uid, gid: Gid, groups: &[Gid]) -> nix::Result<()> {
    if !Uid::current().is_root() {
        return if Uid::current() == uid {
            Ok(())
        } else {
            Err(nix::errno::Errno::EPERM)
        };
    }
    nix::unistd::seteuid(Uid::from_raw(0))?;
    nix::unistd::setgroups(groups)?;
    nix::unistd::setresgid(gid, gid, gid)?;
    nix::unistd::setresuid(uid, uid, uid)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn no_descriptor_leaks() {
        let open = nix::fcntl::open(
            "/dev/null",
            nix::fcntl::OFlag::O_RDONLY,
            nix::sys::stat::Mode::empty(),
        )
        .unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        let run = Run {
            program: Path::new("/bin/ls"),
            arguments: vec!["/proc/self/fd".into()],
            environment: Vec::new(),
            directory: None,
            identity: None,
            input: std::fs::File::open("/dev/null").unwrap().into(),
            output: writer.into(),
        };
        let mut child = run.start().unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        child.wait().unwrap();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            ["0", "1", "2", "3"],
            "3 is the directory itself"
        );
        drop(open);
    }

    #[test]
    fn a_program_runs_in_its_directory_and_session() {
        let (mut reader, writer) = io::pipe().unwrap();
        let run = Run {
            program: Path::new("/bin/sh"),
            arguments: vec![
                "-c".into(),
                "pwd; echo $NAME; ps -o sid= -p $$ | tr -d ' '; echo $$ >&2".into(),
            ],
            environment: vec![
                ("NAME".into(), "value".into()),
                ("PATH".into(), "/bin:/usr/bin".into()),
            ],
            directory: Some("/".into()),
            identity: None,
            input: std::fs::File::open("/dev/null").unwrap().into(),
            output: writer.into(),
        };
        let mut child = run.start().unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success());
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[..2], ["/", "value"]);
        assert_eq!(lines[2], lines[3], "the shell leads its session");
    }
}
