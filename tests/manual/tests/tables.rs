//! The parameters of tables that have programs of their own: what postconf knows, what the page says, and what the driver reads.

use std::collections::BTreeSet;

use manual::page::pages;
use manual::{names, read, root};

/// What every driver, and whoever opens its tables, reads for it.
const SHARED: [&str; 2] = ["common/driver/src", "common/lookup/src/kinds"];
/// How a driver names what it reads.
const READERS: [&str; 10] = [
    "set(",
    "filled(",
    "text(",
    "required(",
    "flag(",
    "number(",
    "time(",
    "words(",
    "hosts(",
    "path(",
];

/// Each type, with the names in postconf's list.
fn lists() -> Vec<(String, BTreeSet<String>)> {
    let source = read(&root().join("commands/postconf/src/known/databases.rs"));
    let lists = source.split("\nconst ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(": &[&str] = &[")?;
        let (list, _) = rest.split_once("];")?;
        let names = list.split('"').skip(1).step_by(2).map(str::to_owned);
        Some((name.to_ascii_lowercase(), names.collect()))
    });
    lists.collect()
}

/// The text of all sources below a folder, without their tests.
fn sources(folder: &str) -> String {
    let mut text = String::new();
    for name in names(&root().join(folder)) {
        let path = format!("{folder}/{name}");
        if root().join(&path).is_dir() {
            text += &sources(&path);
        } else if name.ends_with(".rs") {
            let source = read(&root().join(&path));
            text += source.split("#[cfg(test)]").next().unwrap_or_default();
        }
    }
    text
}

/// What a source reads by name.
fn read_by(source: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for reader in READERS {
        for rest in source.split(reader).skip(1) {
            let quoted = rest.trim_start().strip_prefix('"');
            if let Some((name, _)) = quoted.and_then(|rest| rest.split_once('"')) {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// The words of a page, in which a name may stand with punctuation behind it.
fn words(page: &str) -> BTreeSet<&str> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    page.split(|letter| !is_name(letter)).collect()
}

#[test]
fn postconf_pages_and_drivers_know_the_same_parameters() {
    let pages = pages();
    let shared: String = SHARED.iter().map(|folder| sources(folder)).collect();
    let lists = lists();
    assert!(lists.len() >= 7, "the lists are found: {lists:?}");
    for (kind, list) in lists {
        let own = sources(&format!("drivers/{kind}/src"));
        let name = format!("{kind}_table");
        let page = pages.iter().find(|page| page.name == name);
        let words = words(page.map_or("", |page| &page.text));
        let unread: Vec<_> = list
            .iter()
            .filter(|name| {
                ![&own, &shared]
                    .iter()
                    .any(|source| source.contains(&format!("\"{name}\"")))
            })
            .collect();
        assert!(unread.is_empty(), "{kind}: nobody reads {unread:?}");
        let untold: Vec<_> = list
            .iter()
            .filter(|name| !words.contains(name.as_str()))
            .collect();
        assert!(untold.is_empty(), "{name}(5) lacks {untold:?}");
        let unknown: Vec<_> = read_by(&own).difference(&list).cloned().collect();
        assert!(
            unknown.is_empty(),
            "{kind}: postconf does not know {unknown:?}"
        );
    }
}
