//! Making the file of a table from its source without being asked to, for a program that opens the table.
//!
//! The program may be root and the source anybody's, so this is stricter than postmap(1): the source is no symbolic link,
//! root works as its owner, and what root owns must stand in a directory that only root writes to. A file that another
//! program made in the meantime is left alone. Logs what is wrong with lines of the source, as postmap(1) does.

use std::fs::{self, File, Metadata};
use std::io::{self, BufReader};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use sys::nix::fcntl::{AT_FDCWD, AtFlags, OFlag};
use sys::nix::unistd::{AccessFlags, faccessat};
use sys::rights::{Borrowed, borrow_identity, is_root};

use super::build::{READ, mode_like};
use super::{Failure, Job, Syntax};
use crate::kinds::indexed::{Format, Over};
use crate::table::OpenOptions;

/// What became of the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// The file was made.
    Here,
    /// Another program made it in the meantime.
    Meanwhile,
    /// There is no source, or no right to write beside it.
    Not,
}

/// Make the LMDB file of `kind:name` from its source, unless it is there.
pub(crate) fn rebuild(
    kind: &str,
    name: &str,
    syntax: Syntax,
    options: &OpenOptions,
) -> Result<Made, Failure> {
    let source = Path::new(name);
    let Some(rights) = Rights::beside(source)? else {
        return Ok(Made::Not);
    };
    let file = rights.open(source)?;
    let format = Format::Lmdb;
    let job = Job::rebuilding(syntax, options);
    let text = BufReader::with_capacity(READ, file);
    let entries = job.gather(&format!("{kind}:{name}"), name, format, text)?;
    let path = format.file_name(name);
    let made = format
        .write(
            &entries,
            &path,
            Over::Keep,
            rights.mode(),
            options.lmdb_map_size,
        )
        .map_err(|error| Failure::new(error.to_string()))?;
    Ok(if made { Made::Here } else { Made::Meanwhile })
}

/// The right to make another file beside one, while this value lives: root is the owner of that file meanwhile.
pub(crate) struct Rights {
    about: Metadata,
    _owner: Option<Borrowed>,
}

impl Rights {
    /// Nothing when there is no such file or no such right.
    pub(crate) fn beside(file: &Path) -> Result<Option<Self>, Failure> {
        let Some(about) = fs::symlink_metadata(file).ok().filter(Metadata::is_file) else {
            return Ok(None);
        };
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let owner = if !is_root() {
            None
        } else if about.uid() == 0 {
            if !is_roots_alone(folder) {
                return Ok(None);
            }
            None
        } else {
            let owner = borrow_identity(about.uid(), about.gid(), &[about.gid()])
                .map_err(|error| Failure::io("become the owner of the file", &error))?;
            Some(owner)
        };
        // A question of rights only: what else fails is told when the file is written.
        let may_write = faccessat(
            AT_FDCWD,
            folder,
            AccessFlags::W_OK | AccessFlags::X_OK,
            AtFlags::AT_EACCESS,
        );
        Ok(may_write.is_ok().then_some(Self {
            about,
            _owner: owner,
        }))
    }

    /// The mode of a file that whoever may read this one may read.
    pub(crate) fn mode(&self) -> u32 {
        mode_like(&self.about)
    }

    /// Open the file itself, whatever has become of its name since.
    fn open(&self, path: &Path) -> Result<File, Failure> {
        let unopened = |error: io::Error| Failure::io(&format!("open {}", path.display()), &error);
        // Not to wait, should it be a FIFO by now.
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let file = File::options()
            .read(true)
            .custom_flags(flags.bits())
            .open(path)
            .map_err(unopened)?;
        let about = file.metadata().map_err(unopened)?;
        if (about.dev(), about.ino()) != (self.about.dev(), self.about.ino()) {
            return Err(unopened(io::Error::other("it was replaced")));
        }
        Ok(file)
    }
}

fn is_roots_alone(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|about| about.uid() == 0 && about.mode() & 0o022 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn found(table: &Table, key: &str) -> Option<String> {
        crate::testing::now(table.find(key.as_bytes()))
            .unwrap()
            .map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn a_table_with_a_source_is_made_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("t").display().to_string();
        for (kind, old) in [
            ("dbm", "pag"),
            ("sdbm", "pag"),
            ("hash", "db"),
            ("btree", "db"),
        ] {
            fs::write(&name, "Alice one\nbob: two\n").unwrap();
            fs::set_permissions(&name, PermissionsExt::from_mode(0o640)).unwrap();
            let spec = format!("{kind}:{name}");
            assert!(Table::open(&spec, &OpenOptions::default()).is_err());
            fs::write(format!("{name}.{old}"), "").unwrap();
            let table = Table::open(&spec, &OpenOptions::default()).unwrap();
            assert_eq!(found(&table, "alice").as_deref(), Some("one"));
            assert_eq!(found(&table, "bob:").as_deref(), Some("two"));
            let made = format!("{name}.lmdb");
            let mode = fs::metadata(&made).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o640);
            fs::write(format!("{name}.{old}"), "x YP_LAST_MODIFIED x").unwrap();
            fs::remove_file(&made).unwrap();
            fs::write(&name, "Alice: one\n").unwrap();
            let table = Table::open(&spec, &OpenOptions::default()).unwrap();
            assert_eq!(found(&table, "alice").as_deref(), Some("one"));
            fs::remove_file(&made).unwrap();
            fs::remove_file(format!("{name}.{old}")).unwrap();
        }
    }

    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("t").display().to_string();
        let text = folder.path().join("text");
        fs::write(&text, "alice one\n").unwrap();
        symlink(&text, &name).unwrap();
        fs::write(format!("{name}.pag"), "").unwrap();
        let error = Table::open(&format!("dbm:{name}"), &OpenOptions::default()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("files of this format are not read"),
            "{error}"
        );
        assert!(!Path::new(&format!("{name}.lmdb")).exists());
    }
}
