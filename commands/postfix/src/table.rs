//! The install table: every file and directory, with its owner and mode.

use std::path::Path;

use config::Settings;
use config::params::core::Directories;

/// The table as it was when the program was built.
const TABLE: &str = include_str!("../../../etc/install.table");

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    File,
    /// A symbolic link; its row's owner is what it leads to.
    Link,
    /// One more name of another file.
    HardLink,
}

/// One file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) owner: String,
    /// `None` leaves the group as it is.
    pub(crate) group: Option<String>,
    pub(crate) mode: u32,
    /// Made when it is missing.
    pub(crate) create: bool,
    /// Owner and mode are put right.
    pub(crate) update: bool,
    /// The owner goes for everything below.
    pub(crate) recursive: bool,
    /// Not every installation has it.
    pub(crate) optional: bool,
}

/// The rows, with the paths and owners of this installation.
pub(crate) fn rows(settings: &Settings) -> Result<Vec<Row>, config::Error> {
    let lines = TABLE
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .filter_map(|line| row(line, settings).transpose())
        .collect()
}

/// Whether all mail systems of the machine have the same one of it.
pub(crate) fn is_shared(row: &Row, own: &Directories) -> bool {
    let own = [
        &own.config_directory,
        &own.queue_directory,
        &own.data_directory,
    ];
    !own.iter()
        .any(|directory| Path::new(&row.path).starts_with(directory))
}

impl Row {
    /// Whether it stands for any number of files, which only an installation knows.
    pub(crate) fn is_pattern(&self) -> bool {
        self.path.contains('*')
    }

    /// Whether owner and mode are this row's business.
    pub(crate) fn has_rights(&self) -> bool {
        self.update && !self.is_pattern() && matches!(self.kind, Kind::Directory | Kind::File)
    }
}

fn row(line: &str, settings: &Settings) -> Result<Option<Row>, config::Error> {
    let fields: Vec<&str> = line.split(':').collect();
    let [path, kind, owner, group, mode, flags] = fields.as_slice() else {
        return Ok(None);
    };
    let kind = match *kind {
        "d" => Kind::Directory,
        "f" => Kind::File,
        "h" => Kind::HardLink,
        _ => Kind::Link,
    };
    Ok(Some(Row {
        path: settings.expand(path)?,
        kind,
        owner: settings.expand(owner)?,
        group: if *group == "-" {
            None
        } else {
            Some(settings.expand(group)?)
        },
        mode: u32::from_str_radix(mode, 8).unwrap_or(0),
        create: flags.contains('c'),
        update: flags.contains('u'),
        recursive: flags.contains('r'),
        optional: flags.contains('o'),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::{Loader, MainCf};

    #[test]
    fn every_row_of_the_table_is_understood() {
        let settings = Loader::new("postfix").over("/etc/postfix".into(), MainCf::default());
        let rows = rows(&settings).unwrap();
        let lines = TABLE
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        assert_eq!(rows.len(), lines.count());
        let row = |path: &str| rows.iter().find(|row| row.path == path).unwrap().clone();
        let maildrop = row("/var/spool/postfix/maildrop");
        assert_eq!(
            (
                maildrop.owner.as_str(),
                maildrop.group.as_deref(),
                maildrop.mode
            ),
            ("postfix", Some("postdrop"), 0o730)
        );
        assert!(maildrop.create && maildrop.update && !maildrop.recursive);
        assert_eq!(row("/usr/sbin/postqueue").mode, 0o2755);
        assert_eq!(row("/usr/bin/mailq").kind, Kind::Link);
        assert!(
            rows.iter()
                .all(|row| !row.path.contains('$') && row.path.starts_with('/'))
        );
    }
}
