//! Option files of MySQL and MariaDB clients (`my.cnf`): groups of `name = value`, and files that they include.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How deep files may include others.
const MAX_NESTING: usize = 10;

/// What the wanted groups say; of several values for a name the last counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options(HashMap<String, String>);

impl Options {
    /// The value of an option, named with `-`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether an option is given without a value, or with one that says yes.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| !matches!(value, "0" | "off" | "OFF" | "false" | "FALSE"))
    }

    pub(crate) fn add(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// Read the groups that are wanted.
pub(crate) fn read(path: &Path, groups: &[&str]) -> Result<Options, String> {
    let mut options = Options::default();
    read_into(path, groups, 0, &mut options)?;
    Ok(options)
}

fn read_into(
    path: &Path,
    groups: &[&str],
    depth: usize,
    options: &mut Options,
) -> Result<(), String> {
    if depth > MAX_NESTING {
        return Err("nested too deep".to_owned());
    }
    let bytes = fs::read(path).map_err(|error| sys::reason(&error))?;
    let mut include = |path: &Path| {
        // What is included but cannot be read is left out, as the clients do.
        let _ = read_into(path, groups, depth + 1, options);
    };
    let mut found = Options::default();
    for line in parse(&String::from_utf8_lossy(&bytes), groups) {
        match line {
            Line::Option(name, value) => {
                found.0.insert(name, value);
            }
            Line::Include(file) => include(&file),
            Line::IncludeDirectory(directory) => {
                let entries = fs::read_dir(directory).into_iter().flatten();
                let mut files: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
                files.retain(|file| file.extension().is_some_and(|end| end == "cnf"));
                files.sort();
                files.iter().for_each(|file| include(file));
            }
        }
    }
    options.add(found);
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Option(String, String),
    Include(PathBuf),
    IncludeDirectory(PathBuf),
}

fn parse(text: &str, groups: &[&str]) -> Vec<Line> {
    let mut wanted = false;
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(directory) = line.strip_prefix("!includedir ") {
            lines.push(Line::IncludeDirectory(directory.trim().into()));
        } else if let Some(file) = line.strip_prefix("!include ") {
            lines.push(Line::Include(file.trim().into()));
        } else if let Some(group) = line.strip_prefix('[') {
            let group = group.split_once(']').map_or(group, |(name, _)| name);
            wanted = groups.contains(&group.trim());
        } else if wanted && !line.is_empty() && !line.starts_with(['#', ';']) {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            let name = name.trim().replace('_', "-");
            lines.push(Line::Option(name, unquoted(value.trim())));
        }
    }
    lines
}

fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        let inner = value.strip_prefix(quote);
        if let Some((inner, _)) = inner.and_then(|inner| inner.rsplit_once(quote)) {
            return inner.to_owned();
        }
    }
    // A comment may follow a value that is not quoted.
    let end = value.find(" #").unwrap_or(value.len());
    value.get(..end).unwrap_or(value).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn groups_includes_and_quotes() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("my.cnf");
        let more = folder.path().join("more.d");
        fs::create_dir(&more).unwrap();
        fs::write(more.join("a.cnf"), "[client]\nsocket=/run/x # here\n").unwrap();
        fs::write(more.join("b.txt"), "[client]\nport=1\n").unwrap();
        let text = format!(
            "[mysqld]\nport=2\n[client]\n# no\npassword = \"a#b\"\nssl_ca='/ca'\nssl\n!includedir {}\n[other]\nuser=x\n",
            more.display()
        );
        fs::write(&main, text).unwrap();
        let options = read(&main, &["client"]).unwrap();
        assert_eq!(options.get("password"), Some("a#b"));
        assert_eq!(options.get("ssl-ca"), Some("/ca"));
        assert_eq!(options.get("socket"), Some("/run/x"));
        assert_eq!(options.get("port"), None);
        assert_eq!(options.get("user"), None);
        assert!(options.is_on("ssl"));
        let other = read(&main, &["client", "other"]).unwrap();
        assert_eq!(other.get("user"), Some("x"));
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("my.cnf");
        fs::write(
            &file,
            format!("!include {}\n[client]\nuser=x\n", file.display()),
        )
        .unwrap();
        assert_eq!(read(&file, &["client"]).unwrap().get("user"), Some("x"));
    }

    proptest! {
        #[test]
        fn any_text_ends(text: String) {
            parse(&text, &["client"]);
        }
    }
}
