//! A frame: four bytes of length (little endian), then one postcard value that uses every byte.

use crate::{Error, Message};

pub(crate) const HEADER: usize = 4;

/// Append a message as a frame; an error when it is longer than the conversation allows.
pub(crate) fn encode<M: Message>(message: &M, max: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    let mut bytes = std::mem::take(out);
    bytes = postcard::to_extend(message, bytes)
        .map_err(|_| Error::Malformed("a value cannot be encoded"))?;
    let length = bytes.len() - start - HEADER;
    if length > max {
        bytes.truncate(start);
        *out = bytes;
        return Err(Error::Malformed(
            "a message of ours is longer than its conversation allows",
        ));
    }
    let prefix = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    for (slot, byte) in bytes.iter_mut().skip(start).zip(prefix) {
        *slot = byte;
    }
    *out = bytes;
    Ok(())
}

/// The length that a frame's first bytes announce: `None` while they are too few, an error above the maximum.
pub(crate) fn length(bytes: &[u8], max: usize) -> Result<Option<usize>, Error> {
    let Some(prefix) = bytes.first_chunk::<HEADER>() else {
        return Ok(None);
    };
    match usize::try_from(u32::from_le_bytes(*prefix)) {
        Ok(length) if length <= max => Ok(Some(length)),
        _ => Err(Error::Malformed(
            "a frame longer than its conversation allows",
        )),
    }
}

/// Decode a frame's body; nothing may be left over.
pub(crate) fn decode<M: Message>(body: &[u8]) -> Result<M, Error> {
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        Ok(_) => Err(Error::Malformed("bytes left over after a message")),
        Err(_) => Err(Error::Malformed("not a message of this conversation")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_the_way_through_a_frame() {
        let mut out = vec![1, 2];
        encode(&(7_u32, String::from("seven")), 64, &mut out).unwrap();
        let frame = &out[2..];
        let length = length(frame, 64).unwrap().unwrap();
        assert_eq!(frame.len(), HEADER + length);
        assert_eq!(
            decode::<(u32, String)>(&frame[HEADER..]).unwrap(),
            (7, "seven".to_owned())
        );
    }

    #[test]
    fn what_is_left_over_is_refused() {
        assert!(matches!(decode::<u8>(&[1, 2]), Err(Error::Malformed(_))));
    }

    #[test]
    fn a_claimed_length_above_the_maximum_is_refused_at_once() {
        assert!(matches!(
            length(&[255, 255, 255, 255], 1 << 20),
            Err(Error::Malformed(_))
        ));
        assert!(matches!(length(&[1, 0], 1 << 20), Ok(None)));
    }

    #[test]
    fn our_own_message_above_the_maximum_is_refused_and_nothing_is_sent() {
        let mut out = b"kept".to_vec();
        assert!(encode(&vec![0_u8; 100], 50, &mut out).is_err());
        assert_eq!(out, b"kept");
    }
}
