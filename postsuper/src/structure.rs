//! Structure check and repair: every file in its subfolder and under its name, no subfolders that nothing needs, no old
//! temporary files.
//!
//! Logs come before messages, so that they are in their place when the message is renamed ([`crate::rename`]). A file that
//! stands in another's place is left alone, and named: no repair overwrites a file.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use command::Fatal;
use mail::QueueId;
use queue::claim::{self, Standing};
use queue::layout::MAX_DEPTH;
use queue::{Folder, Layout};

use crate::options::{Action, Structure};
use crate::rename::{Renames, SUFFIX};

/// Temporary files are left alone for so long.
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The folders in the order of the repair.
const FOLDERS: [Folder; 9] = [
    Folder::Defer,
    Folder::Bounce,
    Folder::Trace,
    Folder::Maildrop,
    Folder::Incoming,
    Folder::Active,
    Folder::Deferred,
    Folder::Hold,
    Folder::Flush,
];

/// Check and repair the named folders, or all of them; says how many messages have a new name.
pub(crate) fn maintain(
    layout: &Layout,
    long_ids: bool,
    wanted: Structure,
    named: &[Folder],
) -> Result<usize, Fatal> {
    let folders = if named.is_empty() { &FOLDERS } else { named };
    let mut repair = Repair {
        layout,
        wanted,
        renames: Renames::new(layout, long_ids, wanted.check_long),
        displaced: Vec::new(),
    };
    for &folder in folders {
        maillog::verbose!(1, "queue: {folder}");
        repair.folder(folder)?;
    }
    repair.renames.finish(folders)?;
    repair.retry_displaced()?;
    Ok(repair.renames.count())
}

struct Repair<'a> {
    layout: &'a Layout,
    wanted: Structure,
    renames: Renames<'a>,
    /// Files whose place another had taken.
    displaced: Vec<(Folder, PathBuf)>,
}

/// What lies in a folder and its subfolders.
#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) files: Vec<PathBuf>,
    /// Subfolders deeper than need be, and directories that are no subfolders; each before those inside it.
    unneeded: Vec<PathBuf>,
}

impl Repair<'_> {
    fn folder(&mut self, folder: Folder) -> Result<(), Fatal> {
        let contents = Contents::of(folder, self.layout.depth(folder))?;
        for path in &contents.files {
            absent_is_fine(self.file(folder, path))
                .map_err(|error| failed("repair", path, &error))?;
        }
        if self.wanted.fix {
            for path in contents.unneeded.iter().rev() {
                remove_directory(path);
            }
        }
        Ok(())
    }

    fn file(&mut self, folder: Folder, path: &Path) -> io::Result<()> {
        let status = fs::symlink_metadata(path)?;
        if !status.is_file() {
            maillog::warning!("bogus file: {}: not a regular file", path.display());
            return Ok(());
        }
        let holds_messages = Action::Delete.applies_to(folder);
        if self.wanted.purge && holds_messages && is_old_rubbish(&status) {
            return fs::remove_file(path);
        }
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or_default();
        let (stem, passing) = match name.strip_suffix(SUFFIX) {
            Some(stem) => (stem, true),
            None => (name, false),
        };
        let is_named_so = |id: &QueueId| !self.wanted.fix || !holds_messages || can_be_checked(id);
        let Some(id) = QueueId::new(stem).filter(is_named_so) else {
            maillog::warning!("bogus file name: {}", path.display());
            return Ok(());
        };
        if !self.wanted.fix {
            return Ok(());
        }
        if holds_messages && let Some(right) = self.renames.right_name(&id, status.ino()) {
            return self.renames.begin(&id, &right, path);
        }
        if passing {
            self.renames.go_on(holds_messages);
            return Ok(());
        }
        self.relocate(folder, &id, path)
    }

    /// Move a file to its subfolder.
    fn relocate(&mut self, folder: Folder, id: &QueueId, path: &Path) -> io::Result<()> {
        let place = self.layout.path(folder, id);
        if place != path && !move_to_place(self.layout, folder, path, &place)? {
            self.displaced.push((folder, path.to_owned()));
        }
        Ok(())
    }

    /// What was in the way may have left under another name.
    fn retry_displaced(&mut self) -> Result<(), Fatal> {
        for (folder, path) in std::mem::take(&mut self.displaced) {
            absent_is_fine(self.file(folder, &path))
                .map_err(|error| failed("move", &path, &error))?;
        }
        for (_, path) in &self.displaced {
            maillog::warning!(
                "{}: another file has this name; rename one of them",
                path.display()
            );
        }
        Ok(())
    }
}

impl Contents {
    /// Go through a folder that has subfolders of this depth.
    pub(crate) fn of(folder: Folder, depth: usize) -> Result<Self, Fatal> {
        let mut contents = Self::default();
        let mut open = vec![(PathBuf::from(folder.name()), 0)];
        while let Some((directory, level)) = open.pop() {
            let failure = |error: io::Error| failed("scan", &directory, &error);
            for entry in fs::read_dir(&directory).map_err(failure)? {
                let entry = entry.map_err(failure)?;
                let path = entry.path();
                if !entry.file_type().map_err(failure)?.is_dir() {
                    contents.files.push(path);
                } else if entry.file_name().len() != 1 || level >= MAX_DEPTH {
                    contents.unneeded.push(path);
                } else {
                    if level >= depth {
                        contents.unneeded.push(path.clone());
                    }
                    open.push((path, level + 1));
                }
            }
        }
        Ok(contents)
    }
}

/// Move a file, unless there is one by that name; says whether it moved.
pub(crate) fn move_to_place(
    layout: &Layout,
    folder: Folder,
    path: &Path,
    place: &Path,
) -> io::Result<bool> {
    if fs::symlink_metadata(place).is_ok() {
        return Ok(false);
    }
    layout.with_subfolders(folder, place, || fs::rename(path, place))?;
    Ok(true)
}

/// Whether a message's name tells which file it belongs to.
fn can_be_checked(id: &QueueId) -> bool {
    id.short_parts().is_some() || id.long_parts().is_some()
}

/// Whether a file was given up by its writer long ago.
fn is_old_rubbish(status: &Metadata) -> bool {
    let complete =
        claim::standing(status) == Standing::Ready || status.mode() & 0o777 == claim::DAMAGED;
    let changed = u64::try_from(status.mtime()).unwrap_or_default();
    let age = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(changed))
        .unwrap_or_default();
    !complete && age > MAX_AGE
}

fn remove_directory(path: &Path) {
    match fs::remove_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => maillog::warning!(
            "remove subdirectory {}: {}",
            path.display(),
            sys::reason(&error)
        ),
        _ => {}
    }
}

pub(crate) fn absent_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

pub(crate) fn failed(what: &str, path: &Path, error: &io::Error) -> Fatal {
    Fatal::io(format_args!("{what} {}", path.display()), error)
}
