//! smtpd(8): receives mail over SMTP.
//!
//! Takes clients from master on its sockets, or one on standard input (`-S`, for `sendmail -bs`). Speaks RFC 5321 with
//! the extensions that EHLO lists, asks trivial-rewrite(8) where addresses lead, judges each request by the restriction
//! lists of main.cf, and hands letters to cleanup(8). Says 250 to a letter only after cleanup has said that it is in the
//! queue. Never writes to the queue itself, never needs a right after it has opened its tables.
//! Logs connections, letters, refusals, and each session's statistics.
//!
//! In reading order: [`server`] what is opened and shared, [`session`] the loop, [`command`] what each verb does,
//! [`access`] who may do what, [`content`] and [`sink`] the way of a letter's bytes.

#![warn(clippy::indexing_slicing)]
// The futures of restrictions within commands within sessions are nested deeper than the default allows.
#![recursion_limit = "256"]

pub mod access;
pub mod command;
pub mod config;
pub mod content;
pub mod event;
pub mod footer;
pub mod forward;
pub mod hello;
pub mod keywords;
pub mod limits;
pub mod notice;
pub mod peer;
pub mod received;
pub mod reply;
pub mod routes;
pub mod server;
pub mod session;
pub mod sink;
pub mod space;
pub mod statistics;
pub mod tables;
pub mod transaction;
pub mod transcript;
pub mod unbuilt;
