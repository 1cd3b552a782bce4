//! qmgr(8) - the queue manager: takes mail in, decides what is delivered when, and keeps or removes what is left.
//!
//! A letter's way, in reading order: `intake` claims its queue file by a rename into active/ and reads it; `route` finds
//! transport and next hop of each recipient; `schedule` decides; `dispatch` and `agents` hand the open file to a delivery
//! agent; `finish` sends the notices that are owed, and removes, defers or returns the letter. `scans` looks for letters
//! that nobody announced. One letter is a `message` in memory; `manager` holds it all together.
//!
//! Never changes content, never decides about a recipient by itself unless no agent can be asked. A damaged queue file goes to
//! corrupt/ with a warning, and the rest goes on. Logs when a letter becomes active, expires, is removed.

mod agents;
mod config;
mod dispatch;
mod finish;
mod flow;
mod intake;
mod manager;
mod message;
mod remover;
mod route;
mod scans;
pub mod schedule;

pub use manager::Qmgr;

#[cfg(test)]
mod tests;
