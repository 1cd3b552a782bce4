//! The reference's listing protocol: names and values that end in NUL, and an empty name after each message and at the
//! end. It begins with the name of the protocol.

/// What a new connection says first.
pub(crate) const GREETING: &[u8] = b"protocol\0mail_queue_list_protocol\0\0";

/// The end of a message's attributes, and of the whole list.
pub(crate) const END: u8 = 0;

/// Append one attribute. A NUL cannot stand in a value: it would end it.
pub(crate) fn attribute(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    out.extend(
        value
            .iter()
            .map(|&byte| if byte == 0 { b'?' } else { byte }),
    );
    out.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_cannot_forge_an_attribute() {
        let mut out = Vec::new();
        attribute(&mut out, "sender", b"a\0queue_id\0b");
        assert_eq!(out, b"sender\0a?queue_id?b\0");
    }
}
