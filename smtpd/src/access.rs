//! Who may do what (SMTPD_ACCESS_README): the restriction lists, compiled at start, evaluated stage by stage.
//!
//! [`Lists`] holds the compiled lists. A session describes its state as [`Facts`] and asks [`Evaluation`] about a stage;
//! the answer is a refusal or nothing, and side effects (hold, redirect, ...) that the session applies to the letter.
//! `defer_if_permit` and `defer_if_reject` reach from one stage into the next: [`Conditions`] carries them.

pub mod action;
pub mod address;
pub mod block_list;
pub mod client;
pub mod evaluate;
pub mod helo;
pub mod lookup;
pub mod object;
pub mod restriction;
pub mod stages;
pub mod unlisted;

use mail::{Address, QueueId};

use crate::hello::Hello;
use crate::peer::Peer;
use crate::reply::Reply;

pub use evaluate::Evaluation;
pub use object::Object;
pub use restriction::{Context, Lists, Restriction};

/// What is known when a restriction is evaluated.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The stage as log lines name it, such as `RCPT`.
    pub stage: &'static str,
    /// The client.
    pub peer: &'a Peer,
    /// What it called itself.
    pub hello: Option<&'a Hello>,
    /// The sender, between MAIL and the end of the message.
    pub sender: Option<&'a Address>,
    /// The recipient in question; after RCPT the only one, if there is only one.
    pub recipient: Option<&'a Address>,
    /// The domain of ETRN.
    pub etrn: Option<&'a [u8]>,
    /// The letter's id, once it has one.
    pub id: Option<&'a QueueId>,
    /// How many recipients were accepted.
    pub recipients: usize,
    /// Whether the client has sent commands ahead of its turn.
    pub pipelined: bool,
}

/// The result of a restriction or of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Go on with the next one.
    Dunno,
    /// The rest of the list is not asked.
    Permit,
    /// The request fails.
    Refuse(Reply),
}

/// Refusals that depend on what comes later.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conditions {
    /// Said instead of accepting (`defer_if_permit`).
    pub if_permit: Option<Reply>,
    /// Said instead of rejecting for good (`defer_if_reject`).
    pub if_reject: Option<Reply>,
}

/// What an access table wants done with a letter besides accepting it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Put it on hold.
    Hold,
    /// Drop it.
    Discard,
    /// Send it through a filter.
    Filter(Vec<u8>),
    /// Deliver it elsewhere.
    Redirect(Address),
    /// Add a recipient.
    Bcc(Address),
    /// Add a header before the others.
    Prepend(Vec<u8>),
}
