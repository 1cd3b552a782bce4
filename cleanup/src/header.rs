//! The headers of a letter: which are dropped, rewritten or noted, and which are missing.
//!
//! [`Headers`] is the sink of the MIME walk. It writes records of what can be written at once and leaves a gap where a
//! header's addresses need tables. Logs message ids.

use mail::header::{Kind, Role};
use mail::mime::{Block, Encoding, Fault, Line, Sink};
use mail::rewrite::Rules;
use mail::{AddressList, QueueId, smtputf8};
use queue::{RecordType, record};

use crate::config::{Class, Config};
use crate::missing::Missing;

/// What the headers of a letter are treated by.
pub(crate) struct Treatment<'a> {
    pub(crate) config: &'a Config,
    pub(crate) id: &'a QueueId,
    /// How incomplete addresses are completed; `None` leaves headers alone.
    pub(crate) rules: Option<&'a Rules>,
    /// Whether addresses of a class may also be in tables.
    pub(crate) mapped_senders: bool,
    pub(crate) mapped_recipients: bool,
    /// Where headers that are missing come from.
    pub(crate) missing: Missing<'a>,
}

/// What was found in the content so far, and what is to be written.
#[derive(Default)]
pub(crate) struct Headers {
    /// Encoded records.
    pub(crate) out: Vec<u8>,
    /// Headers that need tables, with their places in `out`.
    pub(crate) gaps: Vec<Gap>,
    pub(crate) seen: Seen,
    pub(crate) hops: usize,
    pub(crate) has_utf8: bool,
    /// What a Content-Transfer-Encoding header says of the message.
    pub(crate) encoding: Option<Encoding>,
    pub(crate) fault: Option<(Fault, Vec<u8>)>,
}

/// A header whose addresses are to be looked up.
pub(crate) struct Gap {
    /// How many bytes of `out` come before it.
    pub(crate) at: usize,
    pub(crate) name: Vec<u8>,
    pub(crate) list: AddressList,
    pub(crate) class: Class,
    /// What is written when no address changes; empty when one already has.
    pub(crate) unchanged: Vec<u8>,
}

/// Which headers a letter has; the flags in pairs are for the plain and the Resent- form.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) resent: bool,
    pub(crate) message_id: [bool; 2],
    pub(crate) date: [bool; 2],
    pub(crate) from: [bool; 2],
    pub(crate) recipient: [bool; 2],
}

/// The walk's sink: the treatment with what it works on.
pub(crate) struct Treating<'a, 'b> {
    pub(crate) treatment: &'b Treatment<'a>,
    pub(crate) headers: &'b mut Headers,
}

impl Headers {
    /// Write a header, one record for each of its lines.
    pub(crate) fn put(&mut self, text: &[u8]) {
        for line in text.split(|&byte| byte == b'\n') {
            record::put(&mut self.out, RecordType::LINE, line);
        }
    }
}

impl Seen {
    fn note(&mut self, kind: Kind, resent: bool) {
        let form = usize::from(resent);
        self.resent |= resent;
        let flags = if kind == Kind::MessageId {
            &mut self.message_id
        } else if kind == Kind::Date {
            &mut self.date
        } else if kind == Kind::From {
            &mut self.from
        } else if matches!(kind, Kind::To | Kind::Cc | Kind::Bcc) {
            &mut self.recipient
        } else {
            return;
        };
        if let Some(flag) = flags.get_mut(form) {
            *flag = true;
        }
    }
}

impl Sink for Treating<'_, '_> {
    fn header(&mut self, line: Line<'_>) {
        let headers = &mut *self.headers;
        let has_utf8 = smtputf8::is_utf8_text(line.text);
        if line.block != Block::Primary {
            headers.has_utf8 |= has_utf8;
            return headers.put(line.text);
        }
        let Some(known) = line.known else {
            if !self.treatment.drops(line.name) {
                headers.has_utf8 |= has_utf8;
                headers.put(&tidy(&line));
            }
            return;
        };
        headers.seen.note(known.kind, known.resent);
        if known.kind == Kind::Received {
            headers.hops += 1;
        } else if known.kind == Kind::MessageId {
            self.treatment.log_message_id(known.resent, line.value);
        } else if known.kind == Kind::ContentTransferEncoding {
            headers.encoding = Some(Encoding::parse(line.value));
        }
        if self.treatment.drops(line.name) {
            return;
        }
        headers.has_utf8 |= has_utf8;
        let class = match known.role {
            Role::Sender => Class::HeaderSender,
            Role::Recipient => Class::HeaderRecipient,
            Role::Other => return headers.put(&tidy(&line)),
        };
        match self.treatment.rules {
            None => headers.put(&tidy(&line)),
            Some(rules) => self.rewrite(&line, class, rules),
        }
    }

    fn headers_end(&mut self) {
        let treatment = self.treatment;
        let seen = self.headers.seen;
        if treatment.rules.is_some() || treatment.config.always_add_missing_headers {
            for header in treatment.missing.headers(&seen) {
                self.headers.put(&header);
            }
        }
        let form = usize::from(seen.resent);
        if seen.message_id.get(form) != Some(&true) {
            let added = treatment.rules.is_some() || treatment.config.always_add_missing_headers;
            let id = if added {
                treatment.missing.message_id()
            } else {
                String::from("<>")
            };
            treatment.log_message_id(seen.resent, id.as_bytes());
        }
    }

    fn body(&mut self, text: &[u8], partial: bool) {
        let kind = if partial {
            RecordType::PARTIAL
        } else {
            RecordType::LINE
        };
        record::put(&mut self.headers.out, kind, text);
    }

    fn fault(&mut self, fault: Fault, text: &[u8]) {
        if fault == Fault::HeaderTooLong {
            let id = self.treatment.id;
            let text = String::from_utf8_lossy(text);
            maillog::warning!("{id}: {}: {text}", fault.text());
            return;
        }
        self.headers
            .fault
            .get_or_insert_with(|| (fault, text.to_vec()));
    }
}

impl Treating<'_, '_> {
    fn rewrite(&mut self, line: &Line<'_>, class: Class, rules: &Rules) {
        let mut list = AddressList::parse(line.value, self.treatment.config.token_limit);
        let mut changed = false;
        for address in list.addresses_mut() {
            let complete = rules.rewrite(address);
            if complete != address.as_slice() {
                *address = complete.into_owned();
                changed = true;
            }
        }
        let text = if changed {
            list.header(line.name)
        } else {
            tidy(line)
        };
        let mapped = if class == Class::HeaderSender {
            self.treatment.mapped_senders
        } else {
            self.treatment.mapped_recipients
        };
        if mapped {
            self.headers.gaps.push(Gap {
                at: self.headers.out.len(),
                name: line.name.to_vec(),
                list,
                class,
                unchanged: text,
            });
        } else {
            self.headers.put(&text);
        }
    }
}

impl Treatment<'_> {
    fn drops(&self, name: &[u8]) -> bool {
        self.config
            .message_drop_headers
            .iter()
            .any(|dropped| dropped.as_bytes().eq_ignore_ascii_case(name))
    }

    fn log_message_id(&self, resent: bool, value: &[u8]) {
        let id = self.id;
        let prefix = if resent { "resent-" } else { "" };
        let value = String::from_utf8_lossy(value.trim_ascii()).replace('\n', "");
        maillog::info!("{id}: {prefix}message-id={value}");
    }
}

/// The header as it was, without blanks before its colon.
fn tidy(line: &Line<'_>) -> Vec<u8> {
    let tight = line.text.get(line.name.len()) == Some(&b':');
    if tight {
        line.text.to_vec()
    } else {
        [line.name, b":", line.value].concat()
    }
}
