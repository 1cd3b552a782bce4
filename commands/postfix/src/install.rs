//! What is done to an installation after its files were put in place: set-permissions, upgrade-configuration, and the words of
//! post-install, which packages and container images call.

use std::process::ExitCode;

use command::Fatal;
use config::Loader;
use config::params::core::Names;
use config::params::instances::Installation;

use crate::instance::{Instance, Watched};
use crate::{create, owners, permissions, tell, upgrade};

/// The parameters that an installation is described by; those that are not in main.cf are written there when one is given.
const PARAMETERS: [&str; 15] = [
    "command_directory",
    "daemon_directory",
    "data_directory",
    "html_directory",
    "mail_owner",
    "mailq_path",
    "manpage_directory",
    "meta_directory",
    "newaliases_path",
    "queue_directory",
    "readme_directory",
    "sample_directory",
    "sendmail_path",
    "setgid_group",
    "shlib_directory",
];

const USAGE: [&str; 8] = [
    "Usage: post-install [name=value] command",
    "    create-missing          Create missing queue directories.",
    "    set-permissions         Set owners and permissions.",
    "    upgrade-configuration   Add what this release needs to main.cf and master.cf.",
    "    upgrade-source          When installing or upgrading from source code.",
    "    upgrade-package         When installing or upgrading from pre-built package.",
    "    first-install-reminder  Remind of mandatory first-time configuration steps.",
    "    name=value              Specify an installation parameter.",
];

/// `postfix post-install [name=value ...] command ...`.
pub(crate) fn run(instance: &Instance, words: &[String]) -> Result<ExitCode, Fatal> {
    let (assignments, commands): (Vec<_>, Vec<_>) =
        words.iter().cloned().partition(|word| word.contains('='));
    let mut steps = Vec::new();
    for command in &commands {
        steps.extend_from_slice(match command.as_str() {
            "create-missing" => &[Step::Create],
            "set-permissions" | "upgrade-permissions" => &[Step::Permissions],
            "upgrade-configuration" => &[Step::Configuration],
            "upgrade-source" | "upgrade-package" => &[Step::Permissions, Step::Configuration],
            "first-install-reminder" => &[Step::Reminder],
            _ => return Ok(usage()),
        });
    }
    if steps.is_empty() {
        return Ok(usage());
    }
    // Whoever only wants folders tells where things are, and has no parameters changed.
    let assignments = if steps == [Step::Create] {
        &[]
    } else {
        assignments.as_slice()
    };
    take(instance, assignments, &steps)
}

/// `postfix set-permissions [name=value ...]` and `postfix upgrade-configuration [name=value ...]`.
pub(crate) fn one(
    instance: &Instance,
    command: &str,
    assignments: &[String],
) -> Result<ExitCode, Fatal> {
    if assignments.iter().any(|word| !word.contains('=')) {
        return Ok(usage());
    }
    let step = if command == "set-permissions" {
        Step::Permissions
    } else {
        Step::Configuration
    };
    take(instance, assignments, &[step])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Create,
    Permissions,
    Configuration,
    Reminder,
}

fn take(instance: &Instance, assignments: &[String], steps: &[Step]) -> Result<ExitCode, Fatal> {
    let changed;
    let instance = if record(instance, assignments)? {
        let directory = Some(instance.settings.directory().to_owned());
        changed = Instance::open(directory, Watched::default())?;
        changed.log_as("postfix-script")?;
        &changed
    } else {
        instance
    };
    for step in steps {
        match step {
            Step::Create => create::missing(instance)?,
            Step::Permissions => permissions::set(instance)?,
            Step::Configuration => upgrade::run(instance)?,
            Step::Reminder => remind(instance)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Write given parameters to main.cf, and with them all others of the installation, so that it does not change again with
/// the stock values of another release.
fn record(instance: &Instance, assignments: &[String]) -> Result<bool, Fatal> {
    if assignments.is_empty() {
        return Ok(false);
    }
    let mut edits = Vec::new();
    for name in PARAMETERS {
        let prefix = format!("{name}=");
        let given = assignments
            .iter()
            .rev()
            .find_map(|word| word.strip_prefix(&prefix));
        match given {
            Some(value) => edits.push(format!("{name} = {value}")),
            None if instance.settings.set(name).is_none() => {
                let value = instance.settings.text(name)?.unwrap_or_default();
                edits.push(format!("{name} = {value}"));
            }
            None => {}
        }
    }
    if edits.is_empty() {
        return Ok(false);
    }
    // With a user or group that is not there, no command would run any more.
    let mut tried = Loader::new("postfix").directory(instance.settings.directory());
    for edit in &edits {
        tried = tried.set(edit)?;
    }
    owners::check_names(&tried.load()?)?;
    instance.edit(&edits)?;
    Ok(true)
}

fn usage() -> ExitCode {
    for line in USAGE {
        eprintln!("{line}");
    }
    ExitCode::FAILURE
}

fn remind(instance: &Instance) -> Result<(), Fatal> {
    let main = instance.settings.directory().join("main.cf");
    let host = instance.settings.get::<Names>()?.myhostname;
    let newaliases = instance.settings.get::<Installation>()?.newaliases_path;
    tell::print(format_args!(
        "This mail system calls itself {host}. Before it gets mail for others, set in {}:",
        main.display()
    ))?;
    tell::print(format_args!(
        "    myorigin        the domain that mail from here bears"
    ))?;
    tell::print(format_args!(
        "    mydestination   the domains whose mail is for users of this machine"
    ))?;
    tell::print(format_args!(
        "    mynetworks      the clients that may send to everybody"
    ))?;
    tell::print(format_args!(
        "Let a person have the mail of root and postmaster: see aliases(5), then run {newaliases}."
    ))?;
    Ok(())
}
