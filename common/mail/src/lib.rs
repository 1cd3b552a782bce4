//! Addresses, quoting, headers, MIME, DSN status, queue ids, delivery times.
//!
//! The nouns of mail as types: text becomes one of them once, at the door, and nothing inside reads the text again.
//! Never does I/O and never logs.

#![warn(missing_docs, clippy::indexing_slicing)]

pub mod address;
pub mod dsn;
pub mod outcome;
pub mod queue_id;
pub mod recipient;
pub mod stats;

pub use address::Address;
pub use dsn::{DsnStatus, Notify, Ret};
pub use queue_id::QueueId;
pub use recipient::Recipient;
pub use stats::Times;
