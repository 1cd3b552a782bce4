//! main.cf: `name = value`, one logical line each; the last of several lines for one name counts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use text::attributes;

use crate::error::Error;
use crate::lines;

/// What main.cf says, unexpanded.
#[derive(Debug, Clone, Default)]
pub struct MainCf {
    /// Where it was read.
    pub path: PathBuf,
    values: HashMap<String, Entry>,
    /// What an administrator should know about: duplicates, lines that are not used.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone)]
struct Entry {
    value: String,
    order: usize,
}

impl MainCf {
    /// Read the file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|error| Error::file(path, &error))?;
        Self::parse(path, &bytes)
    }

    /// Read the bytes of a file; `path` is for messages.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let found = lines::logical(bytes);
        let shown = path.display();
        let orphan = |line: &lines::Line| {
            format!(
                "{shown}: logical line must not start with whitespace: \"{}\"",
                line.text.trim_ascii_end()
            )
        };
        let mut main = Self {
            path: path.to_owned(),
            values: HashMap::with_capacity(found.lines.len()),
            warnings: found.orphans.iter().map(orphan).collect(),
        };
        for (order, line) in found.lines.iter().enumerate() {
            let place = || format!("{shown}, line {}", line.numbers.start());
            let (name, value) = attributes::name_value(&line.text).map_err(|what| Error::Line {
                file: path.to_owned(),
                number: *line.numbers.start(),
                place: place(),
                what,
                text: line.text.trim_ascii_end().to_owned(),
            })?;
            let entry = Entry {
                value: value.to_owned(),
                order,
            };
            if let Some(old) = main.values.insert(name.to_owned(), entry)
                && old.value != value
            {
                main.warnings.push(format!(
                    "{}: overriding earlier entry: {name}={}",
                    place(),
                    old.value
                ));
            }
        }
        Ok(main)
    }

    /// What the file says about a name, unexpanded.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|entry| entry.value.as_str())
    }

    /// The names that the file sets, in the order of the lines that count.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.values.iter().collect();
        names.sort_by_key(|(_, entry)| entry.order);
        names.into_iter().map(|(name, _)| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<MainCf, Error> {
        MainCf::parse(Path::new("main.cf"), text.as_bytes())
    }

    #[test]
    fn the_last_line_counts() {
        let main = parse(" lost\na = 1\nb =\n  two\na = 3 # no comment\n").unwrap();
        assert_eq!(main.value("a"), Some("3 # no comment"));
        assert_eq!(main.value("b"), Some("two"));
        assert_eq!(main.names(), ["b", "a"]);
        assert_eq!(
            main.warnings,
            [
                "main.cf: logical line must not start with whitespace: \" lost\"",
                "main.cf, line 5: overriding earlier entry: a=1",
            ]
        );
    }

    #[test]
    fn mistakes_name_file_and_line() {
        assert_eq!(
            parse("a = b\nfoo\n").unwrap_err().to_string(),
            "main.cf, line 2: missing '=' after attribute name: \"foo\""
        );
        assert_eq!(
            parse("= x").unwrap_err().to_string(),
            "main.cf, line 1: missing attribute name: \"= x\""
        );
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes: Vec<u8>) {
            let _ = MainCf::parse(Path::new("x"), &bytes);
        }
    }
}
