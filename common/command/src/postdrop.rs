//! Handing a letter to postdrop(1), which puts it into maildrop/: for sendmail(1), and smtpd(8) without the mail
//! system's rights.
//!
//! Queue-file records go to its standard input; one line comes back: `OK queue-id`, or an SMTP reply such as
//! `552 5.3.4 message file too big`.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 4096;

/// A postdrop that is at work. Dropped before [`Postdrop::finish`], it sees its input end early and keeps nothing.
#[derive(Debug)]
pub struct Postdrop {
    child: Child,
    input: ChildStdin,
}

/// Why a letter is not in maildrop/.
#[derive(Debug)]
pub enum PostdropError {
    /// The program could not be run, or broke off; the letter may be tried again.
    Lost(io::Error),
    /// It refused: SMTP code, enhanced status and text.
    Refused {
        /// 4xx or 5xx.
        code: u16,
        /// Such as `5.3.4`.
        status: String,
        /// The reason.
        text: String,
    },
}

impl fmt::Display for PostdropError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(error) => f.write_str(&sys::reason(error)),
            Self::Refused { text, .. } => f.write_str(text),
        }
    }
}

impl std::error::Error for PostdropError {}

impl From<io::Error> for PostdropError {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl Postdrop {
    /// Run the program.
    pub fn start(program: &Path) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg("-r")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        match child.stdin.take() {
            Some(input) => Ok(Self { child, input }),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Send whole records. After a failure, [`Postdrop::finish`] knows the reason.
    pub fn send(&mut self, records: &[u8]) -> io::Result<()> {
        self.input.write_all(records)
    }

    /// Tell it to drop the letter.
    pub fn abandon(mut self) {
        let pid = i32::try_from(self.child.id());
        if let Ok(pid) = pid
            && sys::process::signal(pid, sys::signal::Kind::SIGTERM).is_ok()
        {
            // Its end is all that is waited for.
            let _ = self.child.wait();
        }
    }

    /// Learn what became of the letter: its queue id.
    pub fn finish(mut self) -> Result<String, PostdropError> {
        drop(self.input);
        let mut answer = Vec::new();
        if let Some(output) = self.child.stdout.take() {
            output.take(LONGEST_ANSWER).read_to_end(&mut answer)?;
        }
        let ended = self.child.wait()?;
        let answer = String::from_utf8_lossy(&answer);
        let answer = answer.lines().next().unwrap_or_default();
        if let Some(id) = answer.strip_prefix("OK ") {
            return Ok(id.to_owned());
        }
        Err(refusal(answer).unwrap_or_else(|| {
            let broken = io::Error::other(format!("unable to execute postdrop: {ended}"));
            PostdropError::Lost(broken)
        }))
    }
}

fn refusal(answer: &str) -> Option<PostdropError> {
    let mut words = answer.splitn(3, ' ');
    let code = words.next()?.parse().ok()?;
    let status = words.next()?.to_owned();
    let text = words.next()?.to_owned();
    Some(PostdropError::Refused { code, status, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood() {
        match refusal("552 5.3.4 message file too big") {
            Some(PostdropError::Refused { code, status, text }) => {
                assert_eq!(
                    (code, status.as_str(), text.as_str()),
                    (552, "5.3.4", "message file too big")
                );
            }
            other => panic!("{other:?}"),
        }
        assert!(refusal("").is_none());
        assert!(refusal("nonsense it is").is_none());
    }
}
