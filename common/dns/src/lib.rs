//! A stub resolver and the record types that mail needs.
//!
//! Open [`ResolvConf`] and [`Hosts`] before the jail, make a [`Resolver`] of them, and ask it inside a tokio runtime:
//! [`Resolver::mx`], [`Resolver::addresses`], [`Resolver::names_of`], [`Resolver::texts`], [`Resolver::aliases`].
//! Reading order: [`failure`] (what can go wrong), [`resolv_conf`], [`hosts`], [`message`] (queries and answers, pure),
//! [`transport`] (servers, retries, UDP and TCP), [`resolver`] (aliases, search lists, the calls).
//! Never validates DNSSEC itself: it reports the server's AD bit. Never logs.

#![warn(missing_docs, clippy::indexing_slicing)]

pub mod failure;
pub mod hosts;
pub mod message;
pub mod resolv_conf;
pub mod resolver;
pub mod transport;

pub use failure::{Failure, Why};
pub use hosts::Hosts;
pub use message::{Kind, Mx};
pub use resolv_conf::ResolvConf;
pub use resolver::{Answer, Families, HostLookup, Resolver, Search};
