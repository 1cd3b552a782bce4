//! bounce(8), also the services `defer` and `trace`: what became of recipients is kept in a log for each message, and the
//! sender gets the notice that is owed.
//!
//! Delivery agents and qmgr(8) append recipients; qmgr asks for notices when a message is done. An entry is on stable
//! storage before the answer says so, and a log is removed only after its notice is in the queue.
//! Never opens anything but logs and queue files; letters go through cleanup(8).
//! Logs each notice with its queue id, and what went wrong with one.

mod notice;
mod original;
mod report;
mod server;
mod system;
mod wrap;

use std::process::ExitCode;

fn main() -> ExitCode {
    service::conversations::<server::Bouncing>()
}
