//! The only unsafe code: ids, rights, fork and exec, descriptors, locks, signals, passing descriptors.
//!
//! Everything here has a safe signature; callers keep `unsafe_code = "forbid"`. Each noun has its file. Nothing here
//! logs or decides policy: errors are `std::io::Error` values for the caller to report.

pub mod ancillary;
pub mod command;
pub mod descriptor;
pub mod interfaces;
#[cfg(feature = "lmdb")]
pub mod lmdb;
pub mod lock;
#[cfg(feature = "patterns")]
pub mod pcre;
pub mod peer;
#[cfg(feature = "patterns")]
pub mod posix_regex;
pub mod process;
mod reason;
pub mod rights;
pub mod signal;
pub mod time;
pub mod users;
pub mod watchdog;

pub use nix;
pub use reason::reason;
