//! What client and server said, kept for the postmaster (`notify_classes`).
//!
//! Nothing is kept when no class of problems that smtpd can have is reported, and nothing of what came before a letter
//! that was taken without problems. Pure.

use mail::DsnStatus;

use crate::reply::Reply;

/// A kind of problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The client does not follow the protocol.
    Protocol,
    /// The client was refused.
    Policy,
    /// The mail system lacks something.
    Resource,
    /// The mail system is set up wrong.
    Software,
}

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Faults(u8);

const NAMES: [(Fault, &str); 4] = [
    (Fault::Protocol, "protocol"),
    (Fault::Policy, "policy"),
    (Fault::Resource, "resource"),
    (Fault::Software, "software"),
];

impl Faults {
    /// The kinds that are reported; words that other programs understand are none of them.
    pub fn reported(words: &[String]) -> Self {
        let mut set = Self::default();
        for (fault, name) in NAMES {
            if words.iter().any(|word| word.eq_ignore_ascii_case(name)) {
                set.add(fault);
            }
        }
        set
    }

    const fn add(&mut self, fault: Fault) {
        self.0 |= 1 << (fault as u8);
    }

    const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl Fault {
    /// The kind of problem that a reply tells of.
    pub fn of(reply: &Reply) -> Option<Self> {
        if !reply.counts() {
            return None;
        }
        let Some(DsnStatus {
            subject, detail, ..
        }) = reply.status
        else {
            return Some(Self::Protocol);
        };
        Some(match (subject, detail) {
            (3, 5) => Self::Software,
            (3, 4) => Self::Policy,
            (3, _) => Self::Resource,
            (5, 0) if reply.code == 504 => Self::Policy,
            (5, _) => Self::Protocol,
            _ => Self::Policy,
        })
    }
}

/// The talk so far.
#[derive(Debug)]
pub struct Transcript {
    reported: Faults,
    seen: Faults,
    limit: usize,
    lines: usize,
    text: Vec<u8>,
}

impl Transcript {
    /// Keep the talk if some of these kinds may come, and forget `limit` lines when a letter has gone well.
    pub const fn new(reported: Faults, limit: usize) -> Self {
        Self {
            reported,
            seen: Faults(0),
            limit,
            lines: 0,
            text: Vec::new(),
        }
    }

    /// The client said a line.
    pub fn heard(&mut self, line: &[u8]) {
        self.keep(b" In:  ", line);
    }

    /// The server said this; the reply as it went out.
    pub fn said(&mut self, reply: &Reply, encoded: &[u8]) {
        if let Some(fault) = Fault::of(reply) {
            self.seen.add(fault);
        }
        for line in encoded
            .split(|&b| b == b'\n')
            .filter(|line| !line.is_empty())
        {
            self.keep(b" Out: ", line.strip_suffix(b"\r").unwrap_or(line));
        }
    }

    /// A letter has gone well: what came before it interests nobody, if there were no problems.
    pub fn rest(&mut self) {
        if self.lines > self.limit && !self.reported.meets(self.seen) {
            self.text = Vec::new();
            self.lines = 0;
        }
    }

    /// The lines, if there was a problem that is to be reported.
    pub fn to_report(&self) -> Option<impl Iterator<Item = &[u8]>> {
        let lines = self
            .text
            .split(|&b| b == b'\n')
            .filter(|line| !line.is_empty());
        self.reported.meets(self.seen).then_some(lines)
    }

    fn keep(&mut self, mark: &[u8], line: &[u8]) {
        if self.reported == Faults(0) || self.text.len() > MOST {
            return;
        }
        self.lines += 1;
        self.text.extend_from_slice(mark);
        let line = line.get(..LONGEST).unwrap_or(line);
        self.text.extend(
            line.iter()
                .map(|&b| if b.is_ascii_control() { b'?' } else { b }),
        );
        self.text.push(b'\n');
    }
}

/// How much of one line is kept.
const LONGEST: usize = 512;
/// How much of a session is kept, so that no client makes a server large.
const MOST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(reported: &str, reply: &Reply) -> Option<Vec<String>> {
        let words: Vec<String> = reported.split(' ').map(str::to_owned).collect();
        let mut transcript = Transcript::new(Faults::reported(&words), 100);
        transcript.heard(b"FOO\x07");
        let mut encoded = Vec::new();
        reply.encode(&mut encoded);
        transcript.said(reply, &encoded);
        let lines = transcript.to_report()?;
        Some(
            lines
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect(),
        )
    }

    #[test]
    fn only_what_is_to_be_reported() {
        let broken = Reply::of(451, (4, 3, 5), "Server configuration error");
        let lines = talk("resource software", &broken).unwrap();
        assert_eq!(
            lines,
            [" In:  FOO?", " Out: 451 4.3.5 Server configuration error"]
        );
        assert_eq!(talk("resource", &broken), None);
        let refused = Reply::of(554, (5, 7, 1), "no");
        assert!(talk("policy", &refused).is_some());
        let nonsense = Reply::of(500, (5, 5, 2), "Error: bad syntax");
        assert!(talk("protocol", &nonsense).is_some());
        assert_eq!(talk("protocol", &Reply::of(250, (2, 0, 0), "Ok")), None);
    }
}
