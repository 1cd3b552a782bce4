//! Golden cases: command lines with their input files, and what they must print.
//!
//! A case is one text file, `tests/golden/ROOM/NAME.case`: a sentence that says what it shows, then sections that begin with
//! `--- `:
//!
//! | section | what it holds |
//! |---|---|
//! | `file PATH` | an input file, relative to the case's own empty directory, or below /etc |
//! | `instance` | the usual configuration is written to /etc/postfix, with an empty queue; lines are settings added to main.cf |
//! | `run` | a script for sh, run by root in the case's directory |
//! | `stdout`, `stderr` | what it prints, line by line; nothing when missing |
//! | `exit N` | its exit status; 0 when missing |
//! | `only SYSTEM: REASON` | the case is for that system alone |
//!
//! `stdout postfix: REASON` and the like hold what one system does instead. `@DIR@` stands for the case's directory, `@MACHINE@`
//! for the directory of the private machine, `@*@` for any text within a line. The programs of Ferropost are named as if they
//! were installed where Debian installs those of Postfix. What the script leaves running is ended with it.
//!
//! `GOLDEN_RECORD=postfix` (or `ferropost`) writes what that system answers into the case file instead of failing.

use crate::setup::{CONFIGURATION, write_settled};
use crate::{Machine, Mta, Setup};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One case file.
pub struct Case {
    /// `ROOM::NAME`.
    pub name: String,
    path: PathBuf,
    head: String,
    sections: Vec<Section>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    /// The words after the dashes.
    title: String,
    body: String,
}

/// What a script did, in the words of a case file.
struct Answer {
    stdout: String,
    stderr: String,
    exit: String,
}

/// Every case, in the order of their names.
///
/// # Panics
/// When the directory cannot be read or a case makes no sense.
pub fn all() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut cases = Vec::new();
    for room in entries(&root) {
        for file in entries(&room) {
            if file
                .extension()
                .is_some_and(|extension| extension == "case")
            {
                cases.push(Case::read(&file));
            }
        }
    }
    cases
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("read {}: {error}", directory.display()));
    let mut paths: Vec<_> = read.map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    paths
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
        let room = path.parent().and_then(Path::file_name);
        let name = format!(
            "{}::{}",
            room.expect("room").to_string_lossy(),
            path.file_stem().expect("name").to_string_lossy()
        );
        let (head, sections) = parse(&text);
        let case = Self {
            name,
            path: path.to_owned(),
            head,
            sections,
        };
        case.check();
        case
    }

    fn check(&self) {
        let known = [
            "file", "instance", "run", "stdout", "stderr", "exit", "only",
        ];
        for section in &self.sections {
            let word = section.title.split(' ').next().unwrap_or_default();
            assert!(
                known.contains(&word),
                "{}: no such section: {}",
                self.name,
                section.title
            );
            let names_system = ["ferropost", "postfix"]
                .iter()
                .any(|system| section.title.split([' ', ':']).any(|word| word == *system));
            let has_reason = section
                .title
                .split_once(": ")
                .is_some_and(|(_, why)| !why.is_empty());
            assert!(
                word == "file" || !names_system || has_reason,
                "{}: say why: {}",
                self.name,
                section.title
            );
        }
        assert!(self.body("run").is_some(), "{}: nothing to run", self.name);
        assert!(!self.head.trim().is_empty(), "{}: says nothing", self.name);
    }

    /// Whether the case is for that system.
    pub fn is_for(&self, mta: Mta) -> bool {
        let only = self
            .sections
            .iter()
            .find_map(|section| section.title.strip_prefix("only "));
        only.is_none_or(|only| only.starts_with(&format!("{}:", mta.name())))
    }

    /// Runs it on one system; an error says what was other than expected.
    pub fn run(&mut self, mta: Mta) -> Result<(), String> {
        let machine = match Machine::enter() {
            Ok(machine) => machine,
            Err(reason) => {
                println!("skipped: {reason}");
                return Ok(());
            }
        };
        let answer = self.answer(mta, machine);
        if std::env::var("GOLDEN_RECORD").is_ok_and(|record| record == mta.name()) {
            self.record(mta, &answer);
            fs::write(&self.path, self.text()).expect("write a case");
            return Ok(());
        }
        self.compare(mta, &answer)
    }

    fn answer(&self, mta: Mta, machine: Machine) -> Answer {
        let root = machine.path("");
        let directory = machine.path("case");
        fs::create_dir(&directory).expect("mkdir case");
        let mut setup = Setup::new(mta, machine);
        let programs = setup.programs.clone();
        let settings = self.body("instance");
        for line in settings.unwrap_or_default().lines() {
            let (name, value) = line.split_once('=').expect("a setting");
            setup = setup.set(name.trim(), value.trim());
        }
        // Either holds the private machine until the script has ended.
        let _machine = match settings {
            Some(_) => Ok(setup.stopped()),
            None => Err(setup),
        };
        let place = directory.display().to_string();
        for (path, body) in self.files() {
            let path = directory.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("mkdir");
            assert!(
                path.starts_with(&directory)
                    || path.starts_with(CONFIGURATION)
                    || path.starts_with("/etc")
            );
            write_settled(&path, &body.replace("@DIR@", &place));
        }
        let script = self
            .body("run")
            .unwrap_or_default()
            .replace("@DIR@", &place);
        // A process namespace of its own: what the script leaves running ends with it.
        let output = Command::new("unshare")
            .args([
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "sh",
                "-c",
                &script,
            ])
            .env_clear()
            .env(
                "PATH",
                format!(
                    "{}:/usr/sbin:/usr/bin:/sbin:/bin",
                    programs.commands.display()
                ),
            )
            .env("DAEMONS", &programs.daemons)
            .env("TZ", "UTC")
            .env("LC_ALL", "C")
            .current_dir(&directory)
            .stdin(std::process::Stdio::null())
            .output()
            .expect("unshare");
        let root = root.display().to_string();
        let plain = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes)
                .replace(&place, "@DIR@")
                .replace(root.trim_end_matches('/'), "@MACHINE@");
            if mta.is_reference() {
                return text;
            }
            text.replace(&programs.commands.display().to_string(), "/usr/sbin")
                .replace(
                    &programs.daemons.display().to_string(),
                    "/usr/lib/postfix/sbin",
                )
        };
        Answer {
            stdout: ended(plain(&output.stdout)),
            stderr: ended(plain(&output.stderr)),
            exit: output
                .status
                .code()
                .map_or("signal".to_owned(), |code| code.to_string()),
        }
    }

    fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sections.iter().filter_map(|section| {
            Some((section.title.strip_prefix("file ")?, section.body.as_str()))
        })
    }

    fn body(&self, title: &str) -> Option<&str> {
        let section = self
            .sections
            .iter()
            .find(|section| section.title == title)?;
        Some(&section.body)
    }

    /// The section that holds for one system: its own, or everybody's.
    fn expectation(&self, what: &str, mta: Mta) -> Option<usize> {
        let is = |section: &Section| {
            section.title == what || section.title.starts_with(&format!("{what} "))
        };
        let own = |section: &Section| is(section) && names(&section.title, mta);
        let other = |section: &Section| is(section) && names(&section.title, mta.other());
        let mut indexes = 0..self.sections.len();
        indexes
            .clone()
            .find(|&at| own(&self.sections[at]))
            .or_else(|| indexes.find(|&at| is(&self.sections[at]) && !other(&self.sections[at])))
    }

    fn expected(&self, what: &str, mta: Mta) -> &str {
        self.expectation(what, mta)
            .map_or("", |at| &self.sections[at].body)
    }

    fn expected_exit(&self, mta: Mta) -> &str {
        let title = self
            .expectation("exit", mta)
            .map(|at| self.sections[at].title.as_str());
        title
            .and_then(|title| title.split([' ', ':']).nth(1))
            .unwrap_or("0")
    }

    fn compare(&self, mta: Mta, answer: &Answer) -> Result<(), String> {
        let mut report = String::new();
        for (what, actual) in [("stdout", &answer.stdout), ("stderr", &answer.stderr)] {
            report += &difference(what, self.expected(what, mta), actual);
        }
        if answer.exit != self.expected_exit(mta) {
            let _ = writeln!(
                report,
                "exit {}, not {}",
                answer.exit,
                self.expected_exit(mta)
            );
        }
        if report.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{}: {}\n{report}",
            self.path.display(),
            self.head.trim()
        ))
    }

    fn record(&mut self, mta: Mta, answer: &Answer) {
        for (what, actual) in [("stdout", &answer.stdout), ("stderr", &answer.stderr)] {
            if difference(what, self.expected(what, mta), actual).is_empty() {
                continue;
            }
            match self.expectation(what, mta) {
                Some(at) => self.sections[at].body.clone_from(actual),
                None => self.sections.push(Section {
                    title: what.to_owned(),
                    body: actual.clone(),
                }),
            }
        }
        if answer.exit != self.expected_exit(mta) {
            let title = format!("exit {}", answer.exit);
            match self.expectation("exit", mta) {
                Some(at) => {
                    let reason = self.sections[at]
                        .title
                        .split_once(' ')
                        .and_then(|(_, rest)| rest.split_once(' '));
                    let reason = reason
                        .map(|(_, reason)| format!(" {reason}"))
                        .unwrap_or_default();
                    self.sections[at].title = title + &reason;
                }
                None => self.sections.push(Section {
                    title,
                    body: String::new(),
                }),
            }
        }
        self.sections.retain(|section| {
            let empty =
                section.body.is_empty() && matches!(section.title.as_str(), "stdout" | "stderr");
            !empty && section.title != "exit 0"
        });
        self.sections.sort_by_key(|section| {
            let order = [
                "only", "file", "instance", "run", "stdout", "stderr", "exit",
            ];
            order
                .iter()
                .position(|word| section.title.starts_with(word))
        });
    }

    fn text(&self) -> String {
        let mut text = self.head.clone();
        for section in &self.sections {
            let _ = writeln!(text, "--- {}", section.title);
            text += &section.body;
        }
        text
    }
}

fn names(title: &str, mta: Mta) -> bool {
    let before_reason = title.split(':').next().unwrap_or_default();
    before_reason.split(' ').any(|word| word == mta.name())
}

fn parse(text: &str) -> (String, Vec<Section>) {
    let mut head = String::new();
    let mut sections: Vec<Section> = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(title) = line.strip_prefix("--- ") {
            sections.push(Section {
                title: title.trim_end().to_owned(),
                body: String::new(),
            });
        } else if let Some(section) = sections.last_mut() {
            section.body += line;
        } else {
            head += line;
        }
    }
    (head, sections)
}

/// Text that does not end with a line end says so, as `diff` does.
fn ended(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text += "\n@NO LINE END@\n";
    }
    text
}

/// What is other than expected, line by line; nothing when all is well.
fn difference(what: &str, expected: &str, actual: &str) -> String {
    let (wanted, got): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    let same = wanted.len() == got.len()
        && wanted
            .iter()
            .zip(&got)
            .all(|(wanted, got)| fits(wanted, got));
    if same {
        return String::new();
    }
    let mut report = format!("{what}:\n");
    for at in 0..wanted.len().max(got.len()) {
        match (wanted.get(at), got.get(at)) {
            (Some(wanted), Some(got)) if fits(wanted, got) => report += &format!("    {got}\n"),
            (wanted, got) => {
                report += &wanted
                    .map(|line| format!("  - {line}\n"))
                    .unwrap_or_default();
                report += &got.map(|line| format!("  + {line}\n")).unwrap_or_default();
            }
        }
    }
    report
}

/// Whether a line fits an expected one, where `@*@` is any text.
fn fits(wanted: &str, got: &str) -> bool {
    let Some((first, rest)) = wanted.split_once("@*@") else {
        return wanted == got;
    };
    let Some(got) = got.strip_prefix(first) else {
        return false;
    };
    (0..=got.len()).any(|at| got.get(at..).is_some_and(|tail| fits(rest, tail)))
}

#[cfg(test)]
mod tests {
    use super::{difference, fits, parse};

    #[test]
    fn sections_and_back() {
        let (head, sections) = parse("Shows x.\n--- file a\n1\n2\n--- run\ncat a\n--- exit 1\n");
        assert_eq!(head, "Shows x.\n");
        let titles: Vec<_> = sections
            .iter()
            .map(|section| section.title.as_str())
            .collect();
        assert_eq!(titles, ["file a", "run", "exit 1"]);
        assert_eq!(sections[0].body, "1\n2\n");
    }

    #[test]
    fn holes_are_any_text_within_a_line() {
        assert!(fits("a@*@c", "abbc"));
        assert!(fits("@*@", ""));
        assert!(!fits("a@*@c", "abbd"));
        assert!(!fits("*", "x"));
    }

    #[test]
    fn every_line_counts() {
        assert_eq!(difference("stdout", "a\nb\n", "a\nb\n"), "");
        assert!(difference("stdout", "a\n", "a\nb\n").contains("+ b"));
        assert!(difference("stdout", "a\n", "").contains("- a"));
    }
}
