//! The manual, docs/man: what is made from the code, and what the code says must be in it.
//!
//! Pages are written in mdoc(7), but for two parts: postconf(5) is made from the parameter table and the texts in
//! docs/man/parameters ([`postconf`]), and the list of parameters in the page of each program from the words of its source
//! ([`regions`]). `UPDATE_EXPECT=1 cargo test -p manual` writes both. [`programs`] finds what must have a page, and the
//! options that the page must name; [`page`] reads pages. Everything is made of files: nothing is run.

pub mod page;
pub mod postconf;
pub mod programs;
pub mod regions;
pub mod text;

use std::path::{Path, PathBuf};

/// The top of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The file's text; without it there is nothing to make or check.
#[must_use]
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names in a folder, sorted.
#[must_use]
pub fn names(folder: &Path) -> Vec<String> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
