//! The content of a letter on its way through the MIME walk.

use std::borrow::Cow;

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
}

impl Content {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            walk: Walk::new(config.walk),
            headers: Headers::default(),
            replace_stray: config.headers.cleanup_replace_stray_cr_lf,
            inside_line: false,
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
        if starts && self.is_mailbox_line(&text) {
            text = Cow::Owned([b"X-Mailbox-Line: ", &*text].concat());
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

    /// A `From ` line of a mailbox file before the headers.
    fn is_mailbox_line(&self, text: &[u8]) -> bool {
        let quoted = text.iter().take_while(|&&byte| byte == b'>').count();
        self.walk.in_primary_header()
            && !self.headers.seen.any
            && text
                .get(quoted..)
                .is_some_and(|rest| rest.starts_with(b"From "))
    }
}
