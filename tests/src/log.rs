//! The log of one private machine: everything sent to its /dev/log, kept in memory.
//!
//! A thread reads the datagram socket. Cases wait for lines by program and pattern (see [`crate::pattern`]);
//! a line that was logged before the wait began counts.

use crate::{pattern, wait};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A handle on the log; clones see the same lines.
#[derive(Clone, Default)]
pub struct Log {
    lines: Arc<Mutex<Vec<Line>>>,
}

/// One log line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Syslog severity: 3 error, 4 warning, 6 information.
    pub severity: u8,
    /// Syslog facility: 2 mail, 16 local0; mail in a log file, which has none.
    pub facility: u8,
    /// The tag without process id, such as `postfix/smtpd`.
    pub tag: String,
    /// The process that logged it.
    pub pid: i32,
    /// What follows `]: `.
    pub text: String,
}

impl Line {
    /// Reads `<22>Nov  1 10:00:00 postfix/smtpd[12]: text`, or the form of a log file, with a host name and no number.
    pub fn parse(raw: &str) -> Option<Self> {
        let (priority, rest) = match raw.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            Some((priority, rest)) => (priority.parse().ok()?, rest),
            None => (22_u8, raw),
        };
        let (head, text) = rest.split_once("]: ")?;
        let (head, pid) = head.rsplit_once('[')?;
        let tag = head.rsplit(' ').next()?;
        Some(Self {
            severity: priority & 7,
            facility: priority >> 3,
            tag: tag.to_owned(),
            pid: pid.parse().ok()?,
            text: text.trim_end().to_owned(),
        })
    }

    /// The queue id this line begins with.
    pub fn id(&self) -> String {
        let id = self.text.split(':').next().unwrap_or_default();
        assert!(id.len() > 5, "no queue id in {self:?}");
        id.to_owned()
    }

    /// The value of `name=` in this line, up to the next comma or space.
    pub fn field(&self, name: &str) -> Option<&str> {
        let value = self
            .text
            .split_once(&format!(" {name}="))
            .or_else(|| self.text.split_once(&format!(",{name}=")))?
            .1;
        value.split([',', ' ']).next()
    }

    fn program(&self) -> &str {
        self.tag.rsplit('/').next().unwrap_or_default()
    }
}

impl Log {
    /// Starts to collect what arrives at the datagram socket `path`.
    pub fn listen(path: &Path) -> Self {
        let log = Self::default();
        let socket = UnixDatagram::bind(path).expect("bind the log socket");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))
            .expect("open the log socket to all");
        let lines = Arc::clone(&log.lines);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(size) = socket.recv(&mut buffer) {
                let raw = String::from_utf8_lossy(&buffer[..size]);
                let line = Line::parse(raw.trim_end_matches('\0')).unwrap_or_else(|| Line {
                    severity: 0,
                    facility: 0,
                    tag: "unparsable".to_owned(),
                    pid: 0,
                    text: raw.into_owned(),
                });
                lines.lock().expect("log").push(line);
            }
        });
        log
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<Line> {
        self.lines.lock().expect("log").clone()
    }

    /// The whole log as text.
    pub fn text(&self) -> String {
        self.lines()
            .iter()
            .map(|line| format!("{}[{}]: {}\n", line.tag, line.pid, line.text))
            .collect()
    }

    /// All lines of `program` (the last part of the tag, or `*`) that match.
    pub fn find(&self, program: &str, wanted: &str) -> Vec<Line> {
        self.lines()
            .into_iter()
            .filter(|line| program == "*" || line.program() == program)
            .filter(|line| pattern::matches(wanted, &line.text))
            .collect()
    }

    /// The first line of `program` that matches; waits for it.
    pub fn wait(&self, program: &str, wanted: &str) -> Line {
        self.wait_nth(1, program, wanted)
    }

    /// The `count`-th line of `program` that matches; waits for it.
    pub fn wait_nth(&self, count: usize, program: &str, wanted: &str) -> Line {
        wait::wait_until(&format!("line {count} of {program}: {wanted}"), || {
            self.find(program, wanted).into_iter().nth(count - 1)
        })
    }

    /// Fails when a line matches.
    pub fn never(&self, program: &str, unwanted: &str) {
        let found = self.find(program, unwanted);
        assert!(found.is_empty(), "unwanted in the log: {found:?}");
    }

    /// Forgets what was logged so far.
    pub fn clear(&self) {
        self.lines.lock().expect("log").clear();
    }
}
