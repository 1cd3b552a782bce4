//! What the install table knows about an installation: files that are missing, that have other owners and modes than they
//! should, and that it does not name.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use command::Fatal;

use crate::check::{Findings, Flaw};
use crate::instance::Instance;
use crate::owners::{self, Wanted};
use crate::table::{self, Kind, Row};
use crate::tree;

/// Compare what is installed with each row.
pub(crate) fn rows(instance: &Instance, findings: &mut Findings) -> Result<(), Fatal> {
    let shared = !instance.is_secondary();
    for row in &table::rows(&instance.settings)? {
        if row.is_pattern() || (!shared && table::is_shared(row, &instance.directories)) {
            continue;
        }
        let path = Path::new(&row.path);
        match fs::symlink_metadata(path) {
            Ok(found) if row.has_rights() && !found.is_symlink() => {
                judge(path, &found, row, owners::wanted(row)?, findings);
            }
            Ok(_) => {}
            Err(_) if row.optional => {}
            Err(_) if row.kind == Kind::Link => {
                findings.add(Flaw::MissingLink, path, &row.owner);
            }
            Err(_) => findings.add(Flaw::Missing, path, "ferropost"),
        }
    }
    Ok(())
}

/// What is wrong with the owner and mode of one file.
fn judge(path: &Path, found: &Metadata, row: &Row, wanted: Wanted, findings: &mut Findings) {
    // Without root, programs and system files may be root's as well as the user's own.
    let accepted = owners::is_rootless() && row.owner == "root" && found.uid() == 0;
    if found.uid() != wanted.uid && !accepted {
        findings.add_new(Flaw::Owner, path, &row.owner);
    }
    if wanted.gid.is_some_and(|gid| gid != found.gid()) {
        let group = row.group.as_deref().unwrap_or_default();
        findings.add_new(Flaw::Group, path, group);
    }
    if found.mode() & 0o022 & !wanted.mode != 0 {
        findings.add_new(Flaw::Writable, path, "");
    }
    let executable = row.kind == Kind::File && wanted.mode & 0o111 == 0o111;
    if executable && found.mode() & 0o111 != 0o111 && wanted.mode & 0o2000 == 0 {
        findings.add_new(Flaw::NotExecutable, path, "");
    }
}

/// Files among the daemons that no row names: left by another release, or put there by somebody.
pub(crate) fn unknown(instance: &Instance, findings: &mut Findings) -> Result<(), Fatal> {
    if instance.is_secondary() {
        return Ok(());
    }
    let rows = table::rows(&instance.settings)?;
    let named: HashSet<PathBuf> = rows.iter().map(|row| PathBuf::from(&row.path)).collect();
    let folder = Path::new(&instance.directories.daemon_directory);
    for name in tree::names(folder) {
        let path = folder.join(name);
        if !named.contains(&path) {
            findings.add(Flaw::Unknown, &path, "");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

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
            optional: false,
        }
    }

    #[test]
    fn owners_and_modes_are_judged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        let found = fs::symlink_metadata(&path).unwrap();
        let judged = |row: &Row, uid: u32, gid: u32| {
            let wanted = Wanted {
                uid: found.uid() + uid,
                gid: Some(found.gid() + gid),
                mode: row.mode,
            };
            let mut findings = Findings::default();
            judge(&path, &found, row, wanted, &mut findings);
            findings.flaws()
        };
        assert_eq!(judged(&row(0o664), 0, 0), []);
        assert_eq!(
            judged(&row(0o755), 0, 0),
            [Flaw::Writable, Flaw::NotExecutable]
        );
        assert_eq!(judged(&row(0o664), 1, 1), [Flaw::Owner, Flaw::Group]);
    }
}
