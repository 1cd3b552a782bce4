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
//! | `smtp-letters` | the same, sent over SMTP from 127.0.0.1 |
//! | `results` | for each letter its line, each recipient with sender, original recipient, transport and next hop, and those headers |
//!
//! Every transport is a retry(8) service, which logs its next hop and keeps the letters in the queue, where postcat shows their
//! headers. So a case delivers nothing and needs no server.

use crate::case_file::{self, CaseFile};
use crate::instance::Instance;
use crate::wait::wait_until;
use crate::{Machine, Mta, Setup};

const SECTIONS: [&str; 7] = [
    "only",
    "main",
    "transports",
    "file",
    "letters",
    "smtp-letters",
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
    let mut results = String::new();
    let local = letters(case.body("letters").unwrap_or_default());
    let remote = letters(case.body("smtp-letters").unwrap_or_default());
    for (number, letter) in local.iter().chain(&remote).enumerate() {
        let mark = format!("{number}@case.example");
        results += &format!("{} {}\n", letter.sender, letter.recipients.join(" "));
        let refused = if number < local.len() {
            submit(&mail, letter, &mark)
        } else {
            send(&mail, letter, &mark)
        };
        results += &match refused {
            Some(reply) => format!("    {reply}\n"),
            None => outcome(&mail, letter, &mark),
        };
    }
    case.judge(mta, &[("results", results)])
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
    for name in TRANSPORTS.into_iter().chain(more) {
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

fn send(mail: &Instance, letter: &Letter, mark: &str) -> Option<String> {
    let mut client = mail.smtp();
    let sender = letter.sender.trim_matches(['<', '>']);
    let mail_from = client.say(&format!("MAIL FROM:<{sender}>"));
    if mail_from.code() != 250 {
        return Some(mail_from.text());
    }
    for recipient in &letter.recipients {
        let reply = client.say(&format!("RCPT TO:<{recipient}>"));
        if reply.code() != 250 {
            return Some(reply.text());
        }
    }
    let reply = client.data_reply(&text(letter, mark).replace('\n', "\r\n"));
    (reply.code() != 250).then(|| reply.text())
}

/// What the log and the queue file say of a letter.
fn outcome(mail: &Instance, letter: &Letter, mark: &str) -> String {
    let id = mail
        .log()
        .wait("cleanup", &format!("*: message-id=<{mark}>"))
        .id();
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
        headers(mail, letter, &id)
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
