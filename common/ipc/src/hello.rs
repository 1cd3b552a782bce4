//! The hello that opens each direction: which conversation this is, and the shape of its messages.
//!
//! postcard is not self-describing, so programs of different builds must notice that they differ instead of misreading
//! each other: the key changes with every field or variant that is renamed, moved, added or dropped.

use postcard_schema::key::Key;

use crate::{Error, Protocol};

const MAGIC: [u8; 4] = *b"FPH1";

/// The length of a hello, in bytes.
pub(crate) const LENGTH: usize = 4 + 8 + 8;

/// The hello of one conversation.
pub(crate) fn of<P: Protocol>() -> [u8; LENGTH] {
    let request = Key::for_path::<P::Request>(P::NAME).to_bytes();
    let reply = Key::for_path::<P::Reply>(P::NAME).to_bytes();
    let mut hello = [0; LENGTH];
    let bytes = MAGIC.iter().chain(&request).chain(&reply);
    for (slot, &byte) in hello.iter_mut().zip(bytes) {
        *slot = byte;
    }
    hello
}

/// Compare the peer's hello with ours.
pub(crate) fn check<P: Protocol>(received: &[u8]) -> Result<(), Error> {
    if received == of::<P>() {
        Ok(())
    } else if received.starts_with(&MAGIC) {
        Err(Error::Malformed(
            "the peer speaks another version of this conversation; was the system restarted after the upgrade?",
        ))
    } else {
        Err(Error::Malformed(
            "the peer does not speak this conversation",
        ))
    }
}
