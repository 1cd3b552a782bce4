//! Finding and reading the configuration: `-c`, MAIL_CONFIG, the stock directory, and `-o` overrides.

use std::cell::Cell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use text::{attributes, token};

use crate::dynamic::Dynamic;
use crate::error::Error;
use crate::main_cf::MainCf;
use crate::settings::Settings;

/// Where the configuration is when nobody says otherwise.
pub const DEFAULT_DIRECTORY: &str = "/etc/postfix";

/// How a program wants its settings loaded.
#[derive(Debug, Clone, Default)]
pub struct Loader {
    process_name: String,
    service_name: String,
    directory: Option<PathBuf>,
    guarded: bool,
    overrides: Vec<(String, String)>,
}

impl Loader {
    /// For the program of that name; it serves no service until [`Loader::service`] says otherwise.
    #[must_use]
    pub fn new(process_name: &str) -> Self {
        Self {
            process_name: process_name.to_owned(),
            ..Self::default()
        }
    }

    /// The name of the service in master.cf.
    #[must_use]
    pub fn service(mut self, name: &str) -> Self {
        name.clone_into(&mut self.service_name);
        self
    }

    /// The directory of `-c`; without it MAIL_CONFIG and then [`DEFAULT_DIRECTORY`] count.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The program has more rights than its caller (set-gid): another directory than the stock one must be listed in
    /// alternate_config_directories or multi_instance_directories of the stock main.cf.
    #[must_use]
    pub const fn guarded(mut self) -> Self {
        self.guarded = true;
        self
    }

    /// One `-o name=value`, or `-o { name = value }`.
    pub fn set(mut self, assignment: &str) -> Result<Self, Error> {
        let place = || "-o option".to_owned();
        let plain = token::inside(assignment).unwrap_or(assignment);
        let (name, value) = attributes::name_value(plain).map_err(|what| Error::Line {
            file: PathBuf::new(),
            number: 0,
            place: place(),
            what,
            text: assignment.to_owned(),
        })?;
        self.overrides.push((name.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// The directory that will be read.
    #[must_use]
    pub fn chosen(&self) -> PathBuf {
        let from_environment = || std::env::var_os("MAIL_CONFIG").map(PathBuf::from);
        self.directory
            .clone()
            .or_else(from_environment)
            .unwrap_or_else(|| PathBuf::from(DEFAULT_DIRECTORY))
    }

    /// Whether a guarded program may read the directory: the stock one, or one that the stock main.cf lists.
    #[must_use]
    pub fn is_authorized(&self) -> bool {
        check_authorized(&self.chosen()).is_ok()
    }

    /// Read main.cf.
    pub fn load(self) -> Result<Settings, Error> {
        let directory = self.chosen();
        if self.guarded {
            check_authorized(&directory)?;
        }
        let main = MainCf::read(&directory.join("main.cf"))?;
        let mut settings = self.over(directory, main);
        settings.is_listed = false;
        Ok(settings)
    }

    /// Use a main.cf that was read before, or none at all (`MainCf::default()`): stock values. As for listing values, no
    /// other file is read: a myorigin that names a file is that name.
    #[must_use]
    pub fn over(self, directory: PathBuf, main: MainCf) -> Settings {
        Settings {
            directory,
            main,
            overrides: self.overrides.into_iter().collect::<HashMap<_, _>>(),
            process_name: self.process_name,
            service_name: self.service_name,
            dynamic: Dynamic::default(),
            is_listed: true,
            depth: Cell::new(0),
            lookups: Cell::new(0),
        }
    }
}

/// Whether the stock main.cf lets callers choose this directory.
fn check_authorized(directory: &Path) -> Result<(), Error> {
    let stock = Path::new(DEFAULT_DIRECTORY);
    if directory == stock {
        return Ok(());
    }
    let main = MainCf::read(&stock.join("main.cf"))?;
    let listed = ["alternate_config_directories", "multi_instance_directories"]
        .into_iter()
        .filter_map(|name| main.value(name))
        .flat_map(token::words)
        .any(|listed| Path::new(listed) == directory);
    if listed {
        Ok(())
    } else {
        Err(Error::Unauthorized {
            directory: directory.to_owned(),
            main: main.path,
        })
    }
}
