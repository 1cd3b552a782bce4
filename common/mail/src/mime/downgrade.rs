//! A message for a peer without 8BITMIME: lines in, 7-bit lines out.

use super::{Line, Options, Sink, Walk};

/// The conversion of one message.
pub struct Downgrade {
    walk: Walk,
}

impl Downgrade {
    /// A conversion with these limits; `downgrade` is set whatever they say.
    #[must_use]
    pub fn new(limits: Options) -> Self {
        Self {
            walk: Walk::new(Options {
                downgrade: true,
                ..limits
            }),
        }
    }

    /// The next line of the message, or a piece of one that does not end it. `out` gets lines and pieces in the same way.
    pub fn line(&mut self, text: &[u8], ends: bool, out: &mut dyn FnMut(&[u8], bool)) {
        self.walk.line(text, !ends, &mut Lines(out));
    }

    /// The message is over.
    pub fn finish(&mut self, out: &mut dyn FnMut(&[u8], bool)) {
        self.walk.end(&mut Lines(out));
    }
}

struct Lines<'a>(&'a mut dyn FnMut(&[u8], bool));

impl Sink for Lines<'_> {
    fn header(&mut self, line: Line<'_>) {
        for text in line.text.split(|&byte| byte == b'\n') {
            (self.0)(text, true);
        }
    }

    fn body(&mut self, text: &[u8], partial: bool) {
        (self.0)(text, !partial);
    }
}
