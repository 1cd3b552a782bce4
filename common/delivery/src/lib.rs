//! What every delivery agent does: take a request, report what became of its recipients, mark them done.
//!
//! An [`Agent`] (or, where it takes on users' identities, a [`WorkerAgent`]) gets a [`Delivery`], does its work, and says
//! for each recipient what became of it; everything else is done here: the log line, the entry in the bounce, defer or trace log, the mark in the queue file, the answer
//! to qmgr(8). A recipient is marked as done only after the mail, or the entry that will make its notice, is on stable storage.
//!
//! Never decides where mail goes. Logs one line for each recipient.

#![warn(missing_docs, clippy::indexing_slicing)]

pub mod agent;
pub mod command;
pub mod content;
pub mod copy;
pub mod delivered_to;
pub mod delivery;
pub mod envelope_lines;
pub mod failure;
mod filter;
pub mod lock;
pub mod maildir;
pub mod mbox;
pub mod pass;
pub mod post;
pub mod reporter;
pub mod status_line;
pub mod sysexits;
mod waiting;

pub use agent::{Agent, WorkerAgent, run, run_worker};
pub use command::Command;
pub use content::{Content, Line};
pub use delivered_to::DeliveredTo;
pub use delivery::Delivery;
pub use envelope_lines::EnvelopeLines;
pub use failure::{Cause, Failure};
pub use lock::{DotLock, LockMethod, Locking};
pub use maildir::Maildir;
pub use mbox::{Ids, Mbox};
pub use pass::pass;
pub use post::{Envelope, Post, PostError, Posting};
pub use reporter::{Attempt, Config, Fate, Reporter};
pub use status_line::Status;
