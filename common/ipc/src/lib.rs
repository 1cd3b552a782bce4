//! Frames, typed connections, hello, timeouts, a descriptor sent with a message: mechanism, no words.
//!
//! A conversation between two programs is a [`Protocol`]: its name, its request, its reply, the longest frame. The
//! client side is a [`Client`] or a [`Pool`] of them, the server side a [`Server`]. All calls are `async`: on a tokio
//! runtime they wait, and without one (workers, commands) they block inside, so that [`now`] runs the same code to its
//! end. Malformed input is an error value, never a panic, and never a large allocation. Logs nothing but, with
//! `-v`, each message that comes and goes ([`Protocol`] says what of it is shown).

#![warn(missing_docs, clippy::indexing_slicing)]

mod client;
mod connection;
mod error;
mod frame;
mod hello;
mod now;
mod pool;
mod protocol;
mod server;
mod shown;
mod stream;
mod trigger;
#[cfg(feature = "runtime")]
mod waiting;

pub use client::Client;
pub use connection::Connection;
pub use error::Error;
pub use now::now;
pub use pool::Pool;
pub use protocol::{CarriesDescriptor, Message, Protocol};
pub use server::Server;
pub use trigger::{Signal, wake};
