//! smtp(8) and lmtp(8): send mail over the network.
//!
//! One program under two names. A request of qmgr(8) becomes an [`attempt`]: idle sessions of the [`pool`] first, then the
//! [`servers`] of each [`destination`], one [`transaction`] in each [`session`], until every recipient is decided. Under
//! that: [`command`], [`reply`], [`features`], [`body`] (the protocol's bytes, pure), [`failure`] and [`phase`] (its texts).
//! Never touches the queue folders: it works on the open queue file that comes with a request. Logs one line for each
//! recipient (by `delivery`) and one for each connection or server that failed before that.

pub mod agent;
pub mod attempt;
pub mod body;
pub mod command;
#[cfg(test)]
mod conversations;
pub mod destination;
pub mod failure;
pub mod features;
pub mod flags;
pub mod generic;
pub mod load;
pub mod phase;
pub mod pool;
pub mod reply;
pub mod server;
pub mod servers;
pub mod session;
pub mod settings;
pub mod transaction;
