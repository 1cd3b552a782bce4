//! The health check: what must be right for a start, and warnings of what is odd.
//!
//! The warnings come in the order and the words of the reference, each with the line that mends it (shown on a terminal);
//! [`crate::survey`] adds what the reference does not look at.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use command::Fatal;
use config::MasterCf;
use config::params::core::Logging;
use config::params::services::Sockets;

use crate::instance::Instance;
use crate::owners::{self, Party};
use crate::tree::{self, Found};
use crate::{create, survey, tell};

/// The commands that have the group of the queue.
pub(crate) const SETGID: [&str; 3] = ["postqueue", "postdrop", "postlog"];

/// Something odd.
pub(crate) struct Finding {
    pub(crate) flaw: Flaw,
    /// As it is shown.
    pub(crate) path: PathBuf,
    /// The user, the group, or the other file that it is about.
    pub(crate) other: String,
}

/// What is odd about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Flaw {
    Owner,
    Group,
    Writable,
    NotSetgid,
    NotExecutable,
    DeadLink,
    Differs,
    Damaged,
    Missing,
    MissingLink,
    Unknown,
}

/// Everything odd that was found, each thing once.
#[derive(Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
    known: HashSet<(Flaw, PathBuf)>,
}

impl Findings {
    pub(crate) fn add(&mut self, flaw: Flaw, path: &Path, other: &str) {
        self.known.insert((flaw, tree::undotted(path)));
        self.list.push(Finding {
            flaw,
            path: path.to_owned(),
            other: other.to_owned(),
        });
    }

    /// As [`Self::add`], unless it was found before under another name of the same path.
    pub(crate) fn add_new(&mut self, flaw: Flaw, path: &Path, other: &str) {
        if !self.known.contains(&(flaw, tree::undotted(path))) {
            self.add(flaw, path, other);
        }
    }

    #[cfg(test)]
    pub(crate) fn flaws(&self) -> Vec<Flaw> {
        self.list.iter().map(|finding| finding.flaw).collect()
    }

    fn tell(&self) {
        for finding in &self.list {
            maillog::warning!("{}", finding.text());
            tell::help(&finding.mend());
        }
    }
}

impl Finding {
    fn text(&self) -> String {
        let (path, other) = (self.path.display(), &self.other);
        match self.flaw {
            Flaw::Owner => format!("not owned by {other}: {path}"),
            Flaw::Group => format!("not owned by group {other}: {path}"),
            Flaw::Writable => format!("group or other writable: {path}"),
            Flaw::NotSetgid => {
                format!("not set-gid or not owner+group+world executable: {path}")
            }
            Flaw::NotExecutable => format!("not executable: {path}"),
            Flaw::DeadLink => format!("symlink leaves directory: {path}"),
            Flaw::Differs => format!("{path} and {other} differ"),
            Flaw::Damaged => format!("damaged message: corrupt/{other}"),
            Flaw::Missing | Flaw::MissingLink => format!("missing: {path}"),
            Flaw::Unknown => format!("not part of the mail system: {path}"),
        }
    }

    /// The line that mends it.
    fn mend(&self) -> String {
        let (clean, other) = (tree::undotted(&self.path), &self.other);
        let path = clean.display();
        match self.flaw {
            Flaw::Owner => format!("chown {other} {path}"),
            Flaw::Group => format!("chgrp {other} {path}"),
            Flaw::Writable if other == "link" => format!("rm {path}"),
            Flaw::Writable => format!("chmod go-w {path}"),
            Flaw::NotSetgid => format!("chmod 2755 {path}"),
            Flaw::NotExecutable => format!("chmod 755 {path}"),
            Flaw::DeadLink | Flaw::Unknown => format!("rm {path}"),
            Flaw::Differs => format!("cp -p {other} {path}"),
            Flaw::Damaged => format!("postcat {path}; rm {path}"),
            Flaw::Missing => format!("make install    # or the package once more: {other}"),
            Flaw::MissingLink => format!("ln -s {other} {path}"),
        }
    }
}

/// What must be right for the mail system to start. `Ok(false)`: a program has said why not.
pub(crate) fn essentials(instance: &Instance) -> Result<bool, Fatal> {
    let master_cf = instance.settings.directory().join("master.cf");
    if !master_cf.is_file() {
        return Err(Fatal::new(format!("no {} file found", master_cf.display())));
    }
    let master = MasterCf::read(&instance.settings)?;
    let logging: Logging = instance.settings.get()?;
    let postlog = instance.settings.get::<Sockets>()?.postlog_service_name;
    let mut services = master.services.iter();
    if !logging.maillog_file.is_empty() && !services.any(|service| service.name == postlog) {
        return Err(Fatal::new(format!(
            "missing '{postlog}' service in master.cf - run 'postfix upgrade-configuration'"
        )));
    }
    create::missing(instance)?;
    match instance.tool("postsuper").status() {
        Ok(status) => Ok(status.success()),
        Err(error) => Err(Fatal::io("postsuper", &error)),
    }
}

/// Warn of everything that is odd but harmless for a start. `thorough`: also of what is there and need not be.
pub(crate) fn oddities(instance: &Instance, thorough: bool) -> Result<(), Fatal> {
    let parties = owners::parties(&instance.settings)?;
    let mut findings = Findings::default();
    let queue = instance.queue();
    let pid = queue.join(&instance.directories.process_id_directory);
    let own: Vec<_> = [tree::dotted(queue), tree::plain(&pid)]
        .into_iter()
        .filter_map(|found| found.into_iter().next())
        .collect();
    not_owned(&own, &parties.root, &mut findings);
    writable(&own, &mut findings);
    let system: Vec<_> = system_folders(instance)
        .iter()
        .flat_map(|folder| tree::dotted(folder))
        .collect();
    not_owned(&system, &parties.root, &mut findings);
    writable(&system, &mut findings);
    for link in system.iter().filter(|found| found.dead_link) {
        findings.add(Flaw::DeadLink, &link.path, "");
    }
    let data = tree::dotted(Path::new(&instance.directories.data_directory));
    not_owned(&data, &parties.owner, &mut findings);
    writable(&data, &mut findings);
    for name in OWNED_FOLDERS {
        not_owned(
            &tree::plain(&queue.join(name)),
            &parties.owner,
            &mut findings,
        );
    }
    setgid(instance, &parties.group, &mut findings);
    compare_jail(queue, &mut findings);
    for damaged in tree::plain(&queue.join("corrupt")).iter().skip(1) {
        let name = damaged.path.file_name().unwrap_or_default();
        findings.add(Flaw::Damaged, &damaged.path, &name.to_string_lossy());
    }
    survey::rows(instance, &mut findings)?;
    if thorough {
        survey::unknown(instance, &mut findings)?;
    }
    findings.tell();
    Ok(())
}

/// The folders of the queue where everything belongs to mail_owner. In maildrop, files are their senders'.
const OWNED_FOLDERS: [&str; 12] = [
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
    "public", "saved", "trace",
];

/// Where programs and configuration are. The programs are the stock mail system's business.
fn system_folders(instance: &Instance) -> Vec<PathBuf> {
    let directories = &instance.directories;
    let mut folders = vec![instance.settings.directory().to_owned()];
    if !instance.is_secondary() {
        let shared = [&directories.shlib_directory, &directories.daemon_directory];
        folders.extend(
            shared
                .iter()
                .filter(|path| **path != "no")
                .map(PathBuf::from),
        );
        let meta = PathBuf::from(&directories.meta_directory);
        if !folders.contains(&meta) {
            folders.push(meta);
        }
    }
    folders
}

fn not_owned(all: &[Found], party: &Party, findings: &mut Findings) {
    for found in all {
        if !party.owns(found.metadata.uid()) {
            findings.add(Flaw::Owner, &found.path, &party.name);
        }
    }
}

fn writable(all: &[Found], findings: &mut Findings) {
    for found in all {
        if found.metadata.mode() & 0o022 != 0 {
            let other = if found.dead_link { "link" } else { "" };
            findings.add(Flaw::Writable, &found.path, other);
        }
    }
}

fn setgid(instance: &Instance, group: &Party, findings: &mut Findings) {
    if owners::is_rootless() {
        return;
    }
    let queue = ["public", "maildrop"].map(|name| instance.queue().join(name));
    let commands = Path::new(&instance.directories.command_directory);
    let commands = SETGID.map(|name| commands.join(name));
    let commands = if instance.is_secondary() {
        &[]
    } else {
        commands.as_slice()
    };
    for path in commands.iter().chain(&queue) {
        if fs::metadata(path).is_ok_and(|found| !group.owns(found.gid())) {
            findings.add(Flaw::Group, path, &group.name);
        }
    }
    for path in commands {
        if fs::metadata(path).is_ok_and(|found| found.mode() & 0o2111 != 0o2111) {
            findings.add(Flaw::NotSetgid, path, "");
        }
    }
}

/// Copies of system files that old setups keep in the jail should be the same as the originals.
fn compare_jail(queue: &Path, findings: &mut Findings) {
    for folder in ["etc", "lib", "lib64", "usr"] {
        for copy in tree::plain(&queue.join(folder)) {
            let Ok(name) = copy.path.strip_prefix(queue) else {
                continue;
            };
            let original = Path::new("/").join(name);
            if copy.metadata.is_file() && differ(&copy.path, &original) {
                let other = original.display().to_string();
                findings.add(Flaw::Differs, &copy.path, &other);
            }
        }
    }
}

fn differ(copy: &Path, original: &Path) -> bool {
    match (fs::read(copy), fs::read(original)) {
        (Ok(copy), Ok(original)) => copy != original,
        _ => false,
    }
}
