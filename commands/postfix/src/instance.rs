//! The mail system that the command is about: its directories, its master process, and how its programs are started.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use command::Fatal;
use config::params::core::Directories;
use config::params::instances::Instances;
use config::{Loader, Settings};
use sys::lock;

use crate::environment::{self, Environment};
use crate::{owners, tell};

/// How closely the mail system is to be watched.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Watched {
    /// How many times `-v` was given.
    pub(crate) verbose: usize,
    /// `-D`: daemons start under the debugger.
    pub(crate) debug: bool,
}

/// One mail system.
pub(crate) struct Instance {
    pub(crate) settings: Settings,
    pub(crate) directories: Directories,
    /// There are others on the machine that belong to it.
    pub(crate) several: bool,
    environment: Environment,
    watched: Watched,
}

impl Instance {
    /// Find the mail system, and refuse users that it does not belong to.
    pub(crate) fn open(directory: Option<PathBuf>, watched: Watched) -> Result<Self, Fatal> {
        let mut loader = Loader::new("postfix");
        if let Some(directory) = directory {
            loader = loader.directory(directory);
        }
        let settings = loader.load()?;
        for warning in settings.warnings() {
            maillog::warning!("{warning}");
        }
        if settings.is_backwards_compatible()? {
            let (last, name) = (config::compatibility::LAST, settings.text("mail_name")?);
            let name = name.unwrap_or_default();
            maillog::info!("{name} is using backwards-compatible default settings");
            maillog::info!("See http://www.postfix.org/COMPATIBILITY_README.html for details");
            maillog::info!(
                "To disable backwards compatibility use \"postconf compatibility_level={last}\" and \"postfix reload\""
            );
        }
        let directories: Directories = settings.get()?;
        if owners::is_rootless() && !belongs_to_caller(&directories, settings.directory()) {
            maillog::error!("to submit mail, use the Postfix sendmail command");
            return Err(Fatal::new(
                "the postfix command is reserved for the superuser",
            ));
        }
        config::maillog_file(&settings)?;
        owners::check_names(&settings)?;
        let daemons = Path::new(&directories.daemon_directory);
        fs::read_dir(daemons)
            .map_err(|error| Fatal::io(format_args!("chdir({})", daemons.display()), &error))?;
        let environment = environment::of(&settings, watched)?;
        let several = !settings
            .get::<Instances>()?
            .multi_instance_directories
            .is_empty();
        // Lines of this mail system bear its name, whoever called.
        if let Some(tag) = environment.get(std::ffi::OsStr::new("MAIL_LOGTAG")) {
            sys::process::set_environment("MAIL_LOGTAG", tag)
                .map_err(|error| Fatal::io("set environment", &error))?;
        }
        Ok(Self {
            settings,
            directories,
            several,
            environment,
            watched,
        })
    }

    /// The queue directory.
    pub(crate) fn queue(&self) -> &Path {
        Path::new(&self.directories.queue_directory)
    }

    /// Whether this is one of the other mail systems of the stock one, which looks after the shared files.
    pub(crate) fn is_secondary(&self) -> bool {
        let own = self.settings.directory();
        if own == Path::new(config::DEFAULT_DIRECTORY) {
            return false;
        }
        let stock = Loader::new("postfix").directory(config::DEFAULT_DIRECTORY);
        let others = stock.load().and_then(|stock| stock.get::<Instances>());
        others.is_ok_and(|others| {
            let mut known = others.multi_instance_directories.iter();
            known.any(|directory| Path::new(directory) == own)
        })
    }

    /// The process id of the running master; `None` when none runs.
    pub(crate) fn master(&self) -> Result<Option<i32>, Fatal> {
        let path = self
            .queue()
            .join(&self.directories.process_id_directory)
            .join("master.pid");
        running(&path).map_err(|error| Fatal::io(format_args!("open {}", path.display()), &error))
    }

    /// A program with the environment that tells it which mail system it is for, run in the queue directory.
    pub(crate) fn program(&self, path: impl Into<PathBuf>) -> Command {
        let mut program = Command::new(path.into());
        program.env_clear().envs(&self.environment);
        if self.queue().is_dir() {
            program.current_dir(self.queue());
        }
        program
    }

    /// A program of daemon_directory.
    pub(crate) fn daemon(&self, name: &str) -> Command {
        let mut program = self.program(Path::new(&self.directories.daemon_directory).join(name));
        program.args(std::iter::repeat_n("-v", self.watched.verbose));
        program
    }

    /// A program of command_directory.
    pub(crate) fn tool(&self, name: &str) -> Command {
        self.program(Path::new(&self.directories.command_directory).join(name))
    }

    /// Set parameters in main.cf.
    pub(crate) fn edit(&self, assignments: &[String]) -> Result<(), Fatal> {
        let mut postconf = self.tool("postconf");
        postconf.arg("-c").arg(self.settings.directory()).arg("-e");
        let status = postconf
            .args(assignments)
            .status()
            .map_err(|error| Fatal::io("postconf", &error))?;
        if status.success() {
            Ok(())
        } else {
            Err(Fatal::new(format!("postconf -e: {status}")))
        }
    }

    /// `postfix /path arguments`: run a program as those of the mail system are run.
    pub(crate) fn run_program(
        &self,
        program: &OsString,
        arguments: &[OsString],
    ) -> Result<ExitCode, Fatal> {
        let error = self.program(program).args(arguments).exec();
        Err(Fatal::io(program.to_string_lossy(), &error))
    }

    /// Leave the command to the program that goes through all mail systems of the machine (postfix-wrapper(5)).
    pub(crate) fn hand_to_wrapper(&self, arguments: &[OsString]) -> Result<ExitCode, Fatal> {
        let wrapper = self.settings.get::<Instances>()?.multi_instance_wrapper;
        let mut words = wrapper.split_ascii_whitespace();
        let Some(program) = words.next() else {
            return Err(Fatal::new(
                "multi-instance support is requested, but multi_instance_wrapper is empty",
            ));
        };
        let error = self.program(program).args(words).args(arguments).exec();
        Err(Fatal::io(program, &error))
    }

    /// Log under the name of one of the reference's scripts from here on.
    pub(crate) fn log_as(&self, process: &str) -> Result<(), Fatal> {
        Ok(tell::open(&self.settings, process)?)
    }
}

/// Whether queue and configuration are the caller's own, so that no rights are needed.
fn belongs_to_caller(directories: &Directories, configuration: &Path) -> bool {
    let uid = sys::rights::effective_ids().0;
    let own = |path: &Path| fs::metadata(path).is_ok_and(|found| found.uid() == uid);
    let queue = Path::new(&directories.queue_directory);
    if queue.exists() {
        own(queue)
    } else {
        own(configuration)
    }
}

/// Who holds the lock on master's pid file.
fn running(path: &Path) -> io::Result<Option<i32>> {
    let file = match OpenOptions::new().read(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if lock::try_flock(file.as_fd(), lock::Mode::Shared)? {
        return Ok(None);
    }
    Ok(fs::read_to_string(path)?.trim().parse().ok())
}
