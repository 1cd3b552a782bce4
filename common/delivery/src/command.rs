//! Delivery to a command: the letter on its standard input, its output into the reason, its exit status into the status.
//!
//! The command runs with no rights but those of its identity, in a session of its own; when its time is over, it and its
//! children are killed. A command that does not read all of the letter is not at fault: only its exit status counts.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use mail::DsnStatus;
use sys::command::{Identity, Run};
use sys::nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::content::Content;
use crate::copy::{CopyError, Style, copy};
use crate::failure::{Cause, Failure};
use crate::sysexits;

/// The most output that is kept, in bytes.
const MAX_OUTPUT: usize = 4 * 1024;
/// How long to rest before asking again whether a command has ended.
const REAP_PAUSE: Duration = Duration::from_millis(2);

/// A command that gets a letter.
#[derive(Clone, Debug)]
pub struct Command {
    /// What it is called in reasons.
    pub text: String,
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it runs; otherwise in the queue directory.
    pub directory: Option<PathBuf>,
    /// Who it runs as; otherwise who we are.
    pub identity: Option<Identity>,
    /// How long it may take.
    pub time_limit: Duration,
}

impl Command {
    /// Run the command with lines made before and the content; gives back what it said.
    pub fn deliver(
        &self,
        before: &[u8],
        content: &mut Content<'_>,
        style: Style,
    ) -> Result<Vec<u8>, Failure> {
        let (mut child, mut talk) = self.start()?;
        let outcome = match copy(before, content, style, &mut talk) {
            Err(error @ CopyError::Read(_)) => {
                kill(&mut child);
                return Err(error.into());
            }
            Err(CopyError::Write(error)) => Err(error),
            Ok(_) => talk.listen(),
        };
        let ended = outcome.and_then(|()| wait(&mut child, talk.deadline));
        let output = printable(&talk.output);
        match ended {
            Ok(status) => self.judge(status, output),
            Err(error) => {
                kill(&mut child);
                Err(self.broken(&error, &output))
            }
        }
    }

    fn start(&self) -> Result<(Child, Talk), Failure> {
        let failed = |error: io::Error| Failure::system("start command", &error);
        let (their_input, input) = io::pipe().map_err(failed)?;
        let (output, their_output) = io::pipe().map_err(failed)?;
        let [program, arguments @ ..] = self.argv.as_slice() else {
            return Err(Failure::new(DsnStatus::new(5, 3, 5), "empty command"));
        };
        let run = Run {
            program: Path::new(program),
            arguments: arguments.to_vec(),
            environment: self.environment.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            input: their_input.into(),
            output: their_output.into(),
        };
        let child = run
            .start()
            .map_err(|error| Self::unstarted(program, &error))?;
        let talk = Talk::new(
            input.into(),
            output.into(),
            Instant::now() + self.time_limit,
        )
        .map_err(failed)?;
        Ok((child, talk))
    }

    /// The program is not there, may not be run by that user, or there is no room for it now: an administrator can help.
    fn unstarted(program: &OsString, error: &io::Error) -> Failure {
        let (program, text) = (program.to_string_lossy(), sys::reason(error));
        let reason =
            format!("temporary failure. Command output: unable to execute {program}: {text}");
        blame(DsnStatus::new(4, 3, 0), reason.into_bytes())
    }

    fn broken(&self, error: &io::Error, output: &[u8]) -> Failure {
        if error.kind() == io::ErrorKind::TimedOut {
            let reason = format!("Command time limit exceeded: \"{}\"", self.text);
            return blame(DsnStatus::new(5, 3, 0), with_output(reason, output));
        }
        Failure::system("error writing message", error)
    }

    fn judge(&self, status: ExitStatus, output: Vec<u8>) -> Result<Vec<u8>, Failure> {
        if status.success() {
            return Ok(output);
        }
        if let Some(signal) = status.signal() {
            let reason = format!("Command died with signal {signal}: \"{}\"", self.text);
            return Err(blame(DsnStatus::new(4, 3, 0), with_output(reason, &output)));
        }
        let exit = status.code().unwrap_or_default();
        let own = DsnStatus::parse(&output).filter(|status| status.class != 2);
        Err(match (own, sysexits::meaning(exit)) {
            (Some(status), _) => {
                let code = status.to_string().len();
                blame(
                    status,
                    output
                        .get(code..)
                        .unwrap_or_default()
                        .trim_ascii_start()
                        .to_vec(),
                )
            }
            (None, Some((status, text))) => blame(status, with_output(text.to_owned(), &output)),
            (None, None) => {
                let reason = format!("Command died with status {exit}: \"{}\"", self.text);
                blame(DsnStatus::new(5, 3, 0), with_output(reason, &output))
            }
        })
    }
}

const fn blame(status: DsnStatus, reason: Vec<u8>) -> Failure {
    Failure {
        status,
        reason,
        cause: Cause::Command,
    }
}

fn with_output(reason: String, output: &[u8]) -> Vec<u8> {
    let mut reason = reason.into_bytes();
    if !output.is_empty() {
        reason.extend_from_slice(b". Command output: ");
        reason.extend_from_slice(output);
    }
    reason
}

fn printable(output: &[u8]) -> Vec<u8> {
    let text = output.iter().map(|&b| match b {
        b'\n' | b'\t' => b' ',
        0..b' ' | 0x7F => b'_',
        _ => b,
    });
    text.collect()
}

/// Both ends of the talk with a command: nothing waits for one of them only, so that neither side waits for ever.
struct Talk {
    input: Option<File>,
    from: Option<File>,
    output: Vec<u8>,
    deadline: Instant,
}

impl Talk {
    fn new(input: OwnedFd, from: OwnedFd, deadline: Instant) -> io::Result<Self> {
        sys::descriptor::set_nonblocking(input.as_fd(), true)?;
        sys::descriptor::set_nonblocking(from.as_fd(), true)?;
        Ok(Self {
            input: Some(input.into()),
            from: Some(from.into()),
            output: Vec::new(),
            deadline,
        })
    }

    /// No more is said: hear the command out.
    fn listen(&mut self) -> io::Result<()> {
        self.input = None;
        while self.from.is_some() {
            self.wait()?;
        }
        Ok(())
    }

    /// Wait for something to happen, and take in what the command says; says whether input may be written.
    fn wait(&mut self) -> io::Result<bool> {
        let rest = self.deadline.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let milliseconds = i32::try_from(rest.as_millis().saturating_add(1)).unwrap_or(i32::MAX);
        let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
        let output = self
            .from
            .as_ref()
            .map(|from| PollFd::new(from.as_fd(), PollFlags::POLLIN));
        let input = self
            .input
            .as_ref()
            .map(|input| PollFd::new(input.as_fd(), PollFlags::POLLOUT));
        let mut fds: Vec<PollFd<'_>> = output.into_iter().chain(input).collect();
        match poll(&mut fds, timeout) {
            Ok(_) | Err(sys::nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |fd: Option<&PollFd<'_>>| fd.is_some_and(|fd| fd.any().unwrap_or(true));
        let (speaks, listens) = match (&self.from, &self.input) {
            (Some(_), Some(_)) => (ready(fds.first()), ready(fds.get(1))),
            (Some(_), None) => (ready(fds.first()), false),
            (None, _) => (false, ready(fds.first())),
        };
        if speaks {
            self.take_in()?;
        }
        Ok(listens)
    }

    fn take_in(&mut self) -> io::Result<()> {
        let Some(from) = &mut self.from else {
            return Ok(());
        };
        let mut block = [0; 1024];
        match from.read(&mut block) {
            Ok(0) => self.from = None,
            Ok(count) => {
                let room = MAX_OUTPUT.saturating_sub(self.output.len()).min(count);
                self.output
                    .extend_from_slice(block.get(..room).unwrap_or_default());
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Write for &mut Talk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let Some(input) = &mut self.input else {
                return Ok(bytes.len());
            };
            match input.write(bytes) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.wait()?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The command does not want to hear more; its exit status tells whether that is good.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.input = None,
                Err(error) => return Err(error),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn wait(child: &mut Child, deadline: Instant) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        std::thread::sleep(REAP_PAUSE);
    }
}

/// Kill the command with all that it started, and collect it.
fn kill(child: &mut Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        // It leads its session, so its group has its number; it may have ended meanwhile.
        let _ = sys::process::signal(-pid, sys::signal::Kind::SIGKILL);
    }
    let _ = child.wait();
}

/// The words of a command line, to be executed directly, or by the shell when it has characters with a meaning there.
#[must_use]
pub fn words(command: &str, shell: &str) -> Vec<OsString> {
    if !shell.trim().is_empty() {
        let mut argv: Vec<OsString> = shell.split_ascii_whitespace().map(OsString::from).collect();
        argv.push(command.into());
        return argv;
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"!@%-_=+:,./ \t".contains(&b);
    let first = command.split_ascii_whitespace().next().unwrap_or_default();
    if command.bytes().all(plain) && !BUILT_IN.contains(&first) {
        return command
            .split_ascii_whitespace()
            .map(OsString::from)
            .collect();
    }
    vec!["/bin/sh".into(), "-c".into(), command.into()]
}

/// What only a shell can do.
const BUILT_IN: [&str; 27] = [
    "!", ".", "alias", "bg", "break", "case", "cd", "continue", "eval", "exec", "exit", "export",
    "fg", "for", "if", "read", "readonly", "return", "set", "shift", "times", "trap", "ulimit",
    "umask", "unset", "wait", "while",
];

#[cfg(test)]
mod tests {
    use queue::{RecordType, record};

    use super::*;

    fn run(line: &str, limit: u64, letter: &[u8]) -> Result<String, (String, String)> {
        let mut bytes = Vec::new();
        for part in letter.chunks(2000) {
            record::put(&mut bytes, RecordType::LINE, part);
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let command = Command {
            text: line.to_owned(),
            argv: words(line, ""),
            environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
            directory: None,
            identity: None,
            time_limit: Duration::from_secs(limit),
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        match command.deliver(b"A: b\n", &mut Content::new(&file, 0), Style::default()) {
            Ok(output) => Ok(text(output)),
            Err(failure) => Err((failure.status.to_string(), text(failure.reason))),
        }
    }

    #[test]
    fn exit_statuses_become_verdicts() {
        let fails = |status: &str, reason: &str| Err((status.to_owned(), reason.to_owned()));
        assert_eq!(run("wc -l", 9, b"x"), Ok("2 ".into()));
        assert_eq!(run("true", 9, &vec![b'x'; 300_000]), Ok(String::new()));
        assert_eq!(run("exit 75", 9, b"x"), fails("4.3.0", "temporary failure"));
        assert_eq!(
            run("echo so; exit 67", 9, b"x"),
            fails("5.1.1", "user unknown. Command output: so ")
        );
        assert_eq!(
            run("echo 4.2.1 later; exit 67", 9, b"x"),
            fails("4.2.1", "later ")
        );
        assert_eq!(
            run("exit 3", 9, b"x"),
            fails("5.3.0", "Command died with status 3: \"exit 3\"")
        );
        assert_eq!(
            run("sleep 20", 1, b"x"),
            fails("5.3.0", "Command time limit exceeded: \"sleep 20\"")
        );
        let (status, reason) = run("/nonexistent -x", 9, b"x").unwrap_err();
        assert_eq!(status, "4.3.0");
        assert!(
            reason.ends_with("/nonexistent: No such file or directory"),
            "{reason}"
        );
    }

    #[test]
    fn a_command_that_talks_while_it_is_talked_to() {
        let letter = vec![b'x'; 400_000];
        assert_eq!(
            run(
                "yes | head -c 200000 >&2; cat >/dev/null; exit 0",
                20,
                &letter
            )
            .map(|text| text.len()),
            Ok(4096)
        );
    }

    #[test]
    fn the_shell_is_used_for_its_characters_only() {
        assert_eq!(words("/bin/a b", "").len(), 2);
        assert_eq!(words("/bin/a 'b c'", "").first().unwrap(), "/bin/sh");
        assert_eq!(words("a b", "/bin/bash -c"), ["/bin/bash", "-c", "a b"]);
    }
}
