//! One delivery: recipients of one message with the same next hop.

use mail::Recipient;

use super::{DestinationId, JobId, MessageId};

/// Recipients that are delivered together.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Their message.
    pub message: MessageId,
    /// Their message's deliveries on this transport.
    pub job: JobId,
    /// Where they are.
    pub destination: DestinationId,
    /// Who they are.
    pub recipients: Vec<Recipient>,
    /// The entry's turn among those of all messages.
    pub rank: u64,
    /// The order in which entries were made.
    pub sequence: u64,
    /// Whether the delivery is going on.
    pub busy: bool,
}
