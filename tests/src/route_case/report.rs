//! `sendmail -bv`: what would become of mail, as the log and the report to the asker say.

use super::{Letter, outcome};
use crate::Instance;

/// Fields of a report whose values are the same in all systems.
const FIELDS: [&str; 5] = [
    "Final-Recipient",
    "Original-Recipient",
    "Action",
    "Status",
    "Remote-MTA",
];

/// Asks, waits for the report in the queue, and shows both.
pub(super) fn asked(mail: &Instance, letter: &Letter) -> String {
    let before = mail.log().find("pickup", "{id}: uid=*").len();
    let called = mail
        .command("sendmail")
        .args(["-bv", "-f", &letter.sender, "--"])
        .args(&letter.recipients)
        .run();
    if called.code != 0 {
        return format!("    sendmail: exit {}\n", called.code);
    }
    let id = mail
        .log()
        .wait_nth(before + 1, "pickup", "{id}: uid=*")
        .id();
    let report = mail.log().wait(
        "bounce",
        &format!("{id}: sender delivery status notification: *"),
    );
    let report = report
        .text
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .to_owned();
    // Its file is whole, and stays, when it has a recipient that waits.
    mail.log()
        .wait("*", &format!("{report}: to=*, status=deferred *"));
    outcome(mail, letter, &id) + &fields(mail, &report)
}

/// The fields of the report's machine-readable part, recipient by recipient, and the recipients in the header of the letter
/// that it returns.
fn fields(mail: &Instance, report: &str) -> String {
    let shown = mail.command("postcat").args(["-bq", report]).run().out;
    let unfolded = shown.replace("\n\t", " ").replace("\n    ", " ");
    let mut recipients: Vec<String> = Vec::new();
    let mut header = String::new();
    for line in unfolded.lines() {
        let name = line.split(':').next().unwrap_or_default();
        if name == "Final-Recipient" {
            recipients.push(String::new());
        }
        let shown = format!("    | {line}\n");
        match recipients.last_mut() {
            Some(recipient) if FIELDS.contains(&name) => *recipient += &shown,
            _ if name == "To" => {
                let addresses: String = line.split_whitespace().collect();
                header = format!("    | To: {}\n", addresses.trim_start_matches("To:"));
            }
            _ => {}
        }
    }
    recipients.sort();
    recipients.concat() + &header
}
