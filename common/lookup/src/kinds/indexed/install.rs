//! Putting a new file where readers look for it: written under another name, then renamed or linked into place.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// It is replaced.
    Replace,
    /// It stays.
    Keep,
}

/// Why a file could not be built or updated; `Display` names the file.
#[derive(Debug)]
pub struct BuildError {
    pub(crate) path: PathBuf,
    pub(crate) what: &'static str,
    pub(crate) failure: Failure,
}

/// Why a file could not be used.
#[derive(Debug)]
pub(crate) enum Failure {
    Io(io::Error),
    Lmdb(heed::Error),
}

impl Failure {
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) | Self::Lmdb(heed::Error::Io(error)) => {
                f.write_str(&sys::reason(error))
            }
            Self::Lmdb(error) => write!(f, "{error}"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<heed::Error> for Failure {
    fn from(error: heed::Error) -> Self {
        Self::Lmdb(error)
    }
}

impl BuildError {
    /// Whether the file is not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.failure.is_missing()
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.what, self.path.display(), self.failure)
    }
}

impl std::error::Error for BuildError {}

/// Have a new file with this mode written, and give it its name. `false` when another file has that name and keeps it.
pub(crate) fn install(
    path: &Path,
    over: Over,
    mode: u32,
    write: impl FnOnce(&Path, File) -> Result<(), Failure>,
) -> Result<bool, BuildError> {
    let temporary = temporary_name(path);
    let failed = |what| {
        move |failure: Failure| BuildError {
            path: path.to_owned(),
            what,
            failure,
        }
    };
    let made = begin(&temporary, mode).map_err(Failure::from);
    let made = made.and_then(|file| write(&temporary, file));
    let done = made.map_err(failed("open database")).and_then(|()| {
        name(&temporary, path, over).map_err(|error| failed("rename database")(error.into()))
    });
    // After a rename there is nothing left to remove.
    if !matches!(done, Ok(true)) || over == Over::Keep {
        drop(fs::remove_file(&temporary));
    }
    done
}

fn name(temporary: &Path, path: &Path, over: Over) -> io::Result<bool> {
    match over {
        Over::Replace => fs::rename(temporary, path).map(|()| true),
        Over::Keep => match fs::hard_link(temporary, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            // Not every file system has links; there, of two that come in the same moment the last stays.
            Err(_) => fs::rename(temporary, path).map(|()| true),
            Ok(()) => Ok(true),
        },
    }
}

/// A new file. What another process with this number left behind when it died is removed.
fn begin(temporary: &Path, mode: u32) -> io::Result<File> {
    match new_file(temporary, mode) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(temporary)?;
            new_file(temporary, mode)
        }
        made => made,
    }
}

pub(crate) fn new_file(path: &Path, mode: u32) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    Ok(file)
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    // LMDB wants a directory before the file name.
    std::path::absolute(Path::new(&name)).unwrap_or_else(|_| PathBuf::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn put(path: &Path, over: Over, text: &str) -> bool {
        let write = |_: &Path, mut file: File| Ok(file.write_all(text.as_bytes())?);
        install(path, over, 0o640, write).unwrap()
    }

    #[test]
    fn one_of_two_that_keep_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t");
        fs::write(temporary_name(&path), "of a process that died").unwrap();
        assert!(put(&path, Over::Keep, "first"));
        assert!(!put(&path, Over::Keep, "second"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert!(put(&path, Over::Replace, "third"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "third");
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "nothing else is left");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn nothing_is_left_of_a_file_that_could_not_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t");
        let write = |_: &Path, _| Err(Failure::Io(io::Error::other("no")));
        let error = install(&path, Over::Replace, 0o600, write).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("open database {}: no", path.display())
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
