//! Levels, the log line, and the syslog and postlog transports.
//!
//! A program opens its log once, at its start and before any jail ([`open`]); from then on [`info!`], [`warning!`],
//! [`error!`], [`fatal!`] and [`verbose!`] send one line each, with one system call. The log is the one piece of state
//! a program has for all its parts. Logging never fails visibly: a line that cannot be sent is tried once more on a
//! new connection and then goes to standard error where there is one.

#![warn(missing_docs)]

mod detail;
mod file;
pub mod level;
pub mod line;
mod logger;
mod syslog_socket;

pub use detail::{raise, separately, set_verbose, verbose_level};
pub use level::Level;
pub use logger::{Destination, Options, open, open_early, tag, write};
pub use syslog_socket::lost;

/// Log a normal event.
#[macro_export]
macro_rules! info {
    ($($arg:tt)*) => { $crate::write($crate::Level::Info, format_args!($($arg)*)) };
}

/// Log something an administrator should look at; the program goes on.
#[macro_export]
macro_rules! warning {
    ($($arg:tt)*) => { $crate::write($crate::Level::Warning, format_args!($($arg)*)) };
}

/// Log an error; the program goes on.
#[macro_export]
macro_rules! error {
    ($($arg:tt)*) => { $crate::write($crate::Level::Error, format_args!($($arg)*)) };
}

/// Log why the program cannot go on. Only logs: the caller ends the program.
#[macro_export]
macro_rules! fatal {
    ($($arg:tt)*) => { $crate::write($crate::Level::Fatal, format_args!($($arg)*)) };
}

/// Log an inconsistency in the program itself.
#[macro_export]
macro_rules! bug {
    ($($arg:tt)*) => { $crate::write($crate::Level::Panic, format_args!($($arg)*)) };
}

/// Log a detail when the verbosity (`-v`) is at least the given level; formats nothing otherwise.
#[macro_export]
macro_rules! verbose {
    ($level:expr, $($arg:tt)*) => {
        if $crate::verbose_level() >= $level {
            $crate::write($crate::Level::Info, format_args!($($arg)*))
        }
    };
}
