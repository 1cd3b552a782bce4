//! The mail system that the command is about: its directories, and its master process.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use command::Fatal;
use config::Settings;
use config::params::core::Directories;
use config::params::instances::Instances;
use sys::lock;

use crate::owners;

/// One mail system.
pub(crate) struct Instance {
    pub(crate) settings: Settings,
    pub(crate) directories: Directories,
    pub(crate) several: bool,
    verbose: usize,
    debug: bool,
}

impl Instance {
    /// Find the mail system, and refuse users that it does not belong to.
    pub(crate) fn open(settings: Settings, verbose: usize, debug: bool) -> Result<Self, Fatal> {
        let directories: Directories = settings.get()?;
        if owners::is_rootless() && !belongs_to_caller(&directories, settings.directory()) {
            maillog::error!("to submit mail, use the Postfix sendmail command");
            return Err(Fatal::new(
                "the postfix command is reserved for the superuser",
            ));
        }
        let several = !settings
            .get::<Instances>()?
            .multi_instance_directories
            .is_empty();
        Ok(Self {
            settings,
            directories,
            several,
            verbose,
            debug,
        })
    }

    /// The queue directory.
    pub(crate) fn queue(&self) -> &Path {
        Path::new(&self.directories.queue_directory)
    }

    /// The process id of the running master; `None` when none runs.
    pub(crate) fn master(&self) -> Result<Option<i32>, Fatal> {
        let path = self
            .queue()
            .join(&self.directories.process_id_directory)
            .join("master.pid");
        running(&path).map_err(|error| Fatal::io(format_args!("open {}", path.display()), &error))
    }

    /// A program of the suite, with the environment that tells it which mail system it is for.
    pub(crate) fn program(&self, directory: &str, name: &str) -> Command {
        let mut program = Command::new(PathBuf::from(directory).join(name));
        program.env("MAIL_CONFIG", self.settings.directory());
        if let Ok(Some(name)) = self.settings.text("syslog_name") {
            program.env("MAIL_LOGTAG", name);
        }
        if self.verbose > 0 {
            program.env("MAIL_VERBOSE", "");
        }
        if self.debug {
            program.env("MAIL_DEBUG", "");
        }
        program
    }

    /// A program of daemon_directory.
    pub(crate) fn daemon(&self, name: &str) -> Command {
        let mut program = self.program(&self.directories.daemon_directory, name);
        program.args(std::iter::repeat_n("-v", self.verbose));
        program
    }

    /// A program of command_directory, run in the queue directory.
    pub(crate) fn tool(&self, name: &str) -> Command {
        let mut program = self.program(&self.directories.command_directory, name);
        program.current_dir(self.queue());
        program
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
