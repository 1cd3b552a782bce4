//! Headers that a letter must have and came without: Message-Id, Date, From, To.

use mail::stats::Moment;
use mail::{QueueId, date};

use crate::config::Config;
use crate::from_header::{self, Style};
use crate::header::Seen;

/// What missing headers are made of.
pub(crate) struct Missing<'a> {
    pub(crate) config: &'a Config,
    pub(crate) id: &'a QueueId,
    pub(crate) arrival: Moment,
    pub(crate) sender: &'a [u8],
    pub(crate) full_name: &'a [u8],
}

impl Missing<'_> {
    /// The headers to add, in order. A letter that was sent again gets those of the sending again.
    pub(crate) fn headers(&self, seen: &Seen) -> Vec<Vec<u8>> {
        let form = usize::from(seen.resent);
        let prefix = if seen.resent { "Resent-" } else { "" };
        let has = |flags: [bool; 2]| flags.get(form) == Some(&true);
        let mut headers = Vec::new();
        if !has(seen.message_id) {
            headers.push(format!("{prefix}Message-Id: {}", self.message_id()).into_bytes());
        }
        if !has(seen.date) {
            let date = date::header(self.arrival.seconds);
            headers.push(format!("{prefix}Date: {date}").into_bytes());
        }
        if !has(seen.from) {
            headers.push([prefix.as_bytes(), b"From: ", &self.from()].concat());
        }
        let undisclosed = self.config.headers.undisclosed_recipients_header.as_bytes();
        if !undisclosed.is_empty() && !has(seen.recipient) {
            headers.push([prefix.as_bytes(), undisclosed].concat());
        }
        headers
    }

    /// `<id@myhostname>`, with the moment before a queue id of the kind that repeats.
    pub(crate) fn message_id(&self) -> String {
        let (id, host) = (self.id, &self.config.names.myhostname);
        if self.config.enable_long_queue_ids {
            format!("<{id}@{host}>")
        } else {
            let moment = date::compact(self.arrival.seconds);
            format!("<{moment}.{id}@{host}>")
        }
    }

    fn from(&self) -> Vec<u8> {
        if self.sender.is_empty() {
            return b"MAILER-DAEMON".to_vec();
        }
        let style = Style {
            obsolete: self.config.obsolete_from,
            charset: &self.config.headers.full_name_encoding_charset,
        };
        from_header::value(self.full_name, self.sender, style)
    }
}
