//! A server's reply: its code, its enhanced status code, its lines.
//!
//! [`read`] takes one reply off the stream. Lines that are no reply are skipped; control bytes become `?`, since replies end
//! up in log lines and bounce messages. A reply's total length is bounded.

use mail::DsnStatus;
use net::{LineEnd, LineStream, StreamError};
use tokio::io::{AsyncRead, AsyncWrite};

/// One reply, perhaps of several lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// 100 to 999.
    pub code: u16,
    /// The enhanced status code, when the last line has one of the code's class.
    pub status: Option<DsnStatus>,
    /// Every line with its code, printable.
    pub lines: Vec<String>,
}

impl Reply {
    /// The first digit of the code.
    #[must_use]
    pub const fn class(&self) -> u16 {
        self.code / 100
    }

    /// All lines in one, as log lines quote them.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }

    /// The status that log lines show: the enhanced one, or `class.0.0`.
    #[must_use]
    pub fn status(&self) -> DsnStatus {
        self.status.unwrap_or_else(|| match self.class() {
            2 => DsnStatus::new(2, 0, 0),
            4 => DsnStatus::new(4, 0, 0),
            5 => DsnStatus::new(5, 0, 0),
            _ => DsnStatus::new(5, 5, 0),
        })
    }
}

/// Read one reply.
pub async fn read<S>(stream: &mut LineStream<S>) -> Result<Reply, StreamError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut lines = Vec::new();
    let mut line = Vec::new();
    let mut total = 0;
    loop {
        let end = stream.read_line(&mut line, LINE_LIMIT).await?;
        if end == LineEnd::Limit {
            skip_line(stream, &mut total).await?;
        }
        total += line.len();
        if total > TOTAL_LIMIT {
            return Err(StreamError::Closed);
        }
        let Some((code, more)) = parse(&line) else {
            continue;
        };
        lines.push(printable(&line));
        if !more {
            let status = line.get(4..).and_then(DsnStatus::parse);
            let status = status.filter(|status| u16::from(status.class) == code / 100);
            return Ok(Reply {
                code,
                status,
                lines,
            });
        }
    }
}

/// Drop the rest of a line that is longer than anyone wants to see.
async fn skip_line<S>(stream: &mut LineStream<S>, total: &mut usize) -> Result<(), StreamError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut rest = Vec::new();
    while *total <= TOTAL_LIMIT && stream.read_line(&mut rest, LINE_LIMIT).await? == LineEnd::Limit
    {
        *total += rest.len();
    }
    Ok(())
}

/// The code of a reply line, and whether another line follows.
fn parse(line: &[u8]) -> Option<(u16, bool)> {
    let digits = line.get(..3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let more = match line.get(3) {
        Some(b'-') => true,
        Some(b' ') | None => false,
        Some(_) => return None,
    };
    let code: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (code >= 100).then_some((code, more))
}

fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let clean = |c: char| {
        if c.is_control() || c == char::REPLACEMENT_CHARACTER {
            '?'
        } else {
            c
        }
    };
    text.trim_end().chars().map(clean).collect()
}

/// The longest reply line that is kept.
const LINE_LIMIT: usize = 2048;

/// The longest reply.
const TOTAL_LIMIT: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::{AsyncWriteExt, duplex};

    async fn reply(bytes: &[u8]) -> Result<Reply, StreamError> {
        let (mut peer, ours) = duplex(bytes.len().max(1));
        peer.write_all(bytes).await.unwrap();
        drop(peer);
        read(&mut LineStream::new(ours)).await
    }

    #[tokio::test]
    async fn lines_are_joined() {
        let got = reply(b"junk\r\n550-5.1.1 no\x01such\r\n550 5.1.1 user \xff\r\n")
            .await
            .unwrap();
        assert_eq!(got.code, 550);
        assert_eq!(got.status(), DsnStatus::new(5, 1, 1));
        assert_eq!(got.text(), "550-5.1.1 no?such 550 5.1.1 user ?");
        assert_eq!(
            reply(b"250 5.0.0 x\r\n").await.unwrap().status(),
            DsnStatus::new(2, 0, 0)
        );
        assert_eq!(
            reply(b"354\n").await.unwrap().status(),
            DsnStatus::new(5, 5, 0)
        );
        assert!(reply(b"250-x\r\n").await.is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_harmless(bytes in proptest::collection::vec(prop_oneof![Just(b'2'), Just(b'\r'), Just(b'\n'), Just(b'-'), any::<u8>()], 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(reply(&bytes));
        }
    }
}
