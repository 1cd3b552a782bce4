//! Structure check and repair: every file in its subfolder and under its name, no subfolders that nothing needs, no old
//! temporary files.
//!
//! A short name ends with the file's inode; after a restore from backup it does not, and two messages could get the same
//! name. Then the file is renamed in two passes: to `NEWNAME#FIX` first, to `NEWNAME` when every file has left its old name
//! behind. Logs of a message are renamed before it, so that a run that was cut short can be repeated.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use command::Fatal;
use mail::QueueId;
use mail::queue_id::LongParts;
use queue::claim::{self, Standing};
use queue::layout::MAX_DEPTH;
use queue::{Folder, Layout};

use crate::options::Structure;
use crate::tally::log_count;

const SUFFIX: &str = "#FIX";
/// Temporary files are left alone for so long.
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The logs that bear a message's name.
const LOGS: [Folder; 3] = [Folder::Bounce, Folder::Defer, Folder::Trace];

/// Check and repair the named folders, or all of them.
pub(crate) fn maintain(
    layout: &Layout,
    long_ids: bool,
    wanted: Structure,
    named: &[Folder],
) -> Result<(), Fatal> {
    let all = || {
        Folder::ALL
            .into_iter()
            .filter(|folder| !matches!(folder, Folder::Corrupt | Folder::Saved))
    };
    let folders: Vec<_> = if named.is_empty() {
        all().collect()
    } else {
        named.to_vec()
    };
    let mut repair = Repair {
        layout,
        long_ids,
        wanted,
        renamed: 0,
        passing: false,
    };
    repair.all(&folders)?;
    if repair.passing {
        repair.finish_renames(&folders)?;
    }
    if repair.renamed > 0 {
        log_count("Renamed to match inode number", repair.renamed);
        maillog::warning!("QUEUE FILE NAMES WERE CHANGED TO MATCH INODE NUMBERS");
    }
    Ok(())
}

struct Repair<'a> {
    layout: &'a Layout,
    long_ids: bool,
    wanted: Structure,
    renamed: usize,
    /// Whether there are files with a passing name.
    passing: bool,
}

impl Repair<'_> {
    fn all(&mut self, folders: &[Folder]) -> Result<(), Fatal> {
        for &folder in folders {
            maillog::verbose!(1, "queue: {folder}");
            for path in self.files(folder)? {
                absent_is_fine(self.check(folder, &path))
                    .map_err(|error| failed("repair", &path, &error))?;
            }
        }
        Ok(())
    }

    /// All files of a folder and its subfolders; subfolders that are empty and deeper than need be are removed.
    fn files(&self, folder: Folder) -> Result<Vec<PathBuf>, Fatal> {
        let mut files = Vec::new();
        let mut open = vec![(PathBuf::from(folder.name()), 0)];
        let mut unneeded = Vec::new();
        while let Some((directory, depth)) = open.pop() {
            let failure = |error: &io::Error| failed("scan", &directory, error);
            for entry in fs::read_dir(&directory).map_err(|error| failure(&error))? {
                let path = entry.map_err(|error| failure(&error))?.path();
                let is_subfolder =
                    path.file_name().is_some_and(|name| name.len() == 1) && path.is_dir();
                if is_subfolder && depth < MAX_DEPTH {
                    if depth >= self.layout.depth(folder) {
                        unneeded.push(path.clone());
                    }
                    open.push((path, depth + 1));
                } else {
                    files.push(path);
                }
            }
        }
        for path in &files {
            // Files leave a subfolder that is not needed before it can go.
            absent_is_fine(self.relocate(folder, path))
                .map_err(|error| failed("move", path, &error))?;
        }
        for path in unneeded.iter().rev().filter(|_| self.wanted.fix) {
            match fs::remove_dir(path) {
                Ok(()) => {}
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
                    ) => {}
                Err(error) => return Err(failed("remove directory", path, &error)),
            }
        }
        Ok(files
            .into_iter()
            .map(|path| self.place(folder, &path).unwrap_or(path))
            .collect())
    }

    /// Where the file belongs, if its name is a queue id.
    fn place(&self, folder: Folder, path: &Path) -> Option<PathBuf> {
        let id = path.file_name()?.to_str().and_then(QueueId::new)?;
        (self.wanted.fix && id.as_str().len() > 1).then(|| self.layout.path(folder, &id))
    }

    fn relocate(&self, folder: Folder, path: &Path) -> io::Result<()> {
        let Some(place) = self.place(folder, path).filter(|place| place != path) else {
            return Ok(());
        };
        if fs::symlink_metadata(&place).is_ok() {
            maillog::warning!(
                "{} and {} have the same name",
                path.display(),
                place.display()
            );
            return Ok(());
        }
        self.layout
            .with_subfolders(folder, &place, || fs::rename(path, &place))
    }

    fn check(&mut self, folder: Folder, path: &Path) -> io::Result<()> {
        let status = fs::symlink_metadata(path)?;
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if !status.is_file() {
            maillog::warning!("bogus file: {}", path.display());
            return Ok(());
        }
        if self.wanted.purge && is_old_rubbish(folder, name, &status) {
            return fs::remove_file(path);
        }
        if !self.wanted.fix {
            return Ok(());
        }
        if name.ends_with(SUFFIX) {
            self.passing = true;
            return Ok(());
        }
        let Some(id) = QueueId::new(name) else {
            maillog::warning!("bogus file name: {}", path.display());
            return Ok(());
        };
        if !Folder::MAIL.contains(&folder) {
            return Ok(());
        }
        match self.right_name(&id, status.ino()) {
            Some(right) => self.begin_rename(&id, &right, path),
            None => Ok(()),
        }
    }

    /// The name that the file should have instead.
    fn right_name(&self, id: &QueueId, inode: u64) -> Option<QueueId> {
        match id.long_parts() {
            Some(parts) if !self.long_ids => Some(QueueId::short(parts.micros, inode)),
            Some(parts) if self.wanted.check_long && parts.inode != inode => {
                Some(QueueId::long(LongParts { inode, ..parts }))
            }
            Some(_) => None,
            None if id.short_inode() == Some(inode) => None,
            None => {
                let micros = id
                    .as_str()
                    .get(..5)
                    .and_then(|text| u32::from_str_radix(text, 16).ok());
                Some(QueueId::short(micros.unwrap_or_default(), inode))
            }
        }
    }

    /// First pass: the logs, then the message, get the new name with the suffix.
    fn begin_rename(&mut self, id: &QueueId, right: &QueueId, path: &Path) -> io::Result<()> {
        let passing = |path: &Path| path.with_file_name(format!("{right}{SUFFIX}"));
        for logs in LOGS {
            let log = self.layout.path(logs, id);
            absent_is_fine(fs::rename(&log, passing(&log)))?;
        }
        fs::rename(path, passing(path))?;
        self.renamed += 1;
        self.passing = true;
        Ok(())
    }

    /// Second pass: the suffix goes, and the file to its place.
    fn finish_renames(&self, folders: &[Folder]) -> Result<(), Fatal> {
        let mut folders = folders.to_vec();
        folders.extend(
            LOGS.into_iter()
                .filter(|logs| !folders.contains(logs))
                .collect::<Vec<_>>(),
        );
        for folder in folders {
            for path in self.files(folder)? {
                let right = path
                    .file_name()
                    .and_then(|name| name.to_str()?.strip_suffix(SUFFIX))
                    .and_then(QueueId::new);
                if let Some(right) = right {
                    absent_is_fine(self.layout.rename_path(&path, folder, &right))
                        .map_err(|error| failed("rename", &path, &error))?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a file was given up by its writer long ago. A log is never complete, so it is judged by its name alone.
fn is_old_rubbish(folder: Folder, name: &str, status: &Metadata) -> bool {
    let is_mail = folder == Folder::Maildrop || Folder::MAIL.contains(&folder);
    let complete =
        claim::standing(status) == Standing::Ready || status.mode() & 0o777 == claim::DAMAGED;
    let rubbish = if is_mail {
        !complete
    } else {
        QueueId::new(name).is_none()
    };
    let changed = u64::try_from(status.ctime()).unwrap_or_default();
    let age = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(changed))
        .unwrap_or_default();
    rubbish && !name.ends_with(SUFFIX) && age > MAX_AGE
}

fn absent_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Fatal {
    Fatal::io(format_args!("{what} {}", path.display()), error)
}
