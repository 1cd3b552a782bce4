//! The start of a command: its options as getopt(3) reads them, its settings, its log.
//!
//! A command calls [`stderr_log`], reads its [`options`], loads its settings with [`settings`] and returns; what it
//! cannot go on without is a [`Fatal`], which [`Fatal::report`] logs and turns into an exit status. A command with more
//! rights than its caller (set-gid) is told apart here: it takes no configuration directory that the stock main.cf does
//! not list, and appends to no log file by itself. Light enough for set-gid commands: no runtime, no sockets but the log's.

#![warn(missing_docs)]

mod fatal;
mod options;
pub mod postdrop;
mod start;
pub mod users;

pub use fatal::Fatal;
pub use options::{Arguments, Given, UsageError, options};
pub use start::{program_name, settings, stderr_log};
