//! The programs of the workspace, and the options that they take.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::{names, read, root};

/// A program of ours.
#[derive(Debug)]
pub struct Program {
    /// The executable's name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The section of its page: 1 for commands, 8 for daemons, 5 for what stands behind a table type.
    pub section: char,
}

/// Every program that is installed.
#[must_use]
pub fn programs() -> Vec<Program> {
    let installed = read(&root().join("etc/install.table"));
    let daemons: BTreeSet<&str> = installed
        .lines()
        .filter_map(|line| line.strip_prefix("$daemon_directory/")?.split(':').next())
        .collect();
    folders()
        .into_iter()
        .filter(|folder| folder.join("src/main.rs").exists())
        .map(|folder| {
            let name = folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_driver = folder
                .parent()
                .is_some_and(|parent| parent.ends_with("drivers"));
            let name = if is_driver {
                format!("{name}_table")
            } else {
                name
            };
            let section = match name.as_str() {
                // What a table type is about matters, not that a program stands behind it.
                table if table.ends_with("_table") => '5',
                daemon if daemons.contains(daemon) => '8',
                _ => '1',
            };
            Program {
                name,
                folder,
                section,
            }
        })
        .filter(|program| program.name != "bench" && program.name != "tests")
        .collect()
}

/// Other names of programs, from the links of the install table, with the section of their pages.
#[must_use]
pub fn other_names() -> BTreeMap<String, char> {
    let installed = read(&root().join("etc/install.table"));
    let mut links = BTreeMap::new();
    for line in installed.lines().filter(|line| {
        !line.starts_with(['#', '$', '/']) || line.contains(":l:") || line.contains(":h:")
    }) {
        let fields: Vec<&str> = line.split(':').collect();
        let [path, "l" | "h", ..] = fields.as_slice() else {
            continue;
        };
        if path.contains("/man") {
            continue;
        }
        let section = if path.starts_with("$daemon_directory") {
            '8'
        } else {
            '1'
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        let name = name.trim_start_matches('$').trim_end_matches("_path");
        links.insert(name.to_owned(), section);
    }
    links
}

/// The folders of the workspace's packages but libraries' and tests'.
fn folders() -> Vec<PathBuf> {
    let root = root();
    let mut folders: Vec<PathBuf> = ["daemons", "commands", "drivers"]
        .iter()
        .flat_map(|group| {
            names(&root.join(group))
                .into_iter()
                .map(move |name| Path::new(group).join(name))
        })
        .map(|path| root.join(path))
        .collect();
    folders.extend(names(&root).into_iter().map(|name| root.join(name)));
    folders
}

/// The letters of the options that a program takes by itself; daemons have none but those of [`daemon_options`].
#[must_use]
pub fn options(program: &Program) -> BTreeSet<char> {
    let files = sources(&program.folder);
    let mut letters = BTreeSet::new();
    let mut is_table = false;
    for file in &files {
        let code = code_of(&read(file));
        for table in tables(&code) {
            is_table = true;
            letters.extend(table.chars().filter(|letter| *letter != ':'));
        }
    }
    if is_table {
        return letters;
    }
    files
        .iter()
        .filter(|file| file.file_name().is_some_and(|name| name == "options.rs"))
        .flat_map(|file| matched(&code_of(&read(file))))
        .collect()
}

/// The options that every daemon takes.
#[must_use]
pub fn daemon_options() -> BTreeSet<char> {
    let code = code_of(&read(&root().join("common/service/src/options.rs")));
    let mut letters = matched(&code);
    for text in code.split('"').skip(1).step_by(2) {
        if text.len() > 3
            && text.len() < 20
            && text.chars().all(|letter| letter.is_ascii_alphabetic())
        {
            letters.extend(text.chars());
        }
    }
    letters
}

/// getopt's tables: the text in a call of `options`, or in a constant LETTERS.
fn tables(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mark in ["command::options(", "const LETTERS: &str"] {
        for (at, _) in code.match_indices(mark) {
            let call = code.get(at + mark.len()..).unwrap_or_default();
            let call = call.split(';').next().unwrap_or_default();
            let call = call.split("map_err").next().unwrap_or_default();
            let Some(text) = call.split('"').nth(1) else {
                continue;
            };
            if !text.is_empty()
                && text
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || ":#".contains(letter))
            {
                found.push(text.to_owned());
            }
        }
    }
    found
}

/// The letters that a match distinguishes: `'x'`.
fn matched(code: &str) -> BTreeSet<char> {
    code.match_indices('\'')
        .filter_map(|(at, _)| {
            let mut letters = code.get(at + 1..)?.chars();
            let letter = letters.next()?;
            let is_option = letter.is_ascii_alphanumeric() || letter == '#';
            (is_option && letters.next() == Some('\'')).then_some(letter)
        })
        .collect()
}

/// Every source file under a folder but tests.
#[must_use]
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for name in names(&folder) {
            let path = folder.join(&name);
            if path.is_dir() && name != "tests" && name != "target" {
                folders.push(path);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A source file before its tests, without comments.
#[must_use]
pub fn code_of(source: &str) -> String {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}
