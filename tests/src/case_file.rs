//! A case as a text file: a sentence that says what it shows, then sections that begin with `--- `.
//!
//! Which sections there are is told by the kind of case; here they are read, compared with what came out, and written again
//! with what one system answers. A section `WHAT postfix: REASON` (or `ferropost`) holds what that system does instead of the
//! others; `only SYSTEM: REASON` keeps the case from the other one; in expected text `@*@` stands for any text within a line.
//!
//! `GOLDEN_RECORD=postfix` (or `ferropost`) writes what that system answers into the case file instead of failing.

use crate::{Machine, Mta};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// One case file.
pub struct CaseFile {
    /// `ROOM::NAME`.
    pub name: String,
    path: PathBuf,
    order: &'static [&'static str],
    head: String,
    sections: Vec<Section>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    /// The words after the dashes.
    title: String,
    body: String,
}

impl Section {
    /// A section with its title; `exit 1` is short for a section `exit` with the line `1`.
    fn headed(title: &str) -> Self {
        if let Some(rest) = title.strip_prefix("exit ") {
            let (code, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            return Self {
                title: format!("exit {rest}").trim_end().to_owned(),
                body: format!("{code}\n"),
            };
        }
        Self {
            title: title.to_owned(),
            body: String::new(),
        }
    }

    fn write(&self, text: &mut String) {
        match self.title.strip_prefix("exit") {
            Some(rest) => *text += &format!("--- exit {}{rest}\n", self.body.trim_end()),
            None => *text += &format!("--- {}\n{}", self.title, self.body),
        }
    }
}

/// Makes two tests of each case, `ROOM::NAME::ferropost` and `::postfix`, and runs those that the command line selects.
pub fn harness(
    cases: fn() -> Vec<CaseFile>,
    run: fn(&mut CaseFile, Mta, Machine) -> Result<(), String>,
) -> ExitCode {
    let mut trials = Vec::new();
    for mta in [Mta::Ferropost, Mta::Postfix] {
        if std::env::var("MTA_UNDER_TEST").is_ok_and(|wanted| wanted != mta.name()) {
            continue;
        }
        for case in cases().into_iter().filter(|case| case.is_for(mta)) {
            let name = format!("{}::{}", case.name, mta.name());
            trials.push(Trial::test(name, move || trial(case, mta, run)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// On a thread of its own, because the private machine is that of a thread.
fn trial(
    mut case: CaseFile,
    mta: Mta,
    run: fn(&mut CaseFile, Mta, Machine) -> Result<(), String>,
) -> Result<(), Failed> {
    let work = move || {
        let machine = match Machine::enter() {
            Ok(machine) => machine,
            Err(reason) => {
                println!("skipped: {reason}");
                return Ok(());
            }
        };
        let log = machine.log.clone();
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&mut case, mta, machine)));
        outcome.unwrap_or_else(|_| Err(format!("it panicked; the log:\n{}", log.text())))
    };
    let outcome = std::thread::spawn(work).join();
    outcome.expect("a caught panic").map_err(Failed::from)
}

/// Every case below a directory of this package, in the order of their names. `order` names the sections there may be.
///
/// # Panics
/// When the directory cannot be read or a case makes no sense.
pub fn all(directory: &str, order: &'static [&'static str]) -> Vec<CaseFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut cases = Vec::new();
    for room in entries(&root) {
        for file in entries(&room) {
            if file
                .extension()
                .is_some_and(|extension| extension == "case")
            {
                cases.push(CaseFile::read(&file, order));
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

impl CaseFile {
    /// The folder of the case file.
    pub fn room(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    fn read(path: &Path, order: &'static [&'static str]) -> Self {
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
            order,
            head,
            sections,
        };
        case.check();
        case
    }

    fn check(&self) {
        for section in &self.sections {
            let word = section.title.split(' ').next().unwrap_or_default();
            assert!(
                self.order.contains(&word),
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

    /// Compares what came out with what the case expects of one system, or records it.
    ///
    /// # Errors
    /// What was other than expected.
    pub fn judge(&mut self, mta: Mta, answers: &[(&str, String)]) -> Result<(), String> {
        if std::env::var("GOLDEN_RECORD").is_ok_and(|record| record == mta.name()) {
            self.record(mta, answers);
            fs::write(&self.path, self.text()).expect("write a case");
            return Ok(());
        }
        let report: String = answers
            .iter()
            .map(|(what, actual)| difference(what, self.expected(what, mta), actual))
            .collect();
        if report.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{}: {}\n{report}",
            self.path.display(),
            self.head.trim()
        ))
    }

    /// The input files: names and texts.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sections.iter().filter_map(|section| {
            Some((section.title.strip_prefix("file ")?, section.body.as_str()))
        })
    }

    /// The text of a section.
    pub fn body(&self, title: &str) -> Option<&str> {
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

    fn record(&mut self, mta: Mta, answers: &[(&str, String)]) {
        for (what, actual) in answers {
            if difference(what, self.expected(what, mta), actual).is_empty() {
                continue;
            }
            match self.expectation(what, mta) {
                Some(at) => self.sections[at].body.clone_from(actual),
                None => self.sections.push(Section {
                    title: (*what).to_owned(),
                    body: actual.clone(),
                }),
            }
        }
        self.sections.retain(|section| {
            !section.body.is_empty() || !answers.iter().any(|(what, _)| section.title == *what)
        });
        let order = self.order;
        self.sections.sort_by_key(|section| {
            order
                .iter()
                .position(|word| section.title.starts_with(word))
        });
    }

    fn text(&self) -> String {
        let mut text = self.head.clone();
        for section in &self.sections {
            section.write(&mut text);
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
            sections.push(Section::headed(title.trim_end()));
        } else if let Some(section) = sections.last_mut() {
            section.body += line;
        } else {
            head += line;
        }
    }
    (head, sections)
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
        assert_eq!(titles, ["file a", "run", "exit"]);
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
