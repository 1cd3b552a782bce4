//! The start of a daemon, from its command line to the jail.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use config::params::core as params;
use config::{Loader, Settings};
use sys::rights::Jail;

use crate::limits::{Limits, Shape};
use crate::options::Options;
use crate::{Fatal, debugger};

/// The first descriptor of the flow pipe, the status channel, and the first listening socket, as master numbers them.
const FLOW_READ: i32 = 3;
const FLOW_WRITE: i32 = 4;
pub(crate) const STATUS: i32 = 5;
pub(crate) const LISTEN: i32 = 6;

/// What a daemon has while it opens what it needs: its settings and, still, its rights.
pub struct Start {
    /// main.cf with the service's own overrides.
    pub settings: Settings,
    /// The program's name, such as `smtpd`.
    pub process_name: String,
    /// The service's name in master.cf, such as `submission`.
    pub service_name: String,
    /// What follows the options on the command line (pipe, spawn).
    pub arguments: Vec<String>,
    /// Whether the daemon will be in a jail, where files cannot be opened later.
    pub jailed: bool,
    /// Whether one client is served on standard input and output (`-S`).
    pub standard: bool,
    /// Whether the suite runs without root: nothing changes its identity.
    pub rootless: bool,
    /// The pipe of in-flow tokens; `None` for a program that master did not start.
    pub flow: Option<Flow>,
}

/// The two ends of the in-flow pipe: the queue manager puts a byte for each message it takes, cleanup takes one for
/// each message it makes.
pub struct Flow {
    /// Where tokens are taken.
    pub read: OwnedFd,
    /// Where tokens are put.
    pub write: OwnedFd,
}

pub(crate) struct Prepared {
    pub(crate) options: Options,
    pub(crate) limits: Limits,
    pub(crate) start: Start,
    queue_directory: PathBuf,
    owner: Option<(u32, u32)>,
}

impl Prepared {
    /// Options, settings, log, queue folder.
    pub(crate) fn new(name: &'static str, shape: Shape) -> Result<Self, Fatal> {
        maillog::open_early(name);
        sys::process::umask(0o077);
        let process_name = process_name(name);
        let options = Options::parse(&process_name, std::env::args().skip(1))?;
        let mut loader = Loader::new(&process_name).service(&options.service);
        for assignment in &options.overrides {
            loader = loader.set(assignment)?;
        }
        let settings = loader.load()?;
        config::open_log(&settings, &process_name, options.to_stderr)?;
        maillog::set_verbose(options.verbose);
        show_addresses(&settings)?;
        sys::time::load_zone();
        let queue_directory = PathBuf::from(settings.get::<params::Directories>()?.queue_directory);
        std::env::set_current_dir(&queue_directory).map_err(|error| {
            Fatal::io(
                format_args!("change to {}", queue_directory.display()),
                &error,
            )
        })?;
        let limits = Limits::new(&settings, &options, shape)?;
        let root = sys::rights::is_root();
        let owner = if root && options.drop_rights {
            let owner = config::mail_owner(&settings)?;
            Some((owner.uid, owner.gid))
        } else {
            None
        };
        let start = Start {
            process_name,
            service_name: options.service.clone(),
            arguments: options.arguments.clone(),
            jailed: root && options.chroot,
            standard: options.standard,
            rootless: !root,
            flow: if options.standard { None } else { flow() },
            settings,
        };
        let prepared = Self {
            options,
            limits,
            start,
            queue_directory,
            owner,
        };
        prepared.describe();
        if prepared.options.debug {
            debugger::run(&prepared.start.settings)?;
        }
        Ok(prepared)
    }

    /// What this process was started with, for `-v`.
    fn describe(&self) {
        let (options, limits) = (&self.options, &self.limits);
        maillog::verbose!(1, "service {} of type {}", options.service, options.kind);
        maillog::verbose!(
            1,
            "configuration {}",
            self.start.settings.directory().display()
        );
        maillog::verbose!(
            1,
            "queue directory {}, chroot {}",
            self.queue_directory.display(),
            self.start.jailed
        );
        maillog::verbose!(1, "user and group after start {:?}", self.owner);
        maillog::verbose!(
            1,
            "clients at once {}, in all {}, idle for {:?}",
            limits.places,
            limits.uses,
            limits.idle
        );
        for assignment in &options.overrides {
            maillog::verbose!(1, "override {assignment}");
        }
    }

    /// Give up what the service does not have. The one place where a daemon does so.
    pub(crate) fn enter_jail(&self) -> Result<(), Fatal> {
        let root = self.start.jailed.then_some(self.queue_directory.as_path());
        if self.start.standard && root.is_none() && self.owner.is_none() {
            // A user's own server keeps the user's rights, and must be able to run the set-group-id postdrop.
            return Ok(());
        }
        let jail = Jail {
            root,
            ids: self.owner,
        };
        jail.enter()
            .map_err(|error| Fatal::io("give up rights", &error))
    }
}

/// The form of addresses in log lines. A mistake in it is no reason to stop the mail.
fn show_addresses(settings: &Settings) -> Result<(), Fatal> {
    let text = settings.get::<params::Logging>()?.info_log_address_format;
    match mail::logged::Form::parse(&text) {
        Some(form) => form.set(),
        None => maillog::warning!(
            "info_log_address_format = {text}: expected external or internal; using external"
        ),
    }
    Ok(())
}

/// The name under which the program was called, which tells smtp from lmtp.
fn process_name(fallback: &str) -> String {
    let path = std::env::args_os().next().map(PathBuf::from);
    let name = path
        .as_deref()
        .and_then(Path::file_name)
        .and_then(|n| n.to_str());
    name.filter(|n| !n.is_empty())
        .unwrap_or(fallback)
        .to_owned()
}

fn flow() -> Option<Flow> {
    let read = sys::descriptor::inherited(FLOW_READ).ok()?;
    let write = sys::descriptor::inherited(FLOW_WRITE).ok()?;
    Some(Flow { read, write })
}
