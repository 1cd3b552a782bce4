//! The content of a letter on its way through the MIME walk.

use std::borrow::Cow;

use mail::header;
use mail::mime::Walk;

use crate::config::Config;
use crate::header::{Headers, Treating, Treatment};

/// A letter's content, as far as it came.
pub(crate) struct Content {
    walk: Walk,
    pub(crate) headers: Headers,
    replace_stray: bool,
    /// Whether the last piece did not end its line.
    inside_line: bool,
    /// Whether a header of the sender's own was seen: anything but Received:.
    begun: bool,
}

impl Content {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            walk: Walk::new(config.walk),
            headers: Headers::default(),
            replace_stray: config.headers.cleanup_replace_stray_cr_lf,
            inside_line: false,
            begun: false,
        }
    }

    /// The next line, or with `partial` a piece of one.
    pub(crate) fn line(&mut self, text: &[u8], partial: bool, treatment: &Treatment<'_>) {
        let mut text = Cow::Borrowed(text);
        if self.replace_stray && text.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
            for byte in text.to_mut() {
                if matches!(byte, b'\r' | b'\n') {
                    *byte = b' ';
                }
            }
        }
        let starts = !self.inside_line;
        self.inside_line = partial;
        if starts && !self.begun && self.walk.in_primary_header() {
            match header::split(&text) {
                Some((name, _)) => self.begun = !name.eq_ignore_ascii_case(b"received"),
                None if is_mailbox_line(&text) => {
                    text = Cow::Owned([b"X-Mailbox-Line: ", &*text].concat());
                }
                None => {}
            }
        }
        let mut sink = Treating {
            treatment,
            headers: &mut self.headers,
        };
        self.walk.line(&text, partial, &mut sink);
    }

    /// The content is over.
    pub(crate) fn end(&mut self, treatment: &Treatment<'_>) {
        let mut sink = Treating {
            treatment,
            headers: &mut self.headers,
        };
        self.walk.end(&mut sink);
    }
}

/// A `From ` line of a mailbox file, quoted or not.
fn is_mailbox_line(text: &[u8]) -> bool {
    let quoted = text.iter().take_while(|&&byte| byte == b'>').count();
    text.get(quoted..)
        .is_some_and(|rest| rest.starts_with(b"From "))
}
