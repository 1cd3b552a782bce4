//! What the envelope records of a letter say, as far as cleanup needs it itself.

use mail::stats::Moment;
use mail::{Address, Notify};
use queue::RecordType;

/// The envelope so far.
#[derive(Default)]
pub(crate) struct Envelope {
    /// When the letter arrived; `None` before its record.
    pub(crate) arrival: Option<Moment>,
    /// `None` before its record.
    pub(crate) sender: Option<Address>,
    pub(crate) full_name: Vec<u8>,
    pub(crate) rewrite_context: Context,
    pub(crate) encoding: Vec<u8>,
    pub(crate) envelope_id: Vec<u8>,
    pub(crate) ret: mail::Ret,
    /// Where the letter came from, for the log.
    pub(crate) origin: Origin,
    /// What was said about the recipient that comes next.
    pub(crate) next: NextRecipient,
    /// Wishes of all recipients together.
    pub(crate) notify: Notify,
    pub(crate) utf8_sender: bool,
    pub(crate) utf8_recipient: bool,
}

/// By which rules incomplete addresses in headers are completed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Context {
    /// Nothing was said: as for strangers.
    #[default]
    Unset,
    /// By those for our own users.
    Local,
    /// By those for strangers.
    Remote,
}

/// Where a letter came from, as log lines have it.
#[derive(Default)]
pub(crate) struct Origin {
    pub(crate) message_origin: Vec<u8>,
    pub(crate) helo: Vec<u8>,
    pub(crate) protocol: Vec<u8>,
}

/// Records that belong to the recipient after them.
#[derive(Default)]
pub(crate) struct NextRecipient {
    pub(crate) original: Option<Vec<u8>>,
    pub(crate) orcpt: Vec<u8>,
    pub(crate) notify: Notify,
}

/// What becomes of an envelope record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Treatment {
    /// It goes into the queue file as it is.
    Keep,
    /// It was understood, and is written later or not at all.
    Take,
    /// It does not belong there.
    Refuse,
}

impl Envelope {
    /// Note a record that is neither sender nor recipient.
    pub(crate) fn note(&mut self, kind: RecordType, data: &[u8]) -> Treatment {
        if data.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
            return Treatment::Refuse;
        }
        match kind {
            RecordType::FULL_NAME => self.full_name = data.to_vec(),
            RecordType::ATTRIBUTE => return self.attribute(data),
            RecordType::ORIGINAL => {
                self.next.original = Some(data.to_vec());
                return Treatment::Take;
            }
            RecordType::DSN_ORCPT => {
                self.next.orcpt = data.to_vec();
                return Treatment::Take;
            }
            RecordType::DSN_NOTIFY => return self.notify(data),
            RecordType::INSPECTOR
            | RecordType::FILTER
            | RecordType::REDIRECT
            | RecordType::VERP
            | RecordType::RETURN_RECEIPT
            | RecordType::ERRORS_TO
            | RecordType::PRIORITY => {}
            RecordType::SIZE
            | RecordType::WARN
            | RecordType::DELAY
            | RecordType::CREATED
            | RecordType::MILTER_COUNT
            | RecordType::PADDING => return Treatment::Take,
            RecordType::DSN_RET => {
                self.ret = ret(data);
                return Treatment::Keep;
            }
            RecordType::DSN_ENVID => self.envelope_id = data.to_vec(),
            _ => return Treatment::Refuse,
        }
        Treatment::Keep
    }

    fn attribute(&mut self, data: &[u8]) -> Treatment {
        let Some(equals) = data.iter().position(|&byte| byte == b'=') else {
            return Treatment::Refuse;
        };
        let (name, value) = data.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        match name {
            b"dsn_orig_rcpt" => {
                self.next.orcpt = value.to_vec();
                return Treatment::Take;
            }
            b"notify_flags" => return self.notify(value),
            b"create_time" => return Treatment::Take,
            b"rewrite_context" => {
                self.rewrite_context = match value {
                    b"local" => Context::Local,
                    b"remote" => Context::Remote,
                    _ => Context::Unset,
                };
            }
            b"encoding" => self.encoding = value.to_vec(),
            b"envelope_id" => self.envelope_id = value.to_vec(),
            b"ret_flags" => self.ret = ret(value),
            b"log_message_origin" => self.origin.message_origin = value.to_vec(),
            b"log_helo_name" => self.origin.helo = value.to_vec(),
            b"log_protocol_name" => self.origin.protocol = value.to_vec(),
            _ => {}
        }
        Treatment::Keep
    }

    fn notify(&mut self, value: &[u8]) -> Treatment {
        let bits = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
        match bits.and_then(Notify::from_bits) {
            Some(notify) => {
                self.next.notify = notify;
                Treatment::Take
            }
            None => Treatment::Refuse,
        }
    }

    /// Note the time record: seconds, and after a blank microseconds.
    pub(crate) fn note_time(&mut self, data: &[u8]) -> Option<()> {
        let text = std::str::from_utf8(data).ok()?;
        let mut numbers = text.split_ascii_whitespace();
        let seconds = numbers.next()?.parse().ok()?;
        let micros = numbers.next().unwrap_or("0").parse().ok()?;
        self.arrival = Some(Moment { seconds, micros });
        Some(())
    }
}

fn ret(value: &[u8]) -> mail::Ret {
    match value {
        b"1" => mail::Ret::Full,
        b"2" => mail::Ret::Headers,
        _ => mail::Ret::Unset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_recipients_are_written_later() {
        let mut envelope = Envelope::default();
        let mut note = |data: &[u8]| envelope.note(RecordType::ATTRIBUTE, data);
        assert_eq!(note(b"rewrite_context=local"), Treatment::Keep);
        assert_eq!(note(b"notify_flags=10"), Treatment::Take);
        assert_eq!(note(b"notify_flags=99"), Treatment::Refuse);
        assert_eq!(note(b"no value"), Treatment::Refuse);
        assert_eq!(note(b"a=b\nR"), Treatment::Refuse);
        assert_eq!(envelope.rewrite_context, Context::Local);
        assert_eq!(envelope.next.notify.bits(), 10);
    }

    #[test]
    fn times_are_read() {
        let mut envelope = Envelope::default();
        assert_eq!(envelope.note_time(b"x"), None);
        assert_eq!(envelope.note_time(b"1795197678 775930"), Some(()));
        let arrival = envelope.arrival.map(|time| (time.seconds, time.micros));
        assert_eq!(arrival, Some((1_795_197_678, 775_930)));
    }
}
