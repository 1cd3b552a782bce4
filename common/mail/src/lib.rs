//! Addresses, quoting, headers, MIME, DSN status, queue ids, delivery times.
//!
//! The nouns of mail as types: text becomes one of them once, at the door, and nothing inside reads the text again.
//! Never does I/O and never logs.

#![warn(missing_docs, clippy::indexing_slicing)]

pub mod address;
pub mod address_list;
pub mod date;
pub mod dsn;
pub mod extension;
pub mod header;
pub mod logged;
pub mod mime;
pub mod outcome;
pub mod path;
pub mod queue_id;
pub mod quote;
pub mod recipient;
pub mod rewrite;
pub mod smtputf8;
pub mod stats;

pub use address::Address;
pub use address_list::AddressList;
pub use dsn::{DsnStatus, Notify, Ret};
pub use logged::logged;
pub use queue_id::QueueId;
pub use recipient::Recipient;
pub use stats::Times;
