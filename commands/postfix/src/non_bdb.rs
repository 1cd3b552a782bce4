//! `postfix non-bdb`: away from Berkeley DB tables (postfix-non-bdb(1)).
//!
//! In this mail system `hash:` and `btree:` are LMDB tables always, so redirection is neither turned on nor off; the level in
//! main.cf is kept for others that read it. What remains to be done is to make the `.lmdb` files: `reindex`, or the first program
//! that opens the table does, where a Berkeley DB file is there still. One without a source is read as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use command::Fatal;

use crate::instance::Instance;
use crate::tell;

const USAGE: &str =
    "usage: postfix non-bdb status (or disable, enable-redirect, enable-reindex, reindex)";
const LEVEL: &str = "non_bdb_migration_level";

/// Do what the word says.
pub(crate) fn run(instance: &Instance, words: &[String]) -> Result<ExitCode, Fatal> {
    instance.log_as("postfix-non-bdb-script")?;
    let [word] = words else {
        return Err(Fatal::new(USAGE));
    };
    match word.as_str() {
        "status" => status(instance),
        "disable" => {
            set_level(instance, word)?;
            maillog::info!(
                "hash: and btree: are LMDB tables in this mail system; that is not turned off"
            );
            Ok(ExitCode::SUCCESS)
        }
        "enable-redirect" => {
            set_level(instance, word)?;
            maillog::info!("Missing tables are made by 'postfix non-bdb reindex'");
            Ok(ExitCode::SUCCESS)
        }
        "enable-reindex" => {
            set_level(instance, "enable-redirect")?;
            maillog::info!(
                "There is no service that makes tables when they are needed; making them now"
            );
            reindex(instance)
        }
        "reindex" => reindex(instance),
        _ => {
            maillog::error!("unknown non-bdb command: '{word}'");
            Err(Fatal::new(USAGE))
        }
    }
}

fn set_level(instance: &Instance, level: &str) -> Result<(), Fatal> {
    instance.edit(&[format!("{LEVEL} = {level}")])
}

/// A table of a type that once was Berkeley DB.
#[derive(Debug, PartialEq, Eq)]
struct Table {
    kind: &'static str,
    path: PathBuf,
    /// Made by postalias(1), not by postmap(1).
    aliases: bool,
}

/// How far a table is.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Ready,
    /// Its source is there.
    ToDo,
    /// A daemon makes it when it needs it.
    Cache,
    /// Its source is gone, but the Berkeley DB file is there.
    OldFile,
    NoSource,
}

impl Table {
    fn command(&self) -> &'static str {
        if self.aliases { "postalias" } else { "postmap" }
    }

    fn name(&self) -> String {
        format!("{}:{}", self.kind, self.path.display())
    }

    fn state(&self, data: &Path) -> State {
        let is_there = |suffix: &str| {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            Path::new(&name).exists()
        };
        if is_there(".lmdb") {
            State::Ready
        } else if self.path.starts_with(data) {
            State::Cache
        } else if self.path.is_file() {
            State::ToDo
        } else if is_there(".db") {
            State::OldFile
        } else {
            State::NoSource
        }
    }
}

fn status(instance: &Instance) -> Result<ExitCode, Fatal> {
    let level = instance.settings.text(LEVEL)?.unwrap_or_default();
    tell::print(format_args!("{LEVEL} = {level}"))?;
    tell::print(format_args!(
        "hash: and btree: are LMDB tables (.lmdb) in this mail system, at every level."
    ))?;
    let data = Path::new(&instance.directories.data_directory);
    for table in tables(instance)? {
        let name = table.name();
        let state = match table.state(data) {
            State::Ready => "ready".to_owned(),
            State::Cache => "made by its daemon".to_owned(),
            State::ToDo => format!("not made yet: {} {name}", table.command()),
            State::OldFile => format!("read from {0}.db, as {0} is no file", table.path.display()),
            State::NoSource => format!("missing: {} is no file", table.path.display()),
        };
        tell::print(format_args!("{name}: {state}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn reindex(instance: &Instance) -> Result<ExitCode, Fatal> {
    let data = Path::new(&instance.directories.data_directory);
    let mut failed = 0;
    for table in tables(instance)? {
        let name = table.name();
        if table.state(data) != State::ToDo {
            continue;
        }
        maillog::info!("{} {name}", table.command());
        let status = instance.tool(table.command()).arg(&name).status();
        let status = status.map_err(|error| Fatal::io(table.command(), &error))?;
        failed += usize::from(!status.success());
    }
    if failed > 0 {
        return Err(Fatal::new(format!("{failed} tables could not be made")));
    }
    Ok(ExitCode::SUCCESS)
}

/// The tables that main.cf and master.cf name, and the stock alias tables, each path once.
fn tables(instance: &Instance) -> Result<Vec<Table>, Fatal> {
    let settings = &instance.settings;
    let mut found = BTreeMap::new();
    let aliases = ["alias_maps", "alias_database"];
    let mut names = settings.main_cf().names();
    names.extend(aliases);
    for name in names {
        let value = settings.text(name)?.unwrap_or_default();
        collect(&value, aliases.contains(&name), &mut found);
    }
    let path = settings.directory().join("master.cf");
    let services = fs::read_to_string(&path).map_err(|error| Fatal::io(path.display(), &error))?;
    for line in services.lines().filter(|line| !line.starts_with('#')) {
        // A macro of pipe(8) is none of main.cf's.
        let line = settings.expand(line).unwrap_or_default();
        collect(&line, line.contains("alias_maps"), &mut found);
    }
    Ok(found.into_values().collect())
}

fn collect(value: &str, aliases: bool, found: &mut BTreeMap<PathBuf, Table>) {
    let ends = |c: char| c.is_whitespace() || ",{}=".contains(c);
    for word in value.split(ends) {
        let word = word.strip_prefix("proxy:").unwrap_or(word);
        for kind in ["hash", "btree"] {
            let path = word
                .strip_prefix(kind)
                .and_then(|rest| rest.strip_prefix(':'));
            if let Some(path) = path.filter(|path| path.starts_with('/')).map(PathBuf::from) {
                found.entry(path.clone()).or_insert(Table {
                    kind,
                    path,
                    aliases,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_in_values() {
        let mut found = BTreeMap::new();
        let value = "hash:/a, proxy:btree:/b check_sender_access hash:/c {hash:/d} lmdb:/e hash:f";
        collect(value, false, &mut found);
        let names: Vec<_> = found.values().map(Table::name).collect();
        assert_eq!(names, ["hash:/a", "btree:/b", "hash:/c", "hash:/d"]);
    }

    #[test]
    fn a_table_is_to_do_while_only_its_source_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t");
        let table = Table {
            kind: "hash",
            path: path.clone(),
            aliases: false,
        };
        let data = Path::new("/nowhere");
        assert_eq!(table.state(data), State::NoSource);
        assert_eq!(table.state(folder.path()), State::Cache);
        fs::write(folder.path().join("t.db"), "").unwrap();
        assert_eq!(table.state(data), State::OldFile);
        fs::write(&path, "").unwrap();
        assert_eq!(table.state(data), State::ToDo);
        fs::write(folder.path().join("t.lmdb"), "").unwrap();
        assert_eq!(table.state(data), State::Ready);
    }
}
