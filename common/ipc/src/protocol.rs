//! What a conversation is made of.

use postcard_schema::Schema;
use serde::{Serialize, de::DeserializeOwned};

use crate::shown::shown;

/// A value that travels in one frame.
pub trait Message: Serialize + DeserializeOwned + Schema {}

impl<T: Serialize + DeserializeOwned + Schema> Message for T {}

/// One conversation: implemented by an empty enum that names it.
pub trait Protocol {
    /// The conversation's name, said in the hello.
    const NAME: &'static str;
    /// The longest encoded message, in bytes. A peer that announces more is refused before any allocation.
    const MAX_FRAME: usize = 64 * 1024;
    /// What the client says.
    type Request: Message;
    /// What the server says.
    type Reply: Message;

    /// A request as the verbose log has it. A conversation that carries secrets or mail leaves them out here.
    #[must_use]
    fn shown_request(request: &Self::Request) -> String {
        shown(request)
    }

    /// A reply as the verbose log has it; see [`Self::shown_request`].
    #[must_use]
    fn shown_reply(reply: &Self::Reply) -> String {
        shown(reply)
    }
}

/// A conversation in which each request brings exactly one open descriptor.
pub trait CarriesDescriptor: Protocol {}
