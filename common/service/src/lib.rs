//! The daemon skeleton: how a daemon starts, gives up its rights, takes clients, and leaves.
//!
//! A daemon says what it opens while it still has rights and what it does with a client; the skeleton does the rest.
//! Its order is always the same: options → settings → log → queue folder → the daemon's `open` → jail → loop → ready
//! to master → clients, while there are free places → until the use or idle limit, a reload, or the end of master.
//! [`conversations`] serves many clients from one thread, [`worker`] one after another in blocking code as root,
//! [`triggered`] reacts to wake-up calls, [`datagrams`] to single packets. Logs why a daemon cannot start or go on.

#![warn(missing_docs)]

mod client;
mod conversation;
mod datagram;
mod debugger;
mod exit;
mod limits;
mod options;
mod panics;
mod place;
mod runtime;
mod sockets;
mod standard;
mod start;
mod status;
mod trigger;
mod worker;

pub use client::{Client, Socket};
pub use conversation::{Conversations, conversations};
pub use datagram::{Datagrams, datagrams};
pub use exit::Fatal;
pub use limits::Process;
pub use place::Place;
pub use start::{Flow, Start};
pub use trigger::{Trigger, Triggered, Triggers, triggered};
pub use worker::{Turn, Worker, worker};
