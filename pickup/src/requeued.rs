//! A letter that was in the queue before and was put back by `postsuper -r`, to go through cleanup once more.
//!
//! The file is our own, so nothing is checked here; what is chosen is what a new start of the letter needs. Recipients
//! that have their mail stay away, as do decisions of the first time: filters, redirections, warnings.

use queue::letter::name_value;
use queue::record::{self, RecordType};

/// Which records of a queue file go on, and how far it was read.
#[derive(Debug, Default)]
pub(crate) struct Requeued {
    part: Part,
    /// Records that belong to the next recipient, encoded.
    next: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    #[default]
    Envelope,
    Content,
    Extracted,
    Done,
}

/// Attributes that say where the letter came from and what its sender asked for.
const KEPT: [&[u8]; 7] = [
    b"rewrite_context",
    b"encoding",
    b"envelope_id",
    b"ret_flags",
    b"trace_flags",
    b"sasl_method",
    b"sasl_username",
];

impl Requeued {
    pub(crate) const fn is_complete(&self) -> bool {
        matches!(self.part, Part::Done)
    }

    pub(crate) const fn in_content(&self) -> bool {
        matches!(self.part, Part::Content)
    }

    /// Append the record to what goes to cleanup, if it goes there.
    pub(crate) fn choose(&mut self, kind: RecordType, data: &[u8], out: &mut Vec<u8>) {
        match self.part {
            Part::Content => self.choose_content(kind, data, out),
            Part::Envelope | Part::Extracted => self.choose_envelope(kind, data, out),
            Part::Done => {}
        }
    }

    fn choose_content(&mut self, kind: RecordType, data: &[u8], out: &mut Vec<u8>) {
        match kind {
            RecordType::LINE | RecordType::PARTIAL => record::put(out, kind, data),
            RecordType::EXTRACTED => {
                self.part = Part::Extracted;
                record::put(out, kind, data);
            }
            _ => {}
        }
    }

    fn choose_envelope(&mut self, kind: RecordType, data: &[u8], out: &mut Vec<u8>) {
        match kind {
            RecordType::RECIPIENT => {
                out.append(&mut self.next);
                record::put(out, kind, data);
            }
            RecordType::DONE | RecordType::CANCELLED => self.next.clear(),
            RecordType::ORIGINAL | RecordType::DSN_ORCPT | RecordType::DSN_NOTIFY => {
                record::put(&mut self.next, kind, data);
            }
            RecordType::ATTRIBUTE => self.choose_attribute(data, out),
            RecordType::TIME | RecordType::SENDER | RecordType::FULL_NAME | RecordType::VERP => {
                record::put(out, kind, data);
            }
            RecordType::MESSAGE => {
                self.part = Part::Content;
                record::put(out, kind, data);
            }
            RecordType::END => {
                self.part = Part::Done;
                record::put(out, kind, data);
            }
            // Size, filter, inspector, redirection, delay warning and what else was decided the first time.
            _ => {}
        }
    }

    fn choose_attribute(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let Some((name, _)) = name_value(data) else {
            return;
        };
        match name {
            b"dsn_orig_rcpt" | b"notify_flags" => {
                record::put(&mut self.next, RecordType::ATTRIBUTE, data);
            }
            name if KEPT.contains(&name)
                || name.starts_with(b"log_")
                || name.starts_with(b"client_") =>
            {
                record::put(out, RecordType::ATTRIBUTE, data);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(records: &[(u8, &str)]) -> Vec<(char, String)> {
        let mut requeued = Requeued::default();
        let mut out = Vec::new();
        for (kind, data) in records {
            requeued.choose(RecordType(*kind), data.as_bytes(), &mut out);
        }
        assert!(requeued.is_complete());
        let mut chosen = Vec::new();
        let mut rest = out.as_slice();
        while let Some((kind, data, after)) = record::split(rest) {
            chosen.push((
                char::from(kind.0),
                String::from_utf8_lossy(data).into_owned(),
            ));
            rest = after;
        }
        chosen
    }

    #[test]
    fn what_was_decided_or_delivered_stays_away() {
        let chosen = choose(&[
            (b'C', "1 2 3"),
            (b'T', "1 2"),
            (b'A', "create_time=1"),
            (b'A', "rewrite_context=local"),
            (b'S', "me"),
            (b'L', "smtp:filter"),
            (b'A', "notify_flags=1"),
            (b'O', "done"),
            (b'D', "done"),
            (b'A', "dsn_orig_rcpt=rfc822;you"),
            (b'O', "you"),
            (b'R', "you"),
            (b'W', "1"),
            (b'M', ""),
            (b'L', "long "),
            (b'N', "line"),
            (b'X', ""),
            (b'r', "receipt"),
            (b'E', ""),
        ]);
        let expected = [
            ('T', "1 2"),
            ('A', "rewrite_context=local"),
            ('S', "me"),
            ('A', "dsn_orig_rcpt=rfc822;you"),
            ('O', "you"),
            ('R', "you"),
            ('M', ""),
            ('L', "long "),
            ('N', "line"),
            ('X', ""),
            ('E', ""),
        ];
        let expected: Vec<(char, String)> = expected
            .map(|(kind, data)| (kind, data.to_owned()))
            .to_vec();
        assert_eq!(chosen, expected);
    }
}
