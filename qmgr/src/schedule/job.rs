//! The deliveries of one message on one transport.

use super::{MessageId, TransportId};

/// A message's share of a transport.
#[derive(Clone, Debug)]
pub struct Job {
    /// The message.
    pub message: MessageId,
    /// The transport.
    pub transport: TransportId,
    /// How many entries it has.
    pub entries: usize,
    next_rank: u64,
}

impl Job {
    /// A job that comes when the transport is at that turn.
    #[must_use]
    pub const fn new(message: MessageId, transport: TransportId, turn: u64) -> Self {
        Self {
            message,
            transport,
            entries: 0,
            next_rank: turn + 1,
        }
    }

    /// The turn of a new entry: one entry of each message in each turn.
    pub const fn next_rank(&mut self) -> u64 {
        let rank = self.next_rank;
        self.next_rank += 1;
        self.entries += 1;
        rank
    }
}
