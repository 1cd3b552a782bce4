//! Which parameters no program reads, against docs/parameters-without-effect.txt, from which the warning at start is
//! made. `UPDATE_EXPECT=1` writes the list anew after a program has learned to use one.
//!
//! A parameter counts as read when its field or its name stands in the code of a program or library, outside comments
//! and tests, or when the stock value of one that is read refers to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use config::params::instances::Installation;
use config::{Group, table};
use expect_test::expect_file;

#[test]
fn the_list_of_parameters_without_effect_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut code = BTreeSet::new();
    let mut client = BTreeSet::new();
    for file in sources(&root) {
        let words = words_of(&fs::read_to_string(&file).unwrap());
        if file.starts_with(root.join("smtp")) {
            client.extend(words.iter().cloned());
        }
        code.extend(words);
    }
    code.extend(words_of(
        &fs::read_to_string(root.join("etc/install.table")).unwrap(),
    ));
    // Where things are is for people and installers, who ask postconf.
    code.extend(Installation::SPECS.iter().map(|spec| spec.name.to_owned()));
    let is_read = |name: &str| {
        let field = field_of(name);
        let of_client = name
            .strip_prefix("smtp_")
            .or_else(|| name.strip_prefix("lmtp_"));
        let of_transport =
            table::pattern(name).is_some_and(|(_, pattern)| code.contains(pattern.suffix));
        code.contains(name)
            || of_transport
            || code.contains(&field)
            || of_client.is_some_and(|suffix| {
                client.contains(&field_of(
                    &suffix
                        .replace("lhlo_keyword", "ehlo_keyword")
                        .replace("lhlo", "helo"),
                ))
            })
    };
    let mut read: BTreeSet<String> = table::all()
        .map(|spec| spec.name.to_owned())
        .filter(|name| is_read(name))
        .collect();
    let patterns = table::patterns()
        .iter()
        .filter(|pattern| code.contains(pattern.suffix));
    read.extend(patterns.flat_map(|pattern| references(pattern.default)));
    let stock: BTreeMap<_, _> = table::all().map(|spec| (spec.name, spec.default)).collect();
    loop {
        let more: BTreeSet<String> = read
            .iter()
            // proxymap is told which tables it may open, not that anybody asks for them.
            .filter(|name| !matches!(name.as_str(), "proxy_read_maps" | "proxy_write_maps"))
            .filter_map(|name| stock.get(name.as_str()))
            .flat_map(|text| references(text))
            .collect();
        let before = read.len();
        read.extend(more);
        if read.len() == before {
            break;
        }
    }
    let mut idle: Vec<_> = stock
        .keys()
        .filter(|name| !read.contains(**name))
        .copied()
        .collect();
    idle.sort_unstable();
    expect_file!["../../../docs/parameters-without-effect.txt"]
        .assert_eq(&(idle.join("\n") + "\n"));
}

fn references(text: &str) -> Vec<String> {
    text::expand::references(text.as_bytes())
        .into_iter()
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

/// The field of a parameter, as the table's files name it.
fn field_of(name: &str) -> String {
    name.replace("CAfile", "ca_file")
        .replace("CApath", "ca_path")
        .replace("default_CA", "default_ca")
        .replace("2bounce", "second_bounce")
}

/// Every source file of programs and libraries but the table's and postconf's, which know all names.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = [
        "common",
        "daemons",
        "commands",
        "master",
        "pickup",
        "smtpd",
        "cleanup",
        "qmgr",
        "smtp",
        "local",
        "postqueue",
        "postsuper",
    ]
    .iter()
    .map(|name| root.join(name))
    .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.file_name().unwrap_or_default();
            // postfix-tls(1) writes settings of programs; it does not use them.
            let only_writes = path.ends_with("postfix/src/tls");
            if path.is_dir()
                && !only_writes
                && !["tests", "params", "postconf", "target"]
                    .iter()
                    .any(|skipped| name == *skipped)
            {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") && name != "tests.rs" {
                found.push(path);
            }
        }
    }
    found
}

/// The words of a source file before its tests, without comments.
fn words_of(source: &str) -> BTreeSet<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    lines
        .flat_map(|line| line.split(move |letter| !is_word(letter)))
        .map(str::to_owned)
        .collect()
}
