//! Route cases: what becomes of senders, recipients and headers under a configuration, and where they would go.
//!
//! Case files (see [`crate::case_file`]) at `tests/routes/ROOM/NAME.case` with these sections:
//!
//! | section | what it holds |
//! |---|---|
//! | `main` | settings added to the suite's main.cf |
//! | `transports` | names of transports that master.cf has beside the stock ones |
//! | `file NAME` | a file beside main.cf |
//! | `letters` | letters given to sendmail: `SENDER RECIPIENT...`, and header lines of theirs, indented |
//! | `smtp-letters` | the same, sent over SMTP from 127.0.0.1; one that a table makes wait is shown with its reply |
//! | `stranger-letters` | the same, from an address outside of mynetworks |
//! | `questions` | `SENDER RECIPIENT...`, asked with `sendmail -bv` |
//! | `agents` | transports that are real: `local` and such |
//! | `show` | `warnings`: with each letter, what was warned of meanwhile; `tables NAME...`: at the end, who warned of one of these |
//! | `results` | for each letter its line, each recipient with sender, original recipient, transport and next hop, and those headers; for each question the fields of its report, too |
//!
//! Every other transport is a retry(8) service, which logs its next hop and keeps the letters in the queue, where postcat shows their
//! headers. So a case delivers nothing and needs no server.

use crate::case_file::{self, CaseFile};
use crate::client::Client;
use crate::instance::Instance;
use crate::wait::wait_until;
use crate::{Machine, Mta, Setup};

mod report;

const SECTIONS: [&str; 11] = [
    "only",
    "main",
    "transports",
    "agents",
    "file",
    "show",
    "letters",
    "smtp-letters",
    "stranger-letters",
    "questions",
    "results",
];
const TRANSPORTS: [&str; 7] = [
    "smtp", "relay", "lmtp", "local", "virtual", "error", "retry",
];

/// Every route case.
pub fn all() -> Vec<CaseFile> {
    case_file::all("routes", &SECTIONS)
}

/// Runs a case on one system.
///
/// # Errors
/// What was other than expected.
pub fn run(case: &mut CaseFile, mta: Mta, machine: Machine) -> Result<(), String> {
    let mail = start(case, mta, machine);
    let show = case.body("show").unwrap_or_default().trim_end().to_owned();
    let mut results = String::new();
    let mut number = 0;
    for way in [Way::Sendmail, Way::Smtp, Way::Stranger, Way::Question] {
        for letter in letters(case.body(way.section()).unwrap_or_default()) {
            results += &format!("{} {}\n", letter.sender, letter.recipients.join(" "));
            let mark = format!("{number}@case.example");
            let before = mail.log().lines().len();
            results += &way.outcome(&mail, &letter, &mark);
            if show == "warnings" {
                results += &warned(&mail, before, None);
            }
            number += 1;
        }
    }
    if let Some(tables) = show.strip_prefix("tables ") {
        results += &format!("warnings\n{}", warned(&mail, 0, Some(tables)));
    }
    case.judge(mta, &[("results", results)])
}

/// How a letter comes in.
#[derive(Clone, Copy)]
enum Way {
    Sendmail,
    Smtp,
    Stranger,
    Question,
}

impl Way {
    const fn section(self) -> &'static str {
        match self {
            Self::Sendmail => "letters",
            Self::Smtp => "smtp-letters",
            Self::Stranger => "stranger-letters",
            Self::Question => "questions",
        }
    }

    fn outcome(self, mail: &Instance, letter: &Letter, mark: &str) -> String {
        let refused = match self {
            Self::Sendmail => submit(mail, letter, mark),
            Self::Smtp => send(mail.connect(), letter, mark),
            Self::Stranger => send(mail.connect_from("127.0.0.9"), letter, mark),
            Self::Question => return report::asked(mail, letter),
        };
        match refused {
            Some(reply) => format!("    {reply}\n"),
            None => {
                let logged = mail
                    .log()
                    .wait("cleanup", &format!("*: message-id=<{mark}>"));
                outcome(mail, letter, &logged.id())
            }
        }
    }
}

struct Letter {
    sender: String,
    recipients: Vec<String>,
    headers: String,
}

fn letters(text: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    for line in text.lines() {
        if let (Some(header), Some(letter)) = (line.strip_prefix("    "), letters.last_mut()) {
            letter.headers += &format!("{header}\n");
            continue;
        }
        let mut words = line.split(' ').map(str::to_owned);
        letters.push(Letter {
            sender: words.next().unwrap_or_default(),
            recipients: words.collect(),
            headers: String::new(),
        });
    }
    letters
}

fn start(case: &CaseFile, mta: Mta, machine: Machine) -> Instance {
    let mut setup = Setup::new(mta, machine);
    let more = case
        .body("transports")
        .unwrap_or_default()
        .split_whitespace();
    let real: Vec<_> = case
        .body("agents")
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let stubs = TRANSPORTS.into_iter().chain(more);
    for name in stubs.filter(|name| !real.contains(name)) {
        setup = setup.service(&format!(
            "{name} unix - - n - 1 error -n retry -o syslog_name=postfix/{name}"
        ));
    }
    for line in case.body("main").unwrap_or_default().lines() {
        let (name, value) = line.split_once('=').expect("a setting");
        setup = setup.set(name.trim(), value.trim());
    }
    for (name, text) in case.files() {
        setup = setup.file(name, text);
    }
    setup.start()
}

fn text(letter: &Letter, mark: &str) -> String {
    format!("Message-ID: <{mark}>\n{}\nbody\n", letter.headers)
}

fn submit(mail: &Instance, letter: &Letter, mark: &str) -> Option<String> {
    let outcome = mail
        .command("sendmail")
        .args(["-f", &letter.sender, "--"])
        .args(&letter.recipients)
        .input(text(letter, mark))
        .run();
    (outcome.code != 0).then(|| format!("sendmail: exit {}", outcome.code))
}

fn send(mut client: Client, letter: &Letter, mark: &str) -> Option<String> {
    let sender = letter.sender.trim_matches(['<', '>']);
    let mut commands = vec![
        "EHLO client.example".to_owned(),
        format!("MAIL FROM:<{sender}>"),
    ];
    let recipients = letter.recipients.iter();
    commands.extend(recipients.map(|recipient| format!("RCPT TO:<{recipient}>")));
    commands.push("DATA".to_owned());
    for command in commands {
        let reply = client.say(&command);
        if !matches!(reply.code(), 250 | 354) {
            return Some(reply.text());
        }
    }
    let reply = client.content(&text(letter, mark));
    (reply.code() != 250).then(|| reply.text())
}

/// What the log and the queue file say of a letter.
fn outcome(mail: &Instance, letter: &Letter, id: &str) -> String {
    let queued = mail
        .log()
        .wait("qmgr", &format!("{id}: from=*, nrcpt=*(queue active)"));
    let count: usize = queued
        .field("nrcpt")
        .and_then(|count| count.parse().ok())
        .expect("nrcpt");
    let mut lines = wait_until(&format!("{count} recipients of {id}"), || {
        let found = mail.log().find("*", &format!("{id}: to=*, status=*"));
        (found.len() >= count).then(|| {
            found
                .iter()
                .map(|line| {
                    let transport = line.tag.split('/').nth(1).unwrap_or_default();
                    let after = |mark: &str, end: &str| {
                        Some(line.text.split_once(mark)?.1.split_once(end)?.0)
                    };
                    let to = after(": to=", ", ").unwrap_or_default();
                    let original = after(", orig_to=", ", ")
                        .map(|value| format!(" orig_to={value}"))
                        .unwrap_or_default();
                    let nexthop = line
                        .text
                        .split_once(" status=")
                        .and_then(|(_, rest)| rest.split_once(" ("))
                        .map_or("", |(_, rest)| rest.trim_end_matches(')'));
                    format!("    {to}{original} via {transport}:{nexthop}\n")
                })
                .collect::<Vec<_>>()
        })
    });
    lines.sort();
    let sender = queued
        .text
        .split_once(" from=")
        .and_then(|(_, rest)| rest.split_once(", size="))
        .map_or("", |(sender, _)| sender);
    format!(
        "    from {sender}\n{}{}",
        lines.concat(),
        headers(mail, letter, id)
    )
}

fn headers(mail: &Instance, letter: &Letter, id: &str) -> String {
    if letter.headers.is_empty() {
        return String::new();
    }
    let names: Vec<_> = letter
        .headers
        .lines()
        .filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase()))
        .collect();
    let shown = mail.command("postcat").args(["-hq", id]).run().out;
    let mut ours = false;
    let mut text = String::new();
    for line in shown.lines() {
        if !line.starts_with([' ', '\t']) {
            ours = line
                .split_once(':')
                .is_some_and(|(name, _)| names.contains(&name.to_ascii_lowercase()));
        }
        if ours {
            text += &format!("    | {line}\n");
        }
    }
    text
}

/// The warnings that came after the first `before` lines, each once.
fn warned(mail: &Instance, before: usize, tables: Option<&str>) -> String {
    // Programs log before they answer, but the harness reads its log beside the answers.
    std::thread::sleep(std::time::Duration::from_millis(40));
    let mut shown = Vec::new();
    for line in mail.log().lines().iter().skip(before) {
        let program = line.tag.rsplit('/').next().unwrap_or_default();
        // A stub is given what is for others.
        if program == "error" || !line.text.contains("warning: ") {
            continue;
        }
        let said = match tables {
            None => Some(format!("warns: {}", without_id(&line.text))),
            Some(tables) => tables
                .split(' ')
                .find(|table| line.text.contains(table))
                .map(|table| format!("warns of {table}")),
        };
        let text = said.map(|said| format!("    {program} {said}\n"));
        shown.extend(text.filter(|text| !shown.contains(text)));
    }
    shown.sort();
    shown.concat()
}

/// A warning's text, with `ID` for the queue id that it is about.
fn without_id(text: &str) -> String {
    let (_, warning) = text.split_once("warning: ").unwrap_or_default();
    match warning.split_once(": ") {
        Some((first, rest)) if first.len() > 8 && is_queue_id(first) => format!("ID: {rest}"),
        _ => warning.to_owned(),
    }
}

fn is_queue_id(word: &str) -> bool {
    word.bytes()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}
