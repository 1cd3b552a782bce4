//! A message on standard input, whose headers and body lines are looked up one by one (`-h`, `-b`, `-m`).

use std::io::{self, Read};

use mail::mime::{Block, Line, Options, Sink, Walk};

use super::{Failure, Parts};

/// The keys of the message on standard input.
pub(super) fn keys(parts: Parts, mime: Options) -> Result<Vec<Vec<u8>>, Failure> {
    let mut text = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut text)
        .map_err(|error| Failure::io("read standard input", &error))?;
    Ok(keys_of(&text, parts, mime))
}

fn keys_of(text: &[u8], parts: Parts, mime: Options) -> Vec<Vec<u8>> {
    let mut walk = Walk::new(Options {
        disable: !parts.mime,
        ..mime
    });
    let mut found = Found {
        parts,
        keys: Vec::new(),
        partial: false,
    };
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for line in text.split(|&byte| byte == b'\n') {
        walk.line(line.strip_suffix(b"\r").unwrap_or(line), false, &mut found);
    }
    walk.end(&mut found);
    found.keys
}

struct Found {
    parts: Parts,
    keys: Vec<Vec<u8>>,
    partial: bool,
}

impl Sink for Found {
    fn header(&mut self, line: Line<'_>) {
        if self.parts.headers && (self.parts.mime || line.block == Block::Primary) {
            self.keys.push(line.text.to_vec());
        }
    }

    fn body(&mut self, text: &[u8], partial: bool) {
        if !self.parts.body {
            return;
        }
        match self.keys.last_mut() {
            Some(line) if self.partial => line.extend_from_slice(text),
            _ => self.keys.push(text.to_vec()),
        }
        self.partial = partial;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str, flags: &str) -> Vec<String> {
        let parts = Parts {
            headers: flags.contains('h'),
            body: flags.contains('b'),
            mime: flags.contains('m'),
        };
        keys_of(text.as_bytes(), parts, Options::default())
            .into_iter()
            .map(|key| String::from_utf8(key).unwrap())
            .collect()
    }

    #[test]
    fn headers_and_body() {
        let text = "A: b\n c\nContent-Type: message/rfc822\n\nB: in\n\nbody\n";
        let outer = ["A: b\n c", "Content-Type: message/rfc822"];
        assert_eq!(keys(text, "h"), outer);
        assert_eq!(keys(text, "b"), ["", "B: in", "", "body"]);
        assert_eq!(keys(text, "hm"), [outer[0], outer[1], "B: in"]);
        assert_eq!(keys(text, "bm"), ["", "", "body"]);
    }
}
