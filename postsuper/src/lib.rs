//! postsuper(1) - maintenance of the queue.
//!
//! Reads the command line, becomes the mail owner inside the queue directory, repairs the structure when asked (`-s`, `-S`,
//! `-p`), then deletes, requeues, holds, releases and expires messages. Safe beside a running queue manager: every step is
//! one rename, one unlink or one change of mode, and a message that moves meanwhile is looked for again. Never opens a
//! queue file. Logs one line for each named message, a warning for each that could not be dealt with, and a summary, also
//! to standard error.

mod all;
mod message;
mod options;
mod rename;
mod structure;
mod tally;

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::process::ExitCode;

use command::Fatal;
use config::{Settings, params};
use mail::QueueId;
use queue::{Folder, Layout};

use crate::message::Messages;
use crate::options::{Action, Options, Request, Which};

const NAME: &str = "postsuper";

/// Run the command; what goes wrong is logged.
#[must_use]
pub fn run() -> ExitCode {
    command::stderr_log(NAME);
    match maintain() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => fatal.report(),
    }
}

fn maintain() -> Result<(), Fatal> {
    let options = Options::parse(std::env::args_os().skip(1)).map_err(Fatal::new)?;
    maillog::set_verbose(options.verbose);
    let settings = command::settings(NAME, options.config_directory.clone())?;
    let site = Site::read(&settings)?;
    site.become_mail_owner()?;
    let directory = &site.queue_directory;
    std::env::set_current_dir(directory)
        .map_err(|error| Fatal::io(format_args!("chdir {}", directory.display()), &error))?;

    if options.structure.any() {
        let renamed = structure::maintain(
            &site.layout,
            site.long_ids,
            options.structure,
            &options.folders,
        )?;
        report_renamed(renamed, !options.requests.is_empty())?;
    }
    let mut messages = Messages::new(&site.layout);
    for request in &options.requests {
        act(&mut messages, request, &options.folders)?;
    }
    messages.tally().report(&options.requests);
    Ok(())
}

/// Tell of changed names. Whoever named messages may mean others than bear these names now, so nothing is done to them.
fn report_renamed(renamed: usize, messages_are_named: bool) -> Result<(), Fatal> {
    const CHANGED: &str = "QUEUE FILE NAMES WERE CHANGED TO MATCH INODE NUMBERS";
    if renamed == 0 {
        return Ok(());
    }
    if messages_are_named {
        maillog::error!("{CHANGED}");
        return Err(Fatal::new("CHECK YOUR QUEUE IDS AND RE-ISSUE THE COMMAND"));
    }
    tally::log_count("Renamed to match inode number", renamed);
    maillog::warning!("{CHANGED}");
    Ok(())
}

/// Carry out one option of the command line.
fn act(messages: &mut Messages<'_>, request: &Request, named: &[Folder]) -> Result<(), Fatal> {
    let folders = request.folders(named);
    match &request.which {
        Which::All => {
            if request.action == Action::Delete {
                all::delete(messages, &folders, named.is_empty())?;
            } else {
                all::act(messages, request.action, &folders)?;
            }
        }
        Which::Input => {
            for line in io::stdin().lock().split(b'\n') {
                let line = line.map_err(|error| Fatal::io("read stdin", &error))?;
                let name = String::from_utf8_lossy(&line).replace('\u{FFFD}', "?");
                act_on_name(messages, request, &folders, &name);
            }
        }
        Which::One(name) => act_on_name(messages, request, &folders, name),
    }
    Ok(())
}

fn act_on_name(messages: &mut Messages<'_>, request: &Request, folders: &[Folder], name: &str) {
    if let Some(id) = QueueId::new(name) {
        messages.act_on_id(request.action, folders, &id);
    } else {
        maillog::warning!("invalid mail queue id: {name}");
    }
}

/// What the command needs to know about this mail system.
struct Site {
    queue_directory: PathBuf,
    owner: sys::users::Account,
    layout: Layout,
    long_ids: bool,
}

fn unknown_owner(settings: &Settings, owner: &str) -> Fatal {
    let file = settings.directory().join("main.cf");
    Fatal::new(format!(
        "file {}: parameter mail_owner: unknown user name value: {owner}",
        file.display()
    ))
}

impl Site {
    fn read(settings: &Settings) -> Result<Self, Fatal> {
        let owner = settings.get::<params::core::Identity>()?.mail_owner;
        let account = sys::users::by_name(&owner)
            .map_err(|error| Fatal::io(format_args!("look up mail_owner {owner}"), &error))?;
        let folders: params::queue::Folders = settings.get()?;
        if folders
            .hash_queue_names
            .iter()
            .any(|name| name == Folder::Maildrop.name())
        {
            return Err(Fatal::new("maildrop queue must not be hashed"));
        }
        let hashed = folders.hash_queue_names.iter().map(String::as_str);
        Ok(Self {
            queue_directory: settings
                .get::<params::core::Directories>()?
                .queue_directory
                .into(),
            owner: account.ok_or_else(|| unknown_owner(settings, &owner))?,
            layout: Layout::new(hashed, folders.hash_queue_depth),
            long_ids: folders.enable_long_queue_ids,
        })
    }

    /// From here on files are made and changed as their owner would. Only root and, in a rootless system, the owner may.
    fn become_mail_owner(&self) -> Result<(), Fatal> {
        let (uid, _) = sys::rights::real_ids();
        if uid == 0 {
            let jail = sys::rights::Jail {
                root: None,
                ids: Some((self.owner.uid, self.owner.gid)),
            };
            jail.enter()
                .map_err(|error| Fatal::io(format_args!("become {}", self.owner.name), &error))
        } else if uid == self.owner.uid {
            Ok(())
        } else {
            Err(Fatal::new(
                "use of this command is reserved for the superuser",
            ))
        }
    }
}
