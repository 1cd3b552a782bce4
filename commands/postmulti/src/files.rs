//! The files and directories of an instance: made from the stock ones, and removed again.
//!
//! Only what the mail system itself makes is removed; whatever else is found is left where it is, and named.

use std::fs::{self, DirBuilder, FileType, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt};
use std::path::{Path, PathBuf};

use command::Fatal;
use config::Source;
use sys::lock;

use crate::family::Family;
use crate::instance::Instance;

/// What instances share, so that a new one gets it from the primary where that says anything about it.
const CLONED: [&str; 15] = [
    "command_directory",
    "daemon_directory",
    "meta_directory",
    "shlib_directory",
    "mail_owner",
    "setgid_group",
    "sendmail_path",
    "mailq_path",
    "newaliases_path",
    "html_directory",
    "manpage_directory",
    "sample_directory",
    "readme_directory",
    "process_id_directory",
    "openssl_path",
];
/// A new instance receives nothing until somebody has said what it is for.
const SAFE: [&str; 2] = ["master_service_disable=inet", "authorized_submit_users="];

/// The stock files, for an installation without prototypes.
const MAIN_CF: &str = include_str!("../../../etc/main.cf");
const MASTER_CF: &str = include_str!("../../../etc/master.cf");

/// Folders of the queue with letters in them, and folders where other files of the mail system are.
const LETTERS: [&str; 5] = ["maildrop", "incoming", "active", "deferred", "hold"];
const OTHERS: [&str; 8] = [
    "corrupt", "saved", "bounce", "defer", "trace", "flush", "private", "public",
];

/// Make the configuration of a new instance; nothing is at its place before it is complete.
pub(crate) fn make(
    family: &Family,
    instance: &Instance,
    set: impl Fn(&str, &[&str]) -> Result<(), Fatal>,
) -> Result<(), Fatal> {
    let directory = Path::new(&instance.config);
    let draft = directory.join(".tmp");
    let failed =
        |path: &Path, error: &io::Error| Fatal::io(format_args!("make {}", path.display()), error);
    let main = prototype(family, "main.cf", MAIN_CF)?;
    let master = prototype(family, "master.cf", MASTER_CF)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory)
        .map_err(|error| failed(directory, &error))?;
    // What an earlier call left behind when it was ended.
    let _ = fs::remove_dir_all(&draft);
    DirBuilder::new()
        .mode(0o755)
        .create(&draft)
        .map_err(|error| failed(&draft, &error))?;
    for (name, text) in [("main.cf", main), ("master.cf", master)] {
        let path = draft.join(name);
        fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    let assignments = settings(family, instance);
    let words: Vec<&str> = assignments.iter().map(String::as_str).collect();
    set(&draft.display().to_string(), &words)?;
    for name in ["master.cf", "main.cf"] {
        let place = instance.file(name);
        fs::rename(draft.join(name), &place).map_err(|error| failed(&place, &error))?;
    }
    fs::remove_dir_all(&draft)
        .map_err(|error| Fatal::io(format_args!("remove {}", draft.display()), &error))
}

/// The text that a new file begins with.
fn prototype(family: &Family, name: &str, stock: &str) -> Result<String, Fatal> {
    let meta = family.settings.text("meta_directory")?.unwrap_or_default();
    let path = Path::new(&meta).join(format!("{name}.proto"));
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(stock.to_owned()),
        Err(error) => Err(Fatal::io(format_args!("open {}", path.display()), &error)),
    }
}

/// What the main.cf of a new instance says beyond its prototype.
fn settings(family: &Family, instance: &Instance) -> Vec<String> {
    let primary = &family.settings;
    let cloned = CLONED
        .iter()
        .filter(|name| primary.source(name) == Some(Source::File))
        .filter_map(|name| Some(format!("{name}={}", primary.set(name)?)));
    let own = [
        format!("queue_directory={}", instance.queue),
        format!("data_directory={}", instance.data),
    ];
    let safe = SAFE.iter().map(|setting| (*setting).to_owned());
    cloned.chain(own).chain(safe).collect()
}

/// An instance that runs, or that holds mail, is not removed.
pub(crate) fn refuse_busy(family: &Family, instance: &Instance) -> Result<(), Fatal> {
    let queue = Path::new(&instance.queue);
    let pids = family.settings.text("process_id_directory")?;
    let pid_file = queue.join(pids.unwrap_or_default()).join("master.pid");
    let running = is_locked(&pid_file)
        .map_err(|error| Fatal::io(format_args!("open {}", pid_file.display()), &error))?;
    if running {
        let what = format!("Instance '{}' is not stopped", instance.config);
        return Err(Fatal::new(what));
    }
    for folder in LETTERS {
        let path = queue.join(folder);
        let found = first_file(&path)
            .map_err(|error| Fatal::io(format_args!("look into {}", path.display()), &error))?;
        if let Some(letter) = found {
            return Err(Fatal::new(format!(
                "Instance '{}' has mail in its queue: {}",
                instance.config,
                letter.display()
            )));
        }
    }
    Ok(())
}

fn is_locked(path: &Path) -> io::Result<bool> {
    match OpenOptions::new().read(true).open(path) {
        Ok(file) => Ok(!lock::try_flock(file.as_fd(), lock::Mode::Shared)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file below a folder of the queue; folders by hash are looked into.
fn first_file(folder: &Path) -> io::Result<Option<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let found = if entry.file_type()?.is_dir() {
            first_file(&entry.path())?
        } else {
            Some(entry.path())
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Remove what the mail system made for an instance that is stopped and empty.
pub(crate) fn remove(family: &Family, instance: &Instance) -> Result<(), Fatal> {
    let data = Path::new(&instance.data);
    remove_files(data, |name, kind| kind.is_file() && is_own_data(name));
    remove_directory(data);
    let queue = Path::new(&instance.queue);
    let pids = family.settings.text("process_id_directory")?;
    let pids = queue.join(pids.unwrap_or_default());
    remove_files(&pids, |_, kind| kind.is_file());
    if pids != queue {
        remove_directory(&pids);
    }
    for folder in LETTERS.into_iter().chain(OTHERS) {
        let path = queue.join(folder);
        remove_empty_below(&path);
        match folder {
            "private" | "public" => {
                remove_files(&path, |_, kind| kind.is_socket() || kind.is_fifo());
            }
            "flush" => remove_files(&path, |_, kind| kind.is_file()),
            _ => {}
        }
        remove_directory(&path);
    }
    remove_directory(queue);
    let config = Path::new(&instance.config);
    remove_files(config, |name, _| matches!(name, "main.cf" | "master.cf"));
    remove_directory(config);
    Ok(())
}

/// What daemons keep in data_directory.
fn is_own_data(name: &str) -> bool {
    let tables = [".db", ".lmdb", ".lmdb-lock", ".cdb", ".pag", ".dir"];
    matches!(name, "master.lock" | "prng_exch") || tables.iter().any(|end| name.ends_with(end))
}

/// Remove the files of a directory that are ours. What cannot be removed keeps the directory, which is then named.
fn remove_files(directory: &Path, is_own: impl Fn(&str, FileType) -> bool) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if entry
            .file_type()
            .is_ok_and(|kind| is_own(&name.to_string_lossy(), kind))
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Remove the empty folders by hash below a folder of the queue.
fn remove_empty_below(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty_below(&entry.path());
            // One that is not empty keeps the folder, which is then named.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

fn remove_directory(path: &Path) {
    match fs::remove_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(_) => maillog::warning!(
            "{}: please verify contents and remove by hand",
            path.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_found_below_folders_by_hash() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("A/B");
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(first_file(folder.path()).unwrap(), None);
        fs::write(deep.join("AB1"), "").unwrap();
        assert_eq!(first_file(folder.path()).unwrap(), Some(deep.join("AB1")));
        assert_eq!(first_file(&folder.path().join("none")).unwrap(), None);
    }

    #[test]
    fn strange_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["master.lock", "smtp_scache.lmdb", "notes"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        remove_files(folder.path(), |name, kind| {
            kind.is_file() && is_own_data(name)
        });
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
    }
}
