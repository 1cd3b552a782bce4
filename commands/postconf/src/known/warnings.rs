//! What an administrator should know about the settings. The first line of each is what scripts know; help follows on a
//! terminal.

use std::path::Path;

use config::help::{self, Help, Part, Place};
use config::table;

use super::{Known, Set};
use crate::services::Service;

impl Known {
    /// Warn of references to nothing, in main.cf and in master.cf, and of files of tables that cannot be read.
    pub(crate) fn warn_undefined(&self, directory: &Path) {
        for (file, names) in ["main.cf", "master.cf"].into_iter().zip(&self.undefined) {
            let path = directory.join(file);
            for name in names {
                maillog::warning!("{}: undefined parameter: {name}", path.display());
                self.suggest(name, None);
            }
        }
        self.databases.warn();
    }

    /// Warn of settings of main.cf that nothing uses, and of those that will go away.
    pub(crate) fn warn_main_cf(&self, directory: &Path, set: &Set<'_>, quiet: bool) {
        let path = directory.join("main.cf");
        for (name, value) in set {
            if !self.is_used(name) {
                maillog::warning!("{}: unused parameter: {name}={value}", path.display());
                self.suggest(name, Some(&path));
            } else {
                warn_of_comment(&path, name, value);
            }
            warn_of_outdated(&path, name, quiet);
        }
    }

    /// The same for the overrides of master.cf.
    pub(crate) fn warn_services(&self, directory: &Path, services: &[Service], quiet: bool) {
        let path = directory.join("master.cf");
        for (name, value) in &self.unused_overrides {
            maillog::warning!("{}: unused parameter: {name}={value}", path.display());
            self.suggest(name, None);
        }
        for (name, value) in services.iter().flat_map(Service::overrides) {
            warn_of_comment(&path, name, value);
            warn_of_outdated(&path, name, quiet);
        }
    }

    /// A name that was asked for and that means nothing.
    pub(crate) fn warn_unknown(&self, name: &str) {
        maillog::warning!("{name}: unknown parameter");
        self.suggest(name, None);
    }

    /// The name that was perhaps meant, and the place in main.cf.
    fn suggest(&self, name: &str, main: Option<&Path>) {
        if help::is_wanted() {
            let place = main.and_then(|path| Place::in_main_cf(path, name, &Part::Name));
            Help::unknown_parameter(name, self.names().map(|(name, _)| name))
                .at(place)
                .tell();
        }
    }
}

fn warn_of_comment(path: &Path, name: &str, value: &str) {
    let mut words = value.split_ascii_whitespace();
    if words.clone().skip(1).any(|word| word.starts_with('#')) {
        let shown: Vec<&str> = words.by_ref().collect();
        maillog::warning!(
            "{}: #comment after other text is not allowed: {name} = {}",
            path.display(),
            shown.join(" ")
        );
    }
}

fn warn_of_outdated(path: &Path, name: &str, quiet: bool) {
    if let Some(advice) = table::outdated(name).filter(|_| !quiet) {
        maillog::warning!(
            "{}: support for parameter \"{name}\" will be removed; instead, {advice}",
            path.display()
        );
    }
}
