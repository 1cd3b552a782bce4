//! postsuper(1) - maintenance of the queue.
//!
//! Reads the command line, becomes the mail owner inside the queue directory, repairs the structure when asked (`-s`, `-S`,
//! `-p`), then deletes, requeues, holds, releases and expires messages. Safe beside a running queue manager: every step is
//! one rename, one unlink or one change of mode, and a message that moves meanwhile is looked for again. Never opens a
//! queue file. Logs one line for each named message, and a summary, also to standard error.

mod message;
mod options;
mod structure;
mod tally;

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::process::ExitCode;

use config::{Loader, Settings};
use mail::QueueId;
use queue::{Folder, Layout, Scan};

use crate::message::Messages;
use crate::options::{Options, Request, Which};

/// Run the command; what goes wrong is logged.
pub fn run() -> ExitCode {
    maillog::open(maillog::Options {
        tag: "postsuper".to_owned(),
        destination: maillog::Destination::Stderr,
        to_stderr: false,
    });
    match maintain() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            maillog::fatal!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn maintain() -> Result<(), String> {
    let options = Options::parse(std::env::args_os().skip(1))?;
    maillog::set_verbose(options.verbose);
    let mut loader = Loader::new("postsuper");
    if let Some(directory) = &options.config_directory {
        loader = loader.directory(directory);
    }
    let settings = loader.load().map_err(|error| error.to_string())?;
    let site = Site::read(&settings)?;
    open_log(&settings, &site)?;
    site.become_mail_owner()?;
    std::env::set_current_dir(&site.queue_directory)
        .map_err(|error| format!("chdir {}: {error}", site.queue_directory.display()))?;

    let mut messages = Messages::new(&site.layout);
    if options.structure.any() {
        structure::maintain(
            &site.layout,
            site.long_ids,
            options.structure,
            &options.folders,
        )?;
    }
    for request in &options.requests {
        act(&mut messages, request, &options.folders)?;
    }
    messages.tally().report(&options.requests);
    Ok(())
}

/// Carry out one option of the command line.
fn act(messages: &mut Messages<'_>, request: &Request, folders: &[Folder]) -> Result<(), String> {
    let folders = request.folders(folders);
    match &request.which {
        Which::All => {
            for &folder in &folders {
                let scan = Scan::new(folder).map_err(|error| format!("scan {folder}: {error}"))?;
                for found in scan {
                    let found = found.map_err(|error| format!("scan {folder}: {error}"))?;
                    messages.act_on_found(request.action, folder, &found)?;
                }
            }
        }
        Which::Input => {
            for line in io::stdin().lock().lines() {
                let line = line.map_err(|error| format!("read stdin: {error}"))?;
                act_on_name(messages, request, &folders, line.trim())?;
            }
        }
        Which::One(name) => act_on_name(messages, request, &folders, name)?,
    }
    Ok(())
}

fn act_on_name(
    messages: &mut Messages<'_>,
    request: &Request,
    folders: &[Folder],
    name: &str,
) -> Result<(), String> {
    if let Some(id) = QueueId::new(name) {
        messages.act_on_id(request.action, folders, &id)
    } else {
        maillog::warning!("invalid mail queue id: {name}");
        Ok(())
    }
}

/// What the command needs to know about this mail system.
struct Site {
    queue_directory: PathBuf,
    owner: sys::users::Account,
    layout: Layout,
    long_ids: bool,
}

impl Site {
    fn read(settings: &Settings) -> Result<Self, String> {
        let owner = setting(settings, "mail_owner")?;
        let account = sys::users::by_name(&owner).map_err(|error| error.to_string())?;
        let hashed = setting(settings, "hash_queue_names")?;
        let depth = setting(settings, "hash_queue_depth")?;
        Ok(Self {
            queue_directory: setting(settings, "queue_directory")?.into(),
            owner: account.ok_or_else(|| format!("unknown mail_owner: {owner}"))?,
            layout: Layout::new(text::token::words(&hashed), depth.parse().unwrap_or(1)),
            long_ids: setting(settings, "enable_long_queue_ids")?.eq_ignore_ascii_case("yes"),
        })
    }

    /// From here on files are made and changed as their owner would. Only root and, in a rootless system, the owner may.
    fn become_mail_owner(&self) -> Result<(), String> {
        let (uid, _) = sys::rights::real_ids();
        if uid == 0 {
            let jail = sys::rights::Jail {
                root: None,
                ids: Some((self.owner.uid, self.owner.gid)),
            };
            jail.enter()
                .map_err(|error| format!("become {}: {error}", self.owner.name))
        } else if uid == self.owner.uid {
            Ok(())
        } else {
            Err("use of this command is reserved for the superuser".to_owned())
        }
    }
}

fn open_log(settings: &Settings, site: &Site) -> Result<(), String> {
    let file = setting(settings, "maillog_file")?;
    let destination = if file.is_empty() {
        maillog::Destination::Syslog {
            socket: "/dev/log".into(),
            facility: setting(settings, "syslog_facility")?,
        }
    } else {
        maillog::Destination::Postlog {
            socket: site.queue_directory.join("public/postlog"),
            fallback: Some(file.into()),
        }
    };
    maillog::open(maillog::Options {
        tag: format!("{}/postsuper", setting(settings, "syslog_name")?),
        destination,
        to_stderr: true,
    });
    Ok(())
}

fn setting(settings: &Settings, name: &str) -> Result<String, String> {
    let value = settings.text(name).map_err(|error| error.to_string())?;
    Ok(value.unwrap_or_default())
}
