//! Reading pages: what they name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::{names, read, root};

/// A page of the manual.
#[derive(Debug)]
pub struct Page {
    /// Its name, such as `postmap`.
    pub name: String,
    /// Its section: 1, 5 or 8.
    pub section: char,
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// Every page.
#[must_use]
pub fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    for section in ['1', '5', '8'] {
        let folder = root().join(format!("docs/man/man{section}"));
        for file in names(&folder) {
            let path = folder.join(&file);
            let name = file.strip_suffix(&format!(".{section}"));
            let name = name
                .unwrap_or_else(|| panic!("{} is in the wrong folder", path.display()))
                .to_owned();
            let text = read(&path);
            pages.push(Page {
                name,
                section,
                path,
                text,
            });
        }
    }
    pages
}

impl Page {
    /// The page that this one only leads to, as `name.section`.
    #[must_use]
    pub fn leads_to(&self) -> Option<&str> {
        let target = self.text.strip_prefix(".so ")?.trim();
        Some(target.rsplit('/').next().unwrap_or(target))
    }

    /// The letters of the options that have an item of their own.
    #[must_use]
    pub fn options(&self) -> BTreeSet<char> {
        self.text
            .lines()
            .filter(|line| line.starts_with(".It "))
            .flat_map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                words
                    .windows(2)
                    .filter(|pair| pair.first() == Some(&"Fl"))
                    .filter_map(|pair| pair.get(1)?.trim_start_matches("\\&").chars().next())
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// The pages that it refers to.
    #[must_use]
    pub fn references(&self) -> BTreeSet<(String, char)> {
        let mut found = BTreeSet::new();
        for line in self.text.lines().filter(|line| line.starts_with('.')) {
            let words: Vec<&str> = line.trim_start_matches('.').split(' ').collect();
            for triple in words.windows(3) {
                if let ["Xr", name, section] = triple {
                    found.extend(
                        section
                            .chars()
                            .next()
                            .map(|section| ((*name).to_owned(), section)),
                    );
                }
            }
        }
        found
    }

    /// The words that look like names of parameters: letters and digits with underscores.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let lines = self
            .text
            .lines()
            .filter(|line| !line.starts_with(".\\\"") && !line.starts_with(".Dt "));
        let plain = lines
            .collect::<Vec<_>>()
            .join("\n")
            .replace("\\fB", " ")
            .replace("\\fI", " ")
            .replace("\\fR", " ")
            .replace("\\%", " ")
            .replace("\\-", "-");
        let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        plain
            .split(|letter| !is_of_name(letter))
            .filter(|word| {
                word.trim_matches('_').contains('_')
                    && word.starts_with(|first: char| first.is_ascii_alphanumeric())
                    && !word.ends_with('_')
                    && word.contains(|letter: char| letter.is_ascii_lowercase())
            })
            .map(str::to_owned)
            .collect()
    }
}
