//! What showq(8) says: names and values that end in NUL, read message by message.

use std::io::{self, BufRead};

/// The longest name or value that is taken.
const MAX_VALUE: usize = 1024 * 1024;

/// One queued message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) queue: String,
    pub(crate) id: String,
    pub(crate) arrival: i64,
    pub(crate) size: u64,
    pub(crate) forced_expire: bool,
    pub(crate) sender: Vec<u8>,
    pub(crate) recipients: Vec<Recipient>,
}

/// One recipient that is not done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Recipient {
    pub(crate) address: Vec<u8>,
    pub(crate) original: Option<Vec<u8>>,
    pub(crate) class: Option<Vec<u8>>,
    pub(crate) reason: Option<Vec<u8>>,
}

/// A listing that is being read.
pub(crate) struct Listing<R> {
    from: R,
}

impl<R: BufRead> Listing<R> {
    /// Read the greeting; an error when the server is no showq.
    pub(crate) fn new(from: R) -> io::Result<Self> {
        let mut listing = Self { from };
        let greeting = listing.attributes()?;
        if greeting
            .first()
            .is_some_and(|(name, value)| name == "protocol" && value == b"mail_queue_list_protocol")
        {
            Ok(listing)
        } else {
            Err(invalid("the server is not showq"))
        }
    }

    /// The next message; `None` at the end of the list.
    pub(crate) fn next_message(&mut self) -> io::Result<Option<Message>> {
        let attributes = self.attributes()?;
        if attributes.is_empty() {
            return Ok(None);
        }
        let mut message = Message::default();
        for (name, value) in attributes {
            message.take(&name, value)?;
        }
        Ok(Some(message))
    }

    /// Names and values up to an empty name.
    fn attributes(&mut self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut attributes = Vec::new();
        loop {
            let name = self.text()?;
            if name.is_empty() {
                return Ok(attributes);
            }
            let value = self.text()?;
            attributes.push((String::from_utf8_lossy(&name).into_owned(), value));
        }
    }

    fn text(&mut self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        let limit = u64::try_from(MAX_VALUE).unwrap_or(u64::MAX);
        io::Read::take(&mut self.from, limit).read_until(0, &mut text)?;
        match text.pop() {
            Some(0) => Ok(text),
            Some(_) if text.len() + 1 >= MAX_VALUE => Err(invalid("a value is too long")),
            _ => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the list ends too early",
            )),
        }
    }
}

impl Message {
    /// Attributes that are not known are for newer programs.
    fn take(&mut self, name: &str, value: Vec<u8>) -> io::Result<()> {
        match name {
            "queue_name" => self.queue = String::from_utf8_lossy(&value).into_owned(),
            "queue_id" => self.id = String::from_utf8_lossy(&value).into_owned(),
            "time" => self.arrival = number(&value)?,
            "size" => self.size = number(&value)?,
            "forced_expire" => self.forced_expire = value != b"0",
            "sender" => self.sender = value,
            "recipient" => self.recipients.push(Recipient {
                address: value,
                ..Recipient::default()
            }),
            "original_recipient" => self.last()?.original = Some(value),
            "log_class" => self.last()?.class = Some(value),
            "reason" => self.last()?.reason = Some(value).filter(|reason| !reason.is_empty()),
            _ => {}
        }
        Ok(())
    }

    fn last(&mut self) -> io::Result<&mut Recipient> {
        self.recipients
            .last_mut()
            .ok_or_else(|| invalid("a recipient's attribute without a recipient"))
    }
}

fn number<N: std::str::FromStr>(value: &[u8]) -> io::Result<N> {
    let text = std::str::from_utf8(value).ok();
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| invalid("a number is malformed"))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// One deferred message of three recipients, and the end.
    pub(crate) const SAMPLE: &[u8] = b"protocol\0mail_queue_list_protocol\0\0\
        queue_name\0deferred\0queue_id\0ABCD123456\0time\x001000000000\0size\x002048\0forced_expire\x001\0sender\0s@x\0\
        recipient\0a@y\0log_class\0defer\0reason\0not \"now\"\0recipient\0b@y\0original_recipient\0c@y\0\
        recipient\0d@y\0log_class\0bounce\0reason\0never\0\0\0";

    #[test]
    fn a_listing_is_read_to_its_end() {
        let mut listing = Listing::new(SAMPLE).unwrap();
        let message = listing.next_message().unwrap().unwrap();
        assert_eq!(
            (message.id.as_str(), message.size, message.forced_expire),
            ("ABCD123456", 2048, true)
        );
        assert_eq!(message.recipients.len(), 3);
        assert_eq!(
            message.recipients[1].original.as_deref(),
            Some(b"c@y".as_slice())
        );
        assert!(listing.next_message().unwrap().is_none());
    }

    #[test]
    fn a_listing_that_breaks_off_is_an_error() {
        for length in 0..SAMPLE.len() - 1 {
            let outcome = Listing::new(&SAMPLE[..length]).and_then(|mut listing| {
                while listing.next_message()?.is_some() {}
                Ok(())
            });
            assert!(outcome.is_err(), "{length}");
        }
    }
}
