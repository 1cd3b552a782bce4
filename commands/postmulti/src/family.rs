//! All instances: the primary one, and those that its main.cf lists, in the order in which they start.

use std::path::{Path, PathBuf};
use std::process::Command;

use command::Fatal;
use config::params::core::Directories;
use config::params::instances::Instances;
use config::{DEFAULT_DIRECTORY, Loader, Settings};

use crate::instance::Instance;
use crate::options::{Request, Selection, trimmed};
use crate::tell;

/// What is known of the instances before anything is done.
pub(crate) struct Family {
    pub(crate) settings: Settings,
    pub(crate) primary: Instance,
    pub(crate) secondary: Vec<Instance>,
    pub(crate) shared: Instances,
    pub(crate) directories: Directories,
}

impl Family {
    /// Read every main.cf, and refuse instances that share what each must have alone.
    pub(crate) fn open() -> Result<Self, Fatal> {
        if let Some(chosen) = std::env::var_os("MAIL_CONFIG")
            && Path::new(&chosen) != Path::new(DEFAULT_DIRECTORY)
        {
            let chosen = chosen.to_string_lossy();
            return Err(Fatal::new(format!(
                "Non-default configuration directory: MAIL_CONFIG={chosen}"
            )));
        }
        let settings = Loader::new("postmulti").load()?;
        tell::open(&settings, "postmulti")?;
        for warning in settings.warnings() {
            maillog::warning!("{warning}");
        }
        let shared: Instances = settings.get()?;
        let mut family = Self {
            primary: Instance::of(DEFAULT_DIRECTORY, &settings)?,
            secondary: Vec::new(),
            directories: settings.get()?,
            shared,
            settings,
        };
        for listed in family.shared.multi_instance_directories.iter() {
            let directory = trimmed(listed);
            if family.all().any(|other| other.config == directory) {
                maillog::warning!("multi_instance_directories lists {directory} more than once");
                continue;
            }
            let instance = Instance::read(&directory)?;
            family.refuse_conflict(&instance)?;
            family.secondary.push(instance);
        }
        if family.secondary.is_empty() {
            // Without others nobody asks whether the only one takes part.
            family.primary.enabled = true;
        }
        Ok(family)
    }

    /// All of them, the primary one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Instance> {
        std::iter::once(&self.primary).chain(&self.secondary)
    }

    pub(crate) fn is_primary(&self, instance: &Instance) -> bool {
        instance.config == self.primary.config
    }

    /// An instance that has the name or a directory of another one.
    pub(crate) fn refuse_conflict(&self, instance: &Instance) -> Result<(), Fatal> {
        let others = self.all().filter(|other| other.config != instance.config);
        for other in others.chain([instance]) {
            if let Some((parameter, theirs, value)) = instance.conflict(other) {
                return Err(Fatal::new(format!(
                    "instance {}, {parameter}={value} conflicts with instance {}, {theirs}={value}",
                    instance.config, other.config
                )));
            }
        }
        Ok(())
    }

    /// Those that `-a`, `-g` or `-i` select, in the order of `-R`.
    pub(crate) fn selected(&self, request: &Request) -> Vec<&Instance> {
        let mut selected: Vec<&Instance> = self
            .all()
            .filter(|instance| self.matches(instance, &request.selection))
            .collect();
        if request.reverse {
            selected.reverse();
        }
        selected
    }

    /// The one that `-i` names.
    pub(crate) fn named(&self, name: &str) -> Result<&Instance, Fatal> {
        let selection = Selection::Name(name.to_owned());
        self.all()
            .find(|instance| self.matches(instance, &selection))
            .ok_or_else(|| Fatal::new(format!("No instance named {name}")))
    }

    pub(crate) fn matches(&self, instance: &Instance, selection: &Selection) -> bool {
        match selection {
            Selection::Unsaid | Selection::All => true,
            Selection::Group(group) => !group.is_empty() && instance.group == *group,
            Selection::Name(name) if name == "-" => self.is_primary(instance),
            Selection::Name(name) => instance.is_called(name),
        }
    }

    /// A command of the suite.
    pub(crate) fn tool(&self, name: &str) -> Command {
        Command::new(self.tool_path(name))
    }

    pub(crate) fn tool_path(&self, name: &str) -> PathBuf {
        Path::new(&self.directories.command_directory).join(name)
    }
}
