//! The size record: the first of a queue file, rewritten in place when the rest is known.
//!
//! Six numbers in fifteen columns each. Files of old releases have fewer; what is missing is 0.

/// The length of the record's data, in bytes.
pub const LENGTH: usize = 6 * 15 + 5;

/// The numbers of a size record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SizeRecord {
    /// The message's size as it is reported, in bytes.
    pub message_size: u64,
    /// Where the content's first record stands.
    pub data_offset: u64,
    /// How many recipients the file has.
    pub recipients: u64,
    /// Flags for the queue manager: [`SizeRecord::flags_from_notify`].
    pub qmgr_flags: u64,
    /// Bytes of content records, up to the record that ends the content.
    pub content_length: u64,
    /// Wishes for delivery that go with the message: bit 0 for SMTPUTF8.
    pub send_options: u64,
}

impl SizeRecord {
    /// The flags that tell of the NOTIFY wishes of a file's recipients, all of them together.
    #[must_use]
    pub fn flags_from_notify(notify: mail::Notify) -> u64 {
        u64::from(notify.bits()) << 1
    }

    /// The record's data.
    #[must_use]
    pub fn to_data(&self) -> Vec<u8> {
        format!(
            "{:15} {:15} {:15} {:15} {:15} {:15}",
            self.message_size,
            self.data_offset,
            self.recipients,
            self.qmgr_flags,
            self.content_length,
            self.send_options
        )
        .into_bytes()
    }

    /// Read a record's data; `None` when it does not begin with a number or holds something else than numbers.
    #[must_use]
    pub fn parse(data: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(data).ok()?;
        let mut numbers = text.split_ascii_whitespace().map(str::parse::<u64>);
        let message_size = numbers.next()?.ok()?;
        let mut next = || numbers.next().unwrap_or(Ok(0)).ok();
        Some(Self {
            message_size,
            data_offset: next()?,
            recipients: next()?,
            qmgr_flags: next()?,
            content_length: next()?,
            send_options: next()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_reference_writes_it() {
        let record = SizeRecord {
            message_size: 3289,
            data_offset: 793,
            recipients: 2,
            qmgr_flags: 20,
            content_length: 3289,
            send_options: 0,
        };
        let data = record.to_data();
        assert_eq!(data.len(), LENGTH);
        assert!(
            data.starts_with(b"           3289             793               2              20")
        );
        assert_eq!(SizeRecord::parse(&data), Some(record));
        assert_eq!(
            SizeRecord::flags_from_notify(mail::Notify::SUCCESS.with(mail::Notify::DELAY)),
            20
        );
    }

    #[test]
    fn old_and_damaged_ones() {
        assert_eq!(
            SizeRecord::parse(b"            123"),
            Some(SizeRecord {
                message_size: 123,
                ..SizeRecord::default()
            })
        );
        assert_eq!(SizeRecord::parse(b""), None);
        assert_eq!(SizeRecord::parse(b"-1 2 3"), None);
        assert_eq!(SizeRecord::parse(b"1 2 three"), None);
    }
}
