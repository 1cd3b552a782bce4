//! The health check: missing folders are made, wrong owners and modes are warned of.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use command::Fatal;
use config::MasterCf;
use config::params::core::Logging;
use config::params::services::Sockets;

use crate::instance::Instance;
use crate::owners::{self, Wanted};
use crate::table::{self, Kind, Row};

/// What must be right for the mail system to start.
pub(crate) fn essentials(instance: &Instance) -> Result<(), Fatal> {
    let master_cf = instance.settings.directory().join("master.cf");
    if !master_cf.is_file() {
        return Err(Fatal::new(format!("no {} file found", master_cf.display())));
    }
    let master = MasterCf::read(&instance.settings)?;
    let logging: Logging = instance.settings.get()?;
    let postlog = instance.settings.get::<Sockets>()?.postlog_service_name;
    if !logging.maillog_file.is_empty()
        && !master
            .services
            .iter()
            .any(|service| service.name == postlog)
    {
        let what = format!("missing '{postlog}' service in {}", master_cf.display());
        return Err(Fatal::new(format!(
            "{what} - run 'postfix upgrade-configuration', or leave maillog_file empty"
        )));
    }
    for row in table::rows(&instance.settings)?
        .iter()
        .filter(|row| row.create)
    {
        let wanted = owners::wanted(row)?;
        make_missing(Path::new(&row.path), wanted)
            .map_err(|error| Fatal::io(format_args!("make directory {}", row.path), &error))?;
    }
    let repaired = instance.tool("postsuper").status();
    match repaired {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Fatal::new("Postfix integrity check failed!")),
        Err(error) => Err(Fatal::io("postsuper", &error)),
    }
}

fn make_missing(path: &Path, wanted: Wanted) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    DirBuilder::new().mode(0o700).create(path)?;
    apply(path, wanted)
}

fn apply(path: &Path, wanted: Wanted) -> io::Result<()> {
    lchown(path, Some(wanted.uid), wanted.gid)?;
    fs::set_permissions(path, Permissions::from_mode(wanted.mode))
}

/// Warn of everything that is odd but harmless for a start.
pub(crate) fn oddities(instance: &Instance) -> Result<(), Fatal> {
    for row in table::rows(&instance.settings)?
        .iter()
        .filter(|row| row.update && row.kind != Kind::Link)
    {
        let wanted = owners::wanted(row)?;
        let path = Path::new(&row.path);
        let Ok(found) = fs::symlink_metadata(path) else {
            continue;
        };
        if found.is_symlink() {
            continue;
        }
        for warning in judge(path, &found, row, wanted) {
            maillog::warning!("{warning}");
        }
        if row.recursive && path == Path::new(&instance.directories.data_directory) {
            warn_below(path, &row.owner, wanted.uid);
        }
    }
    for damaged in below(&instance.queue().join("corrupt")) {
        maillog::warning!("damaged message: {}", damaged.display());
    }
    compare_jail(instance.queue());
    Ok(())
}

/// What is wrong with the owner and mode of one file.
fn judge(path: &Path, found: &Metadata, row: &Row, wanted: Wanted) -> Vec<String> {
    let shown = path.display();
    let mut warnings = Vec::new();
    // Without root, programs and system files may be root's as well as the user's own.
    let accepted = owners::is_rootless() && row.owner == "root" && found.uid() == 0;
    if found.uid() != wanted.uid && !accepted {
        let owner = if owners::is_rootless() {
            "the user"
        } else {
            row.owner.as_str()
        };
        warnings.push(format!("not owned by {owner}: {shown}"));
    }
    if wanted.gid.is_some_and(|gid| gid != found.gid()) {
        warnings.push(format!(
            "not owned by group {}: {shown}",
            row.group.as_deref().unwrap_or_default()
        ));
    }
    if found.mode() & 0o022 & !wanted.mode != 0 {
        warnings.push(format!("group or other writable: {shown}"));
    }
    if wanted.mode & 0o2000 != 0 && found.mode() & 0o2111 != 0o2111 {
        warnings.push(format!(
            "not set-gid or not owner+group+world executable: {shown}"
        ));
    }
    warnings
}

fn warn_below(path: &Path, owner: &str, uid: u32) {
    for found in below(path) {
        if fs::symlink_metadata(&found).is_ok_and(|found| found.uid() != uid) {
            maillog::warning!("not owned by {owner}: {}", found.display());
        }
    }
}

/// The files of a folder; none when it cannot be read.
fn below(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect()
}

/// Copies of system files that old setups keep in the jail should be the same as the originals.
fn compare_jail(queue: &Path) {
    for copy in below(&queue.join("etc")) {
        let Some(name) = copy.file_name() else {
            continue;
        };
        let original = Path::new("/etc").join(name);
        if let (Ok(inside), Ok(outside)) = (fs::read(&copy), fs::read(&original))
            && inside != outside
        {
            maillog::warning!("{} and {} differ", copy.display(), original.display());
        }
    }
}

/// set-permissions: every owner and mode as the table has it.
pub(crate) fn set_permissions(instance: &Instance) -> Result<(), Fatal> {
    for row in table::rows(&instance.settings)?
        .iter()
        .filter(|row| row.update && row.kind != Kind::Link)
    {
        let wanted = owners::wanted(row)?;
        let path = Path::new(&row.path);
        let Ok(found) = fs::symlink_metadata(path) else {
            continue;
        };
        if found.is_symlink() {
            continue;
        }
        apply(path, wanted)
            .map_err(|error| Fatal::io(format_args!("set permissions of {}", row.path), &error))?;
        if row.recursive {
            own_below(path, wanted.uid)
                .map_err(|error| Fatal::io(format_args!("set owner below {}", row.path), &error))?;
        }
    }
    Ok(())
}

fn own_below(path: &Path, uid: u32) -> io::Result<()> {
    for found in below(path) {
        lchown(&found, Some(uid), None)?;
        if fs::symlink_metadata(&found)?.is_dir() {
            own_below(&found, uid)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(mode: u32) -> Row {
        Row {
            path: String::new(),
            kind: Kind::File,
            owner: "root".to_owned(),
            group: Some("postdrop".to_owned()),
            mode,
            create: false,
            update: true,
            recursive: false,
        }
    }

    #[test]
    fn owners_and_modes_are_judged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        let found = fs::symlink_metadata(&path).unwrap();
        let wanted = Wanted {
            uid: found.uid(),
            gid: Some(found.gid()),
            mode: 0o2755,
        };
        let shown = path.display();
        assert_eq!(
            judge(&path, &found, &row(0o2755), wanted),
            [
                format!("group or other writable: {shown}"),
                format!("not set-gid or not owner+group+world executable: {shown}"),
            ]
        );
        let other = Wanted {
            uid: found.uid() + 1,
            gid: Some(found.gid() + 1),
            mode: 0o664,
        };
        assert_eq!(judge(&path, &found, &row(0o664), other).len(), 2);
    }

    #[test]
    fn missing_folders_are_made_with_their_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let uid = fs::metadata(folder.path()).unwrap().uid();
        make_missing(
            &path,
            Wanted {
                uid,
                gid: None,
                mode: 0o730,
            },
        )
        .unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o730);
    }
}
