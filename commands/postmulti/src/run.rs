//! `-p` and `-x`: a command for each instance.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};

use command::Fatal;

use crate::family::Family;
use crate::instance::Instance;
use crate::options::Request;

/// What a postfix(1) command means for instances that are not enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// They are looked at instead.
    Start,
    /// They are left out, and the last instance comes first.
    Stop,
    /// They are left out.
    Control,
    /// They take part.
    Other,
}

/// `-p`: postfix(1) for each, as its wrapper (postfix-wrapper(5)).
pub(crate) fn postfix(family: &Family, request: &Request) -> Result<ExitCode, Fatal> {
    let kind = kind(family, request.command.first());
    let mut instances = family.selected(request);
    if matches!(kind, Kind::Stop | Kind::Control) {
        instances.retain(|instance| instance.enabled);
    }
    if kind == Kind::Stop {
        instances.reverse();
    }
    for_each(family, &instances, request, |instance| {
        let mut program = family.tool("postfix");
        program.args(["-c", &instance.config]);
        program.args(std::iter::repeat_n("-v", usize::from(request.verbose)));
        if kind == Kind::Start && !instance.enabled {
            program.arg("check");
        } else {
            program.args(&request.command);
        }
        program
    })
}

/// `-x`: any command for each.
pub(crate) fn command(family: &Family, request: &Request) -> Result<ExitCode, Fatal> {
    let (name, arguments) = match request.command.as_slice() {
        [name, arguments @ ..] => (name.as_os_str(), arguments),
        [] => (OsStr::new(""), &[][..]),
    };
    for_each(family, &family.selected(request), request, |_| {
        let mut program = Command::new(name);
        program.args(arguments);
        program
    })
}

fn kind(family: &Family, word: Option<&OsString>) -> Kind {
    let word = word.map(|word| word.to_string_lossy()).unwrap_or_default();
    let lists = [
        (&family.shared.postmulti_start_commands, Kind::Start),
        (&family.shared.postmulti_stop_commands, Kind::Stop),
        (&family.shared.postmulti_control_commands, Kind::Control),
    ];
    lists
        .into_iter()
        .find(|(words, _)| words.iter().any(|listed| *listed == *word))
        .map_or(Kind::Other, |(_, kind)| kind)
}

/// Run a program for each; one that fails does not keep the others from running.
fn for_each(
    family: &Family,
    instances: &[&Instance],
    request: &Request,
    program: impl Fn(&Instance) -> Command,
) -> Result<ExitCode, Fatal> {
    if instances.is_empty() {
        return Err(Fatal::new("No matching instances"));
    }
    let mut code = ExitCode::SUCCESS;
    for instance in instances {
        let mut program = program(instance);
        surround(&mut program, family, instance, request.verbose);
        match program.status() {
            Ok(status) if status.success() => {}
            Ok(_) => code = ExitCode::FAILURE,
            Err(error) => {
                let name = program.get_program().to_string_lossy().into_owned();
                maillog::fatal!("execvp {name}: {}", sys::reason(&error));
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

/// The environment of a command for one instance.
pub(crate) fn surround(program: &mut Command, family: &Family, instance: &Instance, verbose: u8) {
    let shared = &family.directories;
    let enabled = if instance.enabled { "yes" } else { "no" };
    program
        .env("MAIL_CONFIG", &instance.config)
        .env("command_directory", &shared.command_directory)
        .env("daemon_directory", &shared.daemon_directory)
        .env("config_directory", &instance.config)
        .env("queue_directory", &instance.queue)
        .env("data_directory", &instance.data)
        .env("multi_instance_name", &instance.name)
        .env("multi_instance_group", &instance.group)
        .env("multi_instance_enable", enabled)
        .env("PATH", path(&shared.command_directory))
        // Each program logs by the name of its own instance.
        .env_remove("MAIL_LOGTAG");
    if verbose > 0 {
        program.env("MAIL_VERBOSE", "");
    }
}

/// The commands of the mail system come first.
fn path(commands: &str) -> OsString {
    let mut path = OsString::from(commands);
    if let Some(old) = std::env::var_os("PATH").filter(|old| !old.is_empty()) {
        path.push(":");
        path.push(old);
    }
    path
}
