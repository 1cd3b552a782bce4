//! One mail system: where it lives, what it is called.

use std::path::{Path, PathBuf};

use command::Fatal;
use config::params::core::Directories;
use config::params::instances::Instances;
use config::{Loader, Settings};

use crate::options::trimmed;

/// An instance as its main.cf describes it, or will describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) config: String,
    pub(crate) queue: String,
    pub(crate) data: String,
    /// Empty for none, as is the group.
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) enabled: bool,
}

/// Two parameters and the value that they have in common.
pub(crate) type Conflict<'a> = (&'static str, &'static str, &'a str);

impl Instance {
    /// The instance of a configuration directory.
    pub(crate) fn read(directory: &str) -> Result<Self, Fatal> {
        let settings = Loader::new("postmulti").directory(directory).load();
        let instance = settings.and_then(|settings| Self::of(directory, &settings));
        instance.map_err(|error| {
            maillog::error!("{error}");
            Fatal::new(format!(
                "Failed to obtain all required {directory}/main.cf parameters"
            ))
        })
    }

    /// The instance of settings that are loaded.
    pub(crate) fn of(directory: &str, settings: &Settings) -> Result<Self, config::Error> {
        let directories: Directories = settings.get()?;
        let own: Instances = settings.get()?;
        Ok(Self {
            config: directory.to_owned(),
            queue: directories.queue_directory,
            data: directories.data_directory,
            name: own.multi_instance_name,
            group: own.multi_instance_group,
            enabled: own.multi_instance_enable,
        })
    }

    /// Where a new instance lives: what the command line does not say is the primary's directory with its last
    /// component replaced by the new name.
    pub(crate) fn beside(primary: &str, name: &str) -> Option<String> {
        let parent = Path::new(primary).parent().filter(|_| !name.is_empty())?;
        Some(parent.join(name).display().to_string())
    }

    /// Whether `-i` means it.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.config == trimmed(name) || (!name.is_empty() && self.name == name)
    }

    /// What two instances must not have in common: the name, and any directory. The first parameter is ours, the second
    /// the other's, which may be ourselves.
    pub(crate) fn conflict(&self, other: &Self) -> Option<Conflict<'_>> {
        if self != other && !self.name.is_empty() && self.name == other.name {
            let parameter = "multi_instance_name";
            return Some((parameter, parameter, &self.name));
        }
        let own = [
            ("queue_directory", self.queue.as_str()),
            ("data_directory", self.data.as_str()),
        ];
        own.into_iter().find_map(|(parameter, path)| {
            let theirs = other.uses(path)?;
            let is_itself = self == other && parameter == theirs;
            (!is_itself).then_some((parameter, theirs, path))
        })
    }

    /// The parameter that names this directory, if it is one of ours.
    pub(crate) fn uses(&self, directory: &str) -> Option<&'static str> {
        let own = [
            ("config_directory", &self.config),
            ("queue_directory", &self.queue),
            ("data_directory", &self.data),
        ];
        own.into_iter()
            .find(|(_, path)| path.as_str() == directory)
            .map(|(parameter, _)| parameter)
    }

    /// A path below the configuration directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        Path::new(&self.config).join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(name: &str) -> Instance {
        Instance {
            config: format!("/etc/{name}"),
            queue: format!("/q/{name}"),
            data: format!("/d/{name}"),
            name: name.to_owned(),
            group: String::new(),
            enabled: false,
        }
    }

    #[test]
    fn a_new_instance_lives_beside_the_primary() {
        let beside = |name| Instance::beside("/var/spool/postfix", name);
        assert_eq!(beside("postfix-a").as_deref(), Some("/var/spool/postfix-a"));
        assert_eq!(beside(""), None);
    }

    #[test]
    fn instances_share_no_name_and_no_directory() {
        let (one, mut two) = (instance("a"), instance("b"));
        assert_eq!(one.conflict(&two), None);
        two.data = "/d/a".to_owned();
        assert_eq!(
            two.conflict(&one),
            Some(("data_directory", "data_directory", "/d/a"))
        );
        two.name = "a".to_owned();
        let name = "multi_instance_name";
        assert_eq!(two.conflict(&one), Some((name, name, "a")));
        assert_eq!(one.uses("/q/a"), Some("queue_directory"));
        assert_eq!(one.conflict(&one), None);
        two.data.clone_from(&two.queue);
        let own = Some(("data_directory", "queue_directory", "/q/b"));
        assert_eq!(two.conflict(&two), own);
    }

    #[test]
    fn nameless_instances_do_not_conflict_and_are_called_by_their_directory() {
        let (mut one, mut two) = (instance("a"), instance("b"));
        (one.name, two.name) = (String::new(), String::new());
        assert_eq!(one.conflict(&two), None);
        assert!(one.is_called("/etc/a/") && !one.is_called("") && !one.is_called("a"));
    }
}
