//! Settings and log of a command.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use config::{Loader, Settings};
use maillog::{Destination, Options};

use crate::Fatal;

/// The name under which the program was called (mailq, newaliases), without folders.
#[must_use]
pub fn program_name(fallback: &str) -> String {
    let path = std::env::args_os().next().map(PathBuf::from);
    let name = path.as_deref().and_then(Path::file_name);
    name.and_then(|name| name.to_str())
        .filter(|name| !name.is_empty())
        .unwrap_or(fallback)
        .to_owned()
}

/// Log to standard error alone, until the settings say where else.
pub fn stderr_log(program: &str) {
    maillog::open(Options {
        tag: program.to_owned(),
        shown: program.to_owned(),
        destination: Destination::Stderr,
        to_stderr: true,
    });
}

/// Whether the directory and its main.cf are the caller's.
fn belongs_to_caller(directory: &Path) -> bool {
    let uid = sys::rights::real_ids().0;
    let own = |path: &Path| std::fs::metadata(path).is_ok_and(|found| found.uid() == uid);
    own(directory) && own(&directory.join("main.cf"))
}

/// Load main.cf, of the directory of `-c` or of MAIL_CONFIG or the stock one, and open the log that it names.
pub fn settings(program: &str, directory: Option<PathBuf>) -> Result<Settings, Fatal> {
    let mut loader = Loader::new(program);
    if let Some(directory) = directory {
        loader = loader.directory(directory);
    }
    if sys::rights::is_set_id() && sys::rights::real_ids().0 != 0 {
        if !loader.is_authorized() && belongs_to_caller(&loader.chosen()) {
            // A mail system of the caller's own (rootless mode): whatever it says is done with the caller's rights.
            sys::rights::drop_set_gid()
                .map_err(|error| Fatal::io("give up the group's rights", &error))?;
        } else {
            loader = loader.guarded();
        }
    }
    let settings = loader.load().inspect_err(|error| {
        if let config::Error::Unauthorized { directory, .. } = error {
            let name = directory.display();
            maillog::error!("unauthorized configuration directory name: {name}");
        }
    })?;
    config::open_log(&settings, program, true)?;
    for warning in settings.warnings() {
        maillog::warning!("{warning}");
    }
    Ok(settings)
}
