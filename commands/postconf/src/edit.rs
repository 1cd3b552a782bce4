//! Changing a configuration file without losing its comments, or the file.
//!
//! The new text goes to `file.tmp`, under a lock that keeps other editors out, is synced and takes the file's place by
//! one rename. Owner and mode stay those of the file.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use config::Explained;
use config::lines::Line;
use sys::lock;

/// What happens to a logical line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Delete,
    Comment,
    Replace(String),
}

/// The changes of a file: logical lines by the number of their first physical line, and text for its end.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    changed: BTreeMap<usize, (usize, Change)>,
    added: Vec<String>,
}

impl Changes {
    /// Change a logical line.
    pub(crate) fn change(&mut self, line: &Line, change: Change) {
        self.changed
            .insert(*line.numbers.start(), (*line.numbers.end(), change));
    }

    /// Add a line, or several, at the end.
    pub(crate) fn add(&mut self, text: String) {
        self.added.push(text);
    }

    /// The text of the file with the changes made; comments and empty lines inside changed lines stay.
    pub(crate) fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut result = Vec::with_capacity(bytes.len());
        let mut current: Option<(usize, &Change)> = None;
        for (index, physical) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let number = index + 1;
            if let Some((end, change)) = self.changed.get(&number) {
                current = Some((*end, change));
                if let Change::Replace(text) = change {
                    result.extend_from_slice(text.as_bytes());
                    result.push(b'\n');
                }
            }
            let body = physical.trim_ascii_start();
            let is_text = !body.is_empty() && body.first() != Some(&b'#');
            match current.filter(|(end, _)| number <= *end && is_text) {
                None => result.extend_from_slice(physical),
                Some((_, Change::Comment)) => {
                    result.push(b'#');
                    result.extend_from_slice(physical);
                }
                Some((_, Change::Delete | Change::Replace(_))) => {}
            }
        }
        for text in &self.added {
            if result.last().is_some_and(|byte| *byte != b'\n') {
                result.push(b'\n');
            }
            result.extend_from_slice(text.as_bytes());
            result.push(b'\n');
        }
        result
    }
}

/// A file that is being changed; others who want to change it wait.
pub(crate) struct Editing {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    /// What the file contains now.
    pub(crate) bytes: Vec<u8>,
}

impl Editing {
    /// Keep others out, and read the file.
    pub(crate) fn open(path: &Path) -> Result<Self, Explained> {
        let mut name = path.as_os_str().to_owned();
        name.push(".tmp");
        let temporary = PathBuf::from(name);
        let file = locked(&temporary).map_err(|error| said("open", &temporary, &error))?;
        let mut editing = Self {
            path: path.to_owned(),
            temporary,
            file,
            bytes: Vec::new(),
        };
        match fs::read(path) {
            Ok(bytes) => editing.bytes = bytes,
            Err(error) => {
                editing.give_up();
                let reason = sys::reason(&error);
                return Err(format!("open {} for reading: {reason}", path.display()).into());
            }
        }
        Ok(editing)
    }

    /// Make the changes; after a mistake the file stays as it is.
    pub(crate) fn finish(self, changes: Result<Changes, Explained>) -> Result<(), Explained> {
        match changes {
            Ok(changes) => {
                let text = changes.apply(&self.bytes);
                self.save(&text)
            }
            Err(error) => {
                self.give_up();
                Err(error)
            }
        }
    }

    /// Put the new text in the file's place.
    fn save(mut self, text: &[u8]) -> Result<(), Explained> {
        if let Err(error) = self.write(text) {
            let what = said("write", &self.temporary, &error);
            self.give_up();
            return Err(what);
        }
        if let Err(error) = fs::rename(&self.temporary, &self.path) {
            let what = said("rename", &self.temporary, &error);
            self.give_up();
            return Err(what);
        }
        let parent = self
            .path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(parent)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| said("sync", parent, &error))
    }

    /// Leave the file as it is.
    fn give_up(self) {
        // Nothing is lost if the temporary file stays.
        let _ = fs::remove_file(&self.temporary);
    }

    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        let old = fs::metadata(&self.path)?;
        self.file.set_len(0)?;
        self.file.write_all(text)?;
        if sys::rights::is_root() {
            fchown(&self.file, Some(old.uid()), Some(old.gid()))?;
        }
        self.file
            .set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))?;
        self.file.sync_all()
    }
}

/// Open the temporary file with a lock on it, and make sure that it was not renamed away meanwhile.
fn locked(path: &Path) -> io::Result<File> {
    loop {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        lock::flock(file.as_fd(), lock::Mode::Exclusive)?;
        let mine = file.metadata()?;
        match fs::metadata(path) {
            Ok(there) if there.ino() == mine.ino() && there.dev() == mine.dev() => return Ok(file),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
}

fn said(what: &str, path: &Path, error: &io::Error) -> Explained {
    format!("{what} {}: {}", path.display(), sys::reason(error)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::lines;

    fn edited(text: &str, line: usize, change: Change) -> String {
        let mut changes = Changes::default();
        changes.change(&lines::logical(text.as_bytes()).lines[line], change);
        String::from_utf8(changes.apply(text.as_bytes())).unwrap()
    }

    #[test]
    fn comments_stay() {
        let text = "# a\na = 1\n# b\n  2\n\nc = 3";
        assert_eq!(edited(text, 0, Change::Delete), "# a\n# b\n\nc = 3");
        assert_eq!(
            edited(text, 0, Change::Comment),
            "# a\n#a = 1\n# b\n#  2\n\nc = 3"
        );
        assert_eq!(
            edited(text, 0, Change::Replace("a = 9".into())),
            "# a\na = 9\n# b\n\nc = 3"
        );
    }

    #[test]
    fn lines_are_added_on_their_own() {
        let mut changes = Changes::default();
        changes.add("b = 2".into());
        assert_eq!(changes.apply(b"a = 1"), b"a = 1\nb = 2\n");
    }

    #[test]
    fn saving_keeps_the_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("main.cf");
        fs::write(&path, "a = 1\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let editing = Editing::open(&path).unwrap();
        assert_eq!(editing.bytes, b"a = 1\n");
        editing.save(b"a = 2\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"a = 2\n");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        assert!(!folder.path().join("main.cf.tmp").exists());
    }
}
