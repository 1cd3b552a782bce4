//! The list as JSON: one object for each message, each on its line.

use std::io::{self, Write};

use crate::listing::{Message, Recipient};
use crate::text::printable;

/// Print one message.
pub(crate) fn message(message: &Message, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "{{\"queue_name\": {}, \"queue_id\": {}, \"arrival_time\": {}, \"message_size\": {}, \
         \"forced_expire\": {}, \"sender\": {}, \"recipients\": [",
        string(message.queue.as_bytes()),
        string(message.id.as_bytes()),
        message.arrival,
        message.size,
        message.forced_expire,
        string(&message.sender),
    )?;
    for (count, recipient) in message.recipients.iter().enumerate() {
        if count > 0 {
            out.write_all(b", ")?;
        }
        self::recipient(recipient, out)?;
    }
    out.write_all(b"]}\n")
}

fn recipient(recipient: &Recipient, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{{\"address\": {}", string(&recipient.address))?;
    if let Some(original) = &recipient.original {
        write!(out, ", \"orig_address\": {}", string(original))?;
    }
    if let Some(reason) = &recipient.reason {
        let bounced = recipient.class.as_deref() == Some(b"bounce");
        let name = if bounced {
            "bounce_reason"
        } else {
            "delay_reason"
        };
        write!(out, ", \"{name}\": {}", string(reason))?;
    }
    out.write_all(b"}")
}

/// A JSON string; control characters are question marks, and what is not UTF-8 is replaced.
fn string(text: &[u8]) -> String {
    serde_json::Value::from(String::from_utf8_lossy(&printable(text))).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{Listing, tests::SAMPLE};

    #[test]
    fn an_object_has_the_documented_members() {
        let mut listing = Listing::new(SAMPLE).unwrap();
        let mut out = Vec::new();
        message(&listing.next_message().unwrap().unwrap(), &mut out).unwrap();
        let expected = "{\"queue_name\": \"deferred\", \"queue_id\": \"ABCD123456\", \"arrival_time\": 1000000000, \
            \"message_size\": 2048, \"forced_expire\": true, \"sender\": \"s@x\", \"recipients\": \
            [{\"address\": \"a@y\", \"delay_reason\": \"not \\\"now\\\"\"}, {\"address\": \"b@y\", \"orig_address\": \"c@y\"}, \
            {\"address\": \"d@y\", \"bounce_reason\": \"never\"}]}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
