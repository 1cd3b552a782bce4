//! One mail transaction, from MAIL to the end of the message. RSET is dropping it.

use mail::stats::Moment;
use mail::{Address, QueueId};
use records::cleanup::Flags;

use crate::access::{Conditions, Effect};
use crate::command::parameter::MailParameters;
use crate::content::Content;
use crate::sink::Sink;

/// A letter in the making.
pub struct Transaction {
    /// When MAIL came.
    pub arrival: Moment,
    /// The sender, in internal form.
    pub sender: Address,
    /// The parameters of MAIL.
    pub parameters: MailParameters,
    /// Whether header addresses are completed as those of this machine's users.
    pub local: bool,
    /// How many recipients were accepted.
    pub recipients: usize,
    /// How many were refused because there were too many.
    pub excess: usize,
    /// The first accepted recipient, as the client wrote it.
    pub first: Option<Address>,
    /// The way into the queue, from the first accepted recipient on.
    pub letter: Option<Sink>,
    /// What access tables want done.
    pub effects: Effects,
    /// The conditions that the sender's restrictions left.
    pub conditions: Conditions,
    /// What cleanup was asked to do when the letter began.
    pub asked: Flags,
    /// The content, once BDAT has begun.
    pub chunks: Option<Content>,
}

/// What access tables want done with a letter.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Effects {
    pub hold: bool,
    pub discard: bool,
    pub filter: Option<Vec<u8>>,
    pub redirect: Option<Address>,
    pub copies: Vec<Address>,
    pub headers: Vec<Vec<u8>>,
}

impl Transaction {
    /// MAIL was accepted.
    pub fn new(sender: Address, parameters: MailParameters) -> Self {
        Self {
            arrival: Moment::now(),
            sender,
            parameters,
            local: false,
            recipients: 0,
            excess: 0,
            first: None,
            letter: None,
            effects: Effects::default(),
            conditions: Conditions::default(),
            asked: Flags::default(),
            chunks: None,
        }
    }

    /// The letter's id, once it has one.
    pub fn id(&self) -> Option<&QueueId> {
        self.letter.as_ref().and_then(Sink::id)
    }

    /// The recipient, when there is exactly one.
    pub const fn only_recipient(&self) -> Option<&Address> {
        if self.recipients == 1 {
            self.first.as_ref()
        } else {
            None
        }
    }
}

impl Effects {
    /// Add what a list wanted; the last filter and the last redirection count.
    pub fn extend(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Hold => self.hold = true,
                Effect::Discard => self.discard = true,
                Effect::Filter(destination) => self.filter = Some(destination),
                Effect::Redirect(address) => self.redirect = Some(address),
                Effect::Bcc(address) => self.copies.push(address),
                Effect::Prepend(header) => self.headers.push(header),
            }
        }
    }
}
