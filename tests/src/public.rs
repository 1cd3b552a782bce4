//! Public configurations of other projects, made ready for a private machine.
//!
//! They are no part of this repository: [`project`] looks for them beside it, and the case is skipped where they are not.
//! What a project's installer would fill in (template marks, addresses, users), tables with content of its own and the
//! places of directories are substituted; every other setting stays as the project wrote it.

use crate::instance::Instance;
use crate::machine::MAIL_OWNER;
use crate::setup::{CONFIGURATION, Setup, write_settled};
use std::fs;
use std::path::{Path, PathBuf};

/// main.cf and master.cf, ready to be used.
pub struct Project {
    /// The settings.
    pub main: String,
    /// The services.
    pub master: String,
}

/// The configuration of a project; `None` (with a word about it) where the collection is not there.
pub fn project(name: &str) -> Option<Project> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../../../shared/corpus", "../../shared/corpus"];
    let read = |file: &str| {
        let path: Option<PathBuf> = places
            .iter()
            .map(|place| root.join(place).join(name).join(file))
            .find(|path| path.exists());
        path.map(|path| fs::read_to_string(path).expect("a public configuration"))
    };
    let main = read("main.cf").or_else(|| read("main.cf.postscreen"));
    match (main, read("master.cf")) {
        (Some(main), Some(mut master)) => {
            if !master.contains("cleanup") {
                // Its installer adds these services to the stock ones.
                master += &project("debian-ubuntu-pkg")?.master;
            }
            Some(Project {
                main: substituted(&main),
                master: substituted(&master),
            })
        }
        _ => {
            println!("skipped: no public configuration {name} beside the repository");
            None
        }
    }
}

/// Writes a configuration over the suite's, and starts nothing. `more` are settings that come after the project's.
pub fn install(setup: Setup, main: &str, master: &str, more: &str) -> Instance {
    let queue = setup.path("queue").display().to_string();
    let data = setup.path("data").display().to_string();
    let (daemons, commands) = (
        setup.programs.daemons.display().to_string(),
        setup.programs.commands.display().to_string(),
    );
    let instance = setup.stopped();
    let places = format!(
        "queue_directory = {queue}\ndata_directory = {data}\ndaemon_directory = {daemons}\ncommand_directory = {commands}\n\
         mail_owner = {}\nsetgid_group = postdrop\n",
        MAIL_OWNER.name
    );
    let written = |text: &str| {
        let own = |line: &&str| {
            let name = line.split('=').next().unwrap_or_default().trim_end();
            let others = places.lines().chain(more.lines());
            let mut others = others.filter_map(|line| line.split('=').next());
            name != "maillog_file" && !others.any(|other| other.trim_end() == name)
        };
        text.lines().filter(own).collect::<Vec<_>>().join("\n")
    };
    let main = format!("{}\n{places}{more}", written(main));
    write_settled(&Path::new(CONFIGURATION).join("main.cf"), &main);
    write_settled(&Path::new(CONFIGURATION).join("master.cf"), master);
    instance
}

/// The services of a master.cf with their types and programs, in order.
pub fn services(master: &str) -> Vec<(String, String, String)> {
    let lines = master
        .lines()
        .filter(|line| !line.starts_with([' ', '\t', '#']) && !line.trim().is_empty());
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (
                words[0].to_owned(),
                words[1].to_owned(),
                words[7].to_owned(),
            )
        })
        .collect()
}

/// The names that lines set, `-o` settings of services included.
pub fn names(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            let line = line.trim_start().strip_prefix("-o").unwrap_or(line);
            let is_own = !line.starts_with(['#', '\t']) && !line.starts_with("  ");
            let (name, _) = line.split_once('=').filter(|_| is_own)?;
            let name = name.trim();
            (!name.is_empty() && !name.contains(char::is_whitespace)).then_some(name)
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn substituted(text: &str) -> String {
    let text = without_blocks(text);
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = marks(line);
        let line = words(&line);
        // A template's line that has nothing left but white space.
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}

/// Without the lines and parts of lines that stand under a condition; where there is an `else`, that part stays.
fn without_blocks(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    // How deep, and at which depth something is left out.
    let mut stack: Vec<bool> = Vec::new();
    loop {
        let keep = stack.iter().all(|keep| *keep);
        let starts = ["{%", "{{"].into_iter().filter_map(|mark| rest.find(mark));
        let Some(at) = starts.min() else {
            if keep {
                out += rest;
            }
            return out;
        };
        let close = if rest[at..].starts_with("{%") {
            "%}"
        } else {
            "}}"
        };
        let end = at + rest[at..].find(close).expect("a closed mark") + close.len();
        let mark = rest[at..end].trim_matches(['{', '}', '%', '-', ' ']);
        if keep {
            out += &rest[..at];
        }
        match mark.split(' ').next().unwrap_or_default() {
            "if" => stack.push(false),
            "else" => {
                if let Some(last) = stack.last_mut() {
                    *last = !*last;
                }
            }
            "end" | "endif" => {
                stack.pop();
            }
            _ if keep => out += &rest[at..end],
            _ => {}
        }
        rest = &rest[end..];
    }
}

/// What installers fill in.
fn marks(line: &str) -> String {
    let mut line = line.to_owned();
    while let Some(at) = line.find("{#") {
        let end = line[at..].find("#}").map_or(line.len(), |end| at + end + 2);
        line.replace_range(at..end, "");
    }
    while let Some(at) = line.find("{{") {
        let end = at + line[at..].find("}}").expect("a closed mark") + 2;
        let value = value_of(&line[at..end]);
        line.replace_range(at..end, value);
    }
    while let Some(at) = line.find("PH_") {
        let end = line[at..]
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .map_or(line.len(), |end| at + end);
        let value = value_of(&line[at..end]);
        line.replace_range(at..end, value);
    }
    line
}

/// The value of a mark, by a word in it.
fn value_of(mark: &str) -> &'static str {
    let values = [
        ("RECIPIENT_DELIMITER", "+"),
        ("MESSAGE_SIZE_LIMIT", "50000000"),
        ("HOSTNAMES", "mail.ferro.example"),
        ("FQDN", "mail.ferro.example"),
        ("SUBNET", "192.0.2.0/24"),
        ("OUTBOUND_TLS_LEVEL", "may"),
        ("DEFER_ON_TLS_ERROR", "may"),
        ("FRONT_ADDRESS", "192.0.2.9"),
        ("ANTISPAM_ADDRESS", "192.0.2.9"),
        ("FULLCHAIN", "/etc/ssl/chain.pem"),
        ("KEYFILE", "/etc/ssl/key.pem"),
        ("DBDRIVER", "mysql"),
        ("VMAILUID", "5000"),
        ("VMAILGID", "5000"),
        ("DOMAIN", "ferro.example"),
        ("LOCAL_ADDRESS", "127.0.0.1"),
        ("MLMMJ_REINJECT_PORT", "10028"),
        ("REINJECT_PORT", "10027"),
        ("MAX_SERVERS", "2"),
        ("AMAVISD_MYNETWORKS", "127.0.0.1/32"),
        (
            "CONTENT_FILTER_ORIGINATING",
            "smtp-amavis:[127.0.0.1]:10026",
        ),
        ("SYS_USER", "nobody"),
        ("SYS_GROUP", "nogroup"),
        ("BIN", "/bin/true"),
        ("CMD", "/bin/true"),
    ];
    let found = values.iter().find(|(word, _)| mark.contains(word));
    found.map_or("", |(_, value)| value)
}

/// An empty table in place of those whose content or whose kind is not there.
fn words(line: &str) -> String {
    const EMPTY: &str = "inline:{none=none}";
    const KINDS: [&str; 13] = [
        "proxy:mysql:",
        "proxy:btree:",
        "mysql:",
        "hash:",
        "lmdb:",
        "pcre:",
        "regexp:",
        "texthash:",
        "cidr:",
        "btree:",
        "socketmap:",
        "ldap:",
        "tcp:",
    ];
    if let Some((name, _)) = line
        .split_once('=')
        .filter(|(name, _)| name.trim() == "podop")
    {
        return format!("{name}= {EMPTY}");
    }
    let mut result = String::new();
    for word in line.split_inclusive([' ', ',', '=']) {
        let plain = word.trim_end_matches([' ', ',', '=']);
        let end = &word[plain.len()..];
        let is_file = plain.starts_with('/') && line.starts_with("virtual_mailbox_domains");
        if let Some((reference, _)) = plain.split_once('}').filter(|(word, _)| *word == "${podop") {
            result += reference;
            result += "}";
        } else if is_file || KINDS.iter().any(|kind| plain.starts_with(kind)) {
            result += EMPTY;
        } else {
            result += plain;
        }
        result += end;
    }
    result
}
