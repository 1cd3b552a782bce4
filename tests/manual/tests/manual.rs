//! The manual and the code say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use config::table;
use expect_test::expect_file;
use manual::page::{Page, pages};
use manual::postconf::texts;
use manual::programs::{code_of, daemon_options, options, other_names, programs, sources};
use manual::{names, postconf, read, regions, root};

/// Pages that other packages bring.
const ELSEWHERE: [(&str, char); 9] = [
    ("group", '5'),
    ("hosts", '5'),
    ("logrotate", '8'),
    ("passwd", '5'),
    ("regex", '7'),
    ("resolv.conf", '5'),
    ("strftime", '3'),
    ("syslog", '3'),
    ("systemctl", '1'),
];

/// Pages about a part of a program.
const TOPICS: [(&str, char); 4] = [
    ("postfix-non-bdb", '1'),
    ("postfix-tls", '1'),
    ("defer", '8'),
    ("trace", '8'),
];

#[test]
fn postconf_5_is_made_from_the_table() {
    expect_file!["../../../docs/man/man5/postconf.5"].assert_eq(&postconf::page());
}

#[test]
fn texts_are_about_parameters_that_exist() {
    for name in texts().keys() {
        let is_pattern = name.strip_prefix("transport_").is_some_and(|suffix| {
            table::patterns()
                .iter()
                .any(|pattern| pattern.suffix == suffix)
        });
        assert!(
            table::find(name).is_some() || is_pattern,
            "docs/man/parameters: {name} is no parameter"
        );
    }
}

#[test]
fn pages_list_the_parameters_that_programs_read() {
    let pages = pages();
    for program in programs() {
        let page = page_of(&pages, &program.name, program.section);
        match regions::renew(&page.text, &program) {
            Some(text) => expect_test::expect_file![&page.path].assert_eq(&text),
            None => assert_ne!(
                page.section,
                '8',
                "{} has no place for its parameters",
                page.path.display()
            ),
        }
    }
}

#[test]
fn every_program_has_its_page_and_every_page_its_program() {
    let pages = pages();
    let mut known: BTreeSet<(String, char)> = programs()
        .into_iter()
        .map(|program| (program.name, program.section))
        .collect();
    known.extend(other_names());
    known.extend(TOPICS.map(|(name, section)| (name.to_owned(), section)));
    for (name, section) in &known {
        page_of(&pages, name, *section);
    }
    for page in pages.iter().filter(|page| page.section != '5') {
        let program = (page.name.clone(), page.section);
        assert!(
            known.contains(&program),
            "{} is about no program",
            page.path.display()
        );
    }
}

#[test]
fn options_are_those_of_the_code() {
    let pages = pages();
    let mut faults = Vec::new();
    let mut compare = |name: &str, section, code: &BTreeSet<char>| {
        let page = page_of(&pages, name, section).options();
        let missing: String = code.difference(&page).collect();
        let invented: String = page.difference(code).collect();
        if !missing.is_empty() || !invented.is_empty() {
            faults.push(format!(
                "{name}({section}): not in the page \"{missing}\", not in the code \"{invented}\""
            ));
        }
    };
    for program in programs() {
        compare(&program.name, program.section, &options(&program));
    }
    compare("master", '5', &daemon_options());
    assert!(faults.is_empty(), "options: {faults:#?}");
}

/// The words after `postfix`, as its source matches them, and the items of postfix(1).
#[test]
fn commands_of_postfix_are_those_of_the_code() {
    let code = code_of(&read(&root().join("commands/postfix/src/control.rs")));
    let arms = code
        .lines()
        .filter(|line| line.trim_start().starts_with('"') && line.contains("=>"));
    let words = arms.flat_map(|line| {
        let patterns = line.split("=>").next().unwrap_or_default();
        patterns.split('"').skip(1).step_by(2)
    });
    let code: BTreeSet<&str> = words.collect();
    let pages = pages();
    let page = page_of(&pages, "postfix", '1');
    let items = page.text.lines().filter(|line| line.starts_with(".It Cm "));
    let words = items.flat_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let named = words.windows(2).filter(|pair| pair.first() == Some(&"Cm"));
        named
            .filter_map(|pair| pair.get(1).copied())
            .collect::<Vec<_>>()
    });
    let page: BTreeSet<&str> = words.collect();
    assert!(code.contains("start"), "the commands are found in the code");
    assert_eq!(page, code, "commands in postfix(1), and in its code");
}

#[test]
fn table_types_and_restrictions_are_described() {
    let page = postconf::page();
    let features = read(&root().join("commands/postconf/src/features.rs"));
    let types = features
        .split("const TABLES")
        .nth(1)
        .and_then(|rest| rest.split(';').nth(1));
    let mut words: Vec<&str> = types
        .unwrap_or_default()
        .split('"')
        .skip(1)
        .step_by(2)
        .collect();
    assert!(
        words.len() > 10,
        "the types of tables are found in the code"
    );
    let restrictions = code_of(&read(&root().join("smtpd/src/access/restriction.rs")));
    words.extend(restrictions.split('"').skip(1).step_by(2).filter(|word| {
        let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        word.contains('_') && word.chars().all(is_name) && table::find(word).is_none()
    }));
    for word in words {
        assert!(
            page.contains(&format!("\n.It Sy {word}")),
            "postconf(5) does not describe {word}"
        );
    }
}

#[test]
fn names_in_pages_are_known_to_the_code() {
    let mut known: BTreeSet<String> = table::all().map(|spec| spec.name.to_owned()).collect();
    known.extend(
        table::legacy_names()
            .iter()
            .map(|legacy| legacy.name.to_owned()),
    );
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    for folder in [
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
        "drivers",
    ] {
        for file in sources(&root().join(folder)) {
            known.extend(
                code_of(&read(&file))
                    .split(|letter| !is_of_name(letter))
                    .map(str::to_owned),
            );
        }
    }
    known.extend(
        names(&root().join("docs/man/man5"))
            .iter()
            .map(|name| name.trim_end_matches(".5").to_owned()),
    );
    known.extend(EXAMPLES.map(str::to_owned));
    let mut unknown = Vec::new();
    for page in pages() {
        for name in page.names() {
            if !known.contains(&name) && table::pattern(&name).is_none() {
                unknown.push(format!("{}.{}: {name}", page.name, page.section));
            }
        }
    }
    assert!(
        unknown.is_empty(),
        "neither parameters nor words of the code: {unknown:#?}"
    );
}

/// Words of examples, and of what the manual says is not there.
const EXAMPLES: [&str; 13] = [
    "add_header",
    "connection_reuse",
    "default_action",
    "enable_rpk",
    "forward_secrecy",
    "mutual_auth",
    "no_header_reply",
    "policy_context",
    "reject_maps_rbl",
    "smtp_scache",
    "smtp_sessions_per_process",
    "speed_adjust",
    "transport_name",
];

#[test]
fn references_lead_somewhere() {
    let pages = pages();
    let mut known: BTreeSet<(String, char)> = pages
        .iter()
        .map(|page| (page.name.clone(), page.section))
        .collect();
    known.extend(ELSEWHERE.map(|(name, section)| (name.to_owned(), section)));
    for page in &pages {
        if let Some(target) = page.leads_to() {
            let is_there = pages
                .iter()
                .any(|page| format!("{}.{}", page.name, page.section) == target);
            assert!(is_there, "{} leads to {target}", page.path.display());
        }
        for reference in page.references() {
            assert!(
                known.contains(&reference),
                "{} refers to {}({})",
                page.path.display(),
                reference.0,
                reference.1
            );
        }
    }
}

#[test]
fn every_page_is_installed() {
    let table = read(&root().join("etc/install.table"));
    for section in ['1', '5', '8'] {
        let row = format!("\n$manpage_directory/man{section}/*.{section}:f:");
        assert!(table.contains(&row), "install.table has no row {row}");
    }
}

/// As Debian's lintian looks at pages.
#[test]
fn man_shows_every_page_without_warning() {
    if Command::new("man")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        println!("skipped: no man(1) here");
        return;
    }
    let mut faults = String::new();
    for page in pages() {
        let shown = Command::new("man")
            .args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"])
            .arg(&page.path)
            .current_dir(root().join("docs/man"))
            .env("MANROFFSEQ", "")
            .env("MANWIDTH", "80")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .expect("man(1) can be run");
        faults.push_str(&String::from_utf8_lossy(&shown.stderr));
        assert!(shown.status.success(), "{}: {faults}", page.path.display());
    }
    assert_eq!(faults, "");
}

fn page_of<'p>(pages: &'p [Page], name: &str, section: char) -> &'p Page {
    let page = pages
        .iter()
        .find(|page| page.name == name && page.section == section);
    page.unwrap_or_else(|| panic!("{name} has no page docs/man/man{section}/{name}.{section}"))
}

/// A sentence is read alone: in postconf(5), in pages of programs, in errors.
#[test]
fn no_two_parameters_have_the_same_sentence() {
    let mut first = BTreeMap::new();
    let mut faults = Vec::new();
    for spec in table::all() {
        let sentence = postconf::sentence(spec);
        let is_sentence = sentence.ends_with('.') && !sentence.starts_with(char::is_lowercase);
        if !is_sentence {
            faults.push(format!("{}: {sentence}", spec.name));
        }
        let name = spec
            .name
            .replacen("lmtp_", "smtp_", 1)
            .replace("lhlo_k", "ehlo_k")
            .replace("lhlo", "helo");
        let other = first.entry(sentence).or_insert_with(|| name.clone());
        if *other != name {
            faults.push(format!("{} and {other}", spec.name));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
