//! Every conversation between our programs, one file each: request, reply, client call, pinned bytes.
//!
//! A field is an attribute; `{:?}` of a request is the verbose log's list of attributes. What stays on disk is never
//! one of these: queue files and logs have their own formats in the `queue` crate. Nothing here logs or does I/O but
//! through `ipc`.

#![warn(missing_docs, clippy::indexing_slicing)]

pub mod bounce;
pub mod bounded;
pub mod cleanup;
pub mod delivery;
pub mod flush;
pub mod proxymap;
pub mod resolve;
pub mod table;

#[cfg(test)]
mod pinned;
