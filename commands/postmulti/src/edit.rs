//! `-e`: changes of what instances there are, and of what they are called.
//!
//! Every change of a main.cf is one call of postconf(1), and the list in the primary main.cf is changed last where an
//! instance comes and first where one goes: what is listed is always there.

use std::process::ExitCode;

use command::Fatal;

use crate::family::Family;
use crate::files;
use crate::instance::Instance;
use crate::options::{Action, Request, Selection};
use crate::{run, tell};

const WRAPPER: &str = "multi_instance_wrapper=${command_directory}/postmulti -p --";

/// Do what `-e` says.
pub(crate) fn change(
    family: &Family,
    request: &Request,
    action: Action,
) -> Result<ExitCode, Fatal> {
    match action {
        Action::Init => init(family)?,
        Action::Create | Action::Import => add(family, request, action)?,
        Action::Destroy => destroy(family, removable(family, request)?)?,
        Action::Deport => deport(family, removable(family, request)?)?,
        Action::Enable => enable(family, request, "yes")?,
        Action::Disable => enable(family, request, "no")?,
        Action::Assign => assign(family, request)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// From here on the log has the name that the reference's script has.
fn begin(family: &Family) -> Result<(), Fatal> {
    tell::open(&family.settings, "postmulti-script")?;
    Ok(())
}

fn init(family: &Family) -> Result<(), Fatal> {
    begin(family)?;
    set(
        family,
        &family.primary.config,
        &[WRAPPER, "multi_instance_enable=yes"],
    )
}

/// Whether there is a manager of instances at all.
fn need_init(family: &Family) -> Result<(), Fatal> {
    begin(family)?;
    let missing = |what: &str| Fatal::new(format!("{what}, run 'postmulti -e init' first."));
    if family.shared.multi_instance_wrapper.is_empty() {
        return Err(missing("multi_instance_wrapper is empty"));
    }
    if !family.shared.multi_instance_enable {
        return Err(missing("multi_instance_enable!=yes"));
    }
    Ok(())
}

/// Change main.cf of an instance.
fn set(family: &Family, directory: &str, assignments: &[&str]) -> Result<(), Fatal> {
    let mut postconf = family.tool("postconf");
    postconf.args(["-c", directory, "-e"]).args(assignments);
    let failed = |why: String| Fatal::new(format!("cannot change {directory}/main.cf: {why}"));
    match postconf.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(format!("postconf: {status}"))),
        Err(error) => Err(failed(sys::reason(&error))),
    }
}

fn target<'a>(family: &'a Family, request: &Request) -> Result<&'a Instance, Fatal> {
    match &request.selection {
        Selection::Name(name) => family.named(name),
        Selection::Unsaid | Selection::All | Selection::Group(_) => {
            Err(Fatal::new(crate::usage::SELECT))
        }
    }
}

/// An instance that may leave the list.
fn removable<'a>(family: &'a Family, request: &Request) -> Result<&'a Instance, Fatal> {
    let instance = target(family, request)?;
    if family.is_primary(instance) {
        return Err(Fatal::new("Cannot remove the primary instance"));
    }
    if instance.enabled {
        return Err(Fatal::new("Cannot remove enabled instances"));
    }
    Ok(instance)
}

fn enable(family: &Family, request: &Request, word: &str) -> Result<(), Fatal> {
    let instance = target(family, request)?;
    need_init(family)?;
    let setting = format!("multi_instance_enable={word}");
    set(family, &instance.config, &[&setting])
}

fn assign(family: &Family, request: &Request) -> Result<(), Fatal> {
    let mut instance = target(family, request)?.clone();
    rename(&mut instance, request);
    family.refuse_conflict(&instance)?;
    need_init(family)?;
    store_name(family, &instance, request)
}

fn rename(instance: &mut Instance, request: &Request) {
    if let Some(name) = &request.name {
        instance.name.clone_from(name);
    }
    if let Some(group) = &request.group {
        instance.group.clone_from(group);
    }
}

/// Put name and group into the instance's main.cf, as far as the command line says.
fn store_name(family: &Family, instance: &Instance, request: &Request) -> Result<(), Fatal> {
    let name = request.name.as_ref();
    let group = request.group.as_ref();
    let assignments: Vec<String> = name
        .map(|name| format!("multi_instance_name={name}"))
        .into_iter()
        .chain(group.map(|group| format!("multi_instance_group={group}")))
        .collect();
    let words: Vec<&str> = assignments.iter().map(String::as_str).collect();
    if words.is_empty() {
        return Ok(());
    }
    set(family, &instance.config, &words)
}

/// `-e create` and `-e import`.
fn add(family: &Family, request: &Request, action: Action) -> Result<(), Fatal> {
    let name = request.name.as_deref().unwrap_or_default();
    let given = &request.directories;
    let find = |given: &Option<String>, primary: &str, parameter: &str| {
        given
            .clone()
            .or_else(|| Instance::beside(primary, name))
            .ok_or_else(|| Fatal::new(format!("Missing {parameter} parameter value")))
    };
    let primary = &family.primary;
    let config = find(&given.config, &primary.config, "config_directory")?;
    for other in family.all() {
        if let Some(parameter) = other.uses(&config) {
            return Err(Fatal::new(format!(
                "new config_directory={config} is already in use by instance {}, {parameter}={config}",
                other.config
            )));
        }
    }
    let is_there = |file: &str| std::path::Path::new(&config).join(file).is_file();
    let exists = action == Action::Import || (is_there("main.cf") && is_there("master.cf"));
    let mut instance = if exists {
        Instance::read(&config)?
    } else {
        Instance {
            queue: find(&given.queue, &primary.queue, "queue_directory")?,
            data: find(&given.data, &primary.data, "data_directory")?,
            config,
            name: String::new(),
            group: String::new(),
            enabled: false,
        }
    };
    rename(&mut instance, request);
    family.refuse_conflict(&instance)?;
    let list = with_new(family, &instance, &request.selection)?;
    need_init(family)?;
    if !exists {
        files::make(family, &instance, |directory, assignments| {
            set(family, directory, assignments)
        })?;
    }
    store_name(family, &instance, request)?;
    store_lists(
        family,
        &list,
        &alternatives_without(family, &instance.config),
    )?;
    make_directories(family, &instance)
}

/// The list of secondary instances with a new one at its place.
fn with_new(family: &Family, new: &Instance, place: &Selection) -> Result<Vec<String>, Fatal> {
    let mut list: Vec<String> = names_of(&family.secondary);
    let at = match place {
        Selection::Unsaid => Some(list.len()),
        Selection::All => Some(0),
        Selection::Group(_) | Selection::Name(_) => family
            .secondary
            .iter()
            .position(|instance| family.matches(instance, place)),
    };
    let at = at.ok_or_else(|| Fatal::new("No matching secondary instances"))?;
    list.insert(at, new.config.clone());
    Ok(list)
}

fn names_of(instances: &[Instance]) -> Vec<String> {
    instances
        .iter()
        .map(|instance| instance.config.clone())
        .collect()
}

fn without(family: &Family, gone: &Instance) -> Vec<String> {
    let mut list = names_of(&family.secondary);
    list.retain(|config| *config != gone.config);
    list
}

/// Other directories that set-gid commands may be told to use.
fn alternatives_without(family: &Family, directory: &str) -> Option<Vec<String>> {
    let listed = family.settings.set("alternate_config_directories")?;
    let mut words: Vec<String> = listed
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let before = words.len();
    words.retain(|word| word != directory);
    (words.len() < before).then_some(words)
}

/// Change the primary's lists in one step; `None` leaves the alternatives as they are.
fn store_lists(
    family: &Family,
    secondary: &[String],
    alternatives: &Option<Vec<String>>,
) -> Result<(), Fatal> {
    let list = format!("multi_instance_directories={}", secondary.join(" "));
    let mut assignments = vec![list];
    assignments.extend(
        alternatives
            .as_ref()
            .map(|words| format!("alternate_config_directories={}", words.join(" "))),
    );
    let words: Vec<&str> = assignments.iter().map(String::as_str).collect();
    set(family, &family.primary.config, &words)
}

/// Queue and data directory, with owners and modes by the install table, as `postfix check` makes them.
fn make_directories(family: &Family, instance: &Instance) -> Result<(), Fatal> {
    let mut check = family.tool("postfix");
    check.args(["-c", &instance.config, "check"]);
    run::surround(&mut check, family, instance, 0);
    let status = check.status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Fatal::new(format!(
            "instance {} is listed, but \"postfix -c {} check\" fails",
            instance.config, instance.config
        ))),
        Err(error) => Err(Fatal::io(family.tool_path("postfix").display(), &error)),
    }
}

/// Off the list, but still a directory that set-gid commands may be told to use.
fn deport(family: &Family, instance: &Instance) -> Result<(), Fatal> {
    need_init(family)?;
    let listed = family.settings.set("alternate_config_directories");
    let mut words = alternatives_without(family, &instance.config).unwrap_or_else(|| {
        let words = listed.unwrap_or_default().split([',', ' ', '\t', '\n']);
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    });
    words.push(instance.config.clone());
    store_lists(family, &without(family, instance), &Some(words))
}

fn destroy(family: &Family, instance: &Instance) -> Result<(), Fatal> {
    need_init(family)?;
    files::refuse_busy(family, instance)?;
    store_lists(
        family,
        &without(family, instance),
        &alternatives_without(family, &instance.config),
    )?;
    files::remove(family, instance)
}
