//! The load and its destination: smtp-source(1) and smtp-sink(1) of Debian's postfix.

use std::fs::{self, File};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use suite::instance::SMTP;

/// Where the sink listens.
pub(crate) const SINK: &str = "127.0.0.1:2525";

/// A running smtp-sink.
pub(crate) struct Sink {
    child: Child,
    counters: PathBuf,
}

impl Sink {
    /// Start it; its counters go to a file.
    pub(crate) fn start(counters: PathBuf) -> Self {
        let output =
            File::create(&counters).unwrap_or_else(|error| panic!("sink counters: {error}"));
        let child = Command::new("smtp-sink")
            .args(["-u", "nobody", "-c", "-m", "1000", SINK, "4096"])
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("smtp-sink: {error}"));
        let listening = wait(|| TcpStream::connect(SINK).is_ok());
        assert!(listening, "smtp-sink does not listen on {SINK}");
        Self { child, counters }
    }

    /// How many letters have come.
    pub(crate) fn letters(&self) -> usize {
        let text = fs::read(&self.counters).unwrap_or_default();
        let tail = text
            .get(text.len().saturating_sub(200)..)
            .unwrap_or_default();
        let tail = String::from_utf8_lossy(tail).into_owned();
        let last = tail
            .rsplit("mesg=")
            .nth(0)
            .filter(|_| tail.contains("mesg="));
        let digits: String = last
            .unwrap_or_default()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse().unwrap_or(0)
    }

    /// Wait for so many letters.
    pub(crate) fn wait(&self, letters: usize) -> bool {
        wait(|| self.letters() >= letters)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Poll until it is so, or say that it took too long.
pub(crate) fn wait(done: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(40);
    while !done() {
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Send letters of 4 KB to one recipient, each over a connection of its own, so many at once.
pub(crate) fn source(sessions: usize, letters: usize, recipient: &str) -> bool {
    let status = Command::new("timeout")
        .args([
            "120",
            "smtp-source",
            "-s",
            &sessions.to_string(),
            "-m",
            &letters.to_string(),
        ])
        .args([
            "-l",
            "4096",
            "-f",
            "sender@example.net",
            "-t",
            recipient,
            SMTP,
        ])
        .stdin(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
