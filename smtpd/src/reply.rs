//! An SMTP reply: code, enhanced status code, text.
//!
//! A reply is a value that a command comes to; [`Reply::encode`] writes it as RFC 5321 section 4.2 has it. `Display` is
//! the reply on one line, as log lines quote it. A text of several lines becomes a multi-line reply.

use std::borrow::Cow;
use std::fmt;

use mail::DsnStatus;

use crate::command::Verb;

/// The longest line of a reply, in bytes, without its end.
const LINE_LIMIT: usize = 510;

/// What a client is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The reply code.
    pub code: u16,
    /// The enhanced status code (RFC 2034), where the reply has one.
    pub status: Option<DsnStatus>,
    /// What follows; several lines are separated by line feeds.
    pub text: Cow<'static, [u8]>,
    /// Whether the reply leaves the client's record of errors as it is.
    forgiven: bool,
}

impl Reply {
    /// A reply with an enhanced status code, such as `(250, (2, 1, 0), "Ok")`.
    pub fn new(
        code: u16,
        (class, subject, detail): (u8, u16, u16),
        text: impl Into<Cow<'static, [u8]>>,
    ) -> Self {
        Self {
            status: Some(DsnStatus::new(class, subject, detail)),
            ..Self::plain(code, text)
        }
    }

    /// A reply from words that are all ASCII.
    pub fn of(code: u16, status: (u8, u16, u16), text: &'static str) -> Self {
        Self::new(code, status, text.as_bytes())
    }

    /// A reply with an enhanced status code that is a value already.
    pub fn with_status(code: u16, status: DsnStatus, text: impl Into<Cow<'static, [u8]>>) -> Self {
        Self {
            status: Some(status),
            ..Self::plain(code, text)
        }
    }

    /// A reply without enhanced status code.
    pub fn plain(code: u16, text: impl Into<Cow<'static, [u8]>>) -> Self {
        Self {
            code,
            status: None,
            text: text.into(),
            forgiven: false,
        }
    }

    /// The same, not counted as an error.
    #[must_use]
    pub fn forgiven(self) -> Self {
        Self {
            forgiven: true,
            ..self
        }
    }

    /// A reply that the client has heard already.
    pub const fn said() -> Self {
        Self {
            code: 0,
            status: None,
            text: Cow::Borrowed(b""),
            forgiven: false,
        }
    }

    /// Whether the command failed.
    pub const fn is_error(&self) -> bool {
        self.code >= 400
    }

    /// Whether the reply counts as a client's error.
    pub const fn counts(&self) -> bool {
        self.is_error() && !self.forgiven
    }

    /// Whether the reply counts as a command's success. XCLIENT's does not: it begins another session.
    pub fn is_success_of(&self, verb: Verb) -> bool {
        let farewell = self.code == 221 && verb != Verb::Quit;
        !self.counts() && !farewell && self.code != 0
    }

    /// Whether the connection ends with this reply.
    pub const fn hangs_up(&self) -> bool {
        matches!(self.code, 221 | 421 | 521)
    }

    /// The same with every permanent refusal made a temporary one (`soft_bounce`).
    #[must_use]
    pub fn softened(mut self) -> Self {
        if (500..600).contains(&self.code) {
            self.code -= 100;
        }
        if let Some(status) = &mut self.status
            && status.class == 5
        {
            status.class = 4;
        }
        self
    }

    /// Append the reply as it goes to the client.
    pub fn encode(&self, output: &mut Vec<u8>) {
        if self.code == 0 {
            return;
        }
        let mut lines = self.text.split(|&b| b == b'\n').peekable();
        while let Some(line) = lines.next() {
            let start = output.len();
            self.encode_head(output, lines.peek().is_none());
            let room = LINE_LIMIT.saturating_sub(output.len() - start);
            output.extend(line.iter().take(room).map(|&b| printable(b)));
            output.extend_from_slice(b"\r\n");
        }
    }

    fn encode_head(&self, output: &mut Vec<u8>, last: bool) {
        let head = match (self.status, last) {
            (Some(status), true) => format!("{} {status} ", self.code),
            (Some(status), false) => format!("{}-{status} ", self.code),
            (None, true) => format!("{} ", self.code),
            (None, false) => format!("{}-", self.code),
        };
        output.extend_from_slice(head.as_bytes());
    }
}

const fn printable(byte: u8) -> u8 {
    if byte < b' ' || byte == 0x7f {
        b'?'
    } else {
        byte
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.code)?;
        if let Some(status) = self.status {
            write!(f, "{status} ")?;
        }
        f.write_str(&String::from_utf8_lossy(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(reply: &Reply) -> String {
        let mut output = Vec::new();
        reply.encode(&mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn forms() {
        assert_eq!(wire(&Reply::of(250, (2, 1, 0), "Ok")), "250 2.1.0 Ok\r\n");
        let many = Reply::plain(250, &b"host\nSIZE 1\nDSN"[..]);
        assert_eq!(wire(&many), "250-host\r\n250-SIZE 1\r\n250 DSN\r\n");
        let soft = Reply::of(550, (5, 1, 1), "no\x07").softened();
        assert_eq!(wire(&soft), "450 4.1.1 no?\r\n");
    }

    #[test]
    fn long_lines_are_cut() {
        let reply = Reply::new(554, (5, 7, 1), vec![b'x'; 2000]);
        assert_eq!(wire(&reply).len(), LINE_LIMIT + 2);
    }
}
