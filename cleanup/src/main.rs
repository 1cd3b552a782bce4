//! cleanup(8) - make a queue file of a letter.
//!
//! Takes queue-file records from smtpd, pickup, qmqpd, local, bounce and verify; completes and rewrites headers and
//! addresses, expands virtual aliases, adds copies, checks sizes, hops and MIME rules; commits the file to incoming/ (or
//! hold/) and wakes the queue manager. Its answer is given only after the file is on stable storage.
//! Never delivers, never changes a letter that was committed, never leaves a file of one that was refused.
//! Logs the message id of each letter, what was refused, and files that are taken back.

mod bounce;
mod commit;
mod config;
mod content;
mod duplicates;
mod envelope;
mod flow;
mod from_header;
mod header;
mod letter;
mod mapping;
mod masquerade;
mod missing;
mod recipient;
mod server;

fn main() -> std::process::ExitCode {
    service::conversations::<server::Cleanup>()
}
