//! Running the commands of a mail system as its users do.

use crate::machine::Account;
use crate::pattern;
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};

/// A command line that is being put together.
pub struct Call {
    command: Command,
    input: Vec<u8>,
    name: String,
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Exit status; 128 and the signal number when it was killed.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    name: String,
}

impl Call {
    /// A call of the program at `path`, by root, in an environment with a path and nothing else.
    pub fn new(path: &Path) -> Self {
        let mut command = Command::new(path);
        let commands = path.parent().unwrap_or(Path::new("/")).display();
        command
            .env_clear()
            .env("PATH", format!("{commands}:/usr/sbin:/usr/bin:/sbin:/bin"))
            .current_dir("/");
        Self {
            command,
            input: Vec::new(),
            name: path.display().to_string(),
        }
    }

    /// Adds arguments.
    pub fn args<A: AsRef<std::ffi::OsStr>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        self.command.args(arguments);
        self
    }

    /// Gives standard input.
    pub fn input(mut self, input: impl AsRef<[u8]>) -> Self {
        self.input = input.as_ref().to_vec();
        self
    }

    /// Runs as a user of the private machine.
    pub fn user(mut self, name: &str) -> Self {
        let user = Account::named(name);
        self.command
            .uid(user.id)
            .gid(user.id)
            .env("USER", name)
            .env("LOGNAME", name);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in a directory.
    pub fn directory(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Runs it to the end.
    pub fn run(mut self) -> Outcome {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let mut stdin = child.stdin.take().expect("standard input");
        let input = self.input;
        // A command that does not read to the end is no failure of the harness.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("wait for a command");
        writer.join().expect("writer");
        let status = output.status;
        Outcome {
            code: status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            name: self.name,
        }
    }
}

impl Outcome {
    /// The exit status must be this one.
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}: {self:?}", self.name);
        self
    }

    /// The exit status must be 0.
    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// Standard output must match (see [`crate::pattern`]); final line ends do not count.
    pub fn prints(self, wanted: &str) -> Self {
        assert!(
            pattern::matches(wanted, self.out.trim_end()),
            "{}: {self:?}, not {wanted:?}",
            self.name
        );
        self
    }

    /// Standard error must match.
    pub fn complains(self, wanted: &str) -> Self {
        assert!(
            pattern::matches(wanted, self.err.trim_end()),
            "{}: {self:?}, not {wanted:?}",
            self.name
        );
        self
    }
}
