//! Redis, as `redis_table` speaks it: replies, queries, and sessions that find the node of a key in a cluster.
//!
//! The protocol is small, and spoken here rather than by a library, so that TLS and time limits are those of the other drivers.

#![warn(missing_docs, clippy::indexing_slicing)]

pub mod query;
pub mod reply;
pub mod session;

/// The slot of a key in a cluster: the CRC-16 (XMODEM) of the key, or of what stands between its first `{` and the `}` behind it.
#[must_use]
pub fn slot(key: &[u8]) -> u16 {
    let open = key.iter().position(|&byte| byte == b'{');
    let tag = open.and_then(|open| {
        let rest = key.get(open + 1..)?;
        let close = rest.iter().position(|&byte| byte == b'}')?;
        rest.get(..close).filter(|tag| !tag.is_empty())
    });
    let mut crc: u16 = 0;
    for &byte in tag.unwrap_or(key) {
        crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            let carry = crc & 0x8000 != 0;
            crc <<= 1;
            if carry {
                crc ^= 0x1021;
            }
        }
    }
    crc % 16384
}

#[cfg(test)]
mod tests {
    use super::slot;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(slot(b"123456789"), 0x31c3);
        assert_eq!(slot(b"{user1000}.following"), slot(b"{user1000}.followers"));
        assert_eq!(slot(b"foo{}{bar}"), slot(b"foo{}{bar}"));
        assert_ne!(slot(b"foo{{bar}}zap"), slot(b"{bar}"));
        assert_eq!(slot(b"foo{{bar}}zap"), slot(b"x{{bar}y"));
    }
}
