//! Endpoints, networks, timed line streams, listen and connect.
//!
//! Reading order: [`endpoint`] (how configuration names a peer), [`cidr`] (networks), [`peer`] (how addresses are
//! printed), [`interfaces`] (this machine's own addresses), [`stream`] (lines with time limits), [`connect`] and
//! [`listen`]. Never logs, never resolves names: that is `dns`.

#![warn(missing_docs, clippy::indexing_slicing)]

pub mod cidr;
#[cfg(feature = "runtime")]
pub mod connect;
pub mod endpoint;
pub mod interfaces;
#[cfg(feature = "runtime")]
pub mod listen;
pub mod peer;
#[cfg(feature = "runtime")]
pub mod stream;

pub use cidr::{IpNet, Networks};
pub use endpoint::{Endpoint, HostPort};
#[cfg(feature = "runtime")]
pub use stream::{LineEnd, LineStream, StreamError};
