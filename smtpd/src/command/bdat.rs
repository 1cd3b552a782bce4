//! BDAT (RFC 3030): content in chunks of a stated size.
//!
//! A chunk's bytes follow its command whatever the reply is, so a chunk that is not wanted is read and dropped, and so
//! are all that follow it until the last one or RSET.

use std::borrow::Cow;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::content::Content;
use crate::event;
use crate::keywords::Keyword;
use crate::reply::Reply;
use crate::session::{End, Session};
use crate::transaction::Transaction;

/// The arguments of BDAT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Chunk {
    size: u64,
    last: bool,
}

impl Chunk {
    fn parse(arguments: &[u8]) -> Option<Self> {
        let mut words = super::words(arguments);
        let size = std::str::from_utf8(words.next()?).ok()?;
        let last = match words.next() {
            None => false,
            Some(word) if word.eq_ignore_ascii_case(b"LAST") => true,
            Some(_) => return None,
        };
        let digits = size.bytes().all(|b| b.is_ascii_digit()) && words.next().is_none();
        let size = digits.then(|| size.parse().ok()).flatten()?;
        // A size that no file can have is a mistake, not a wish.
        (size <= i64::MAX as u64).then_some(Self { size, last })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// BDAT.
    pub async fn bdat(&mut self, arguments: &[u8]) -> Result<Reply, End> {
        let id = self.transaction.as_deref().and_then(Transaction::id);
        let Some(chunk) = Chunk::parse(arguments) else {
            let line = [b"BDAT ", arguments].concat();
            event::bad_chunk(id, "malformed BDAT command syntax", &self.peer, Some(&line));
            return Ok(Reply::of(521, (5, 5, 4), "Syntax: BDAT count [LAST]"));
        };
        if self.rights.discarded.has(Keyword::Chunking) {
            return Ok(Reply::of(521, (5, 5, 1), "Error: command not implemented"));
        }
        if chunk.size == 0 && !chunk.last {
            event::bad_chunk(id, "null BDAT request", &self.peer, None);
            self.chunk_failed = true;
            return Ok(Reply::of(551, (5, 7, 1), "Null BDAT request"));
        }
        if self.chunk_failed {
            return self.discard(chunk).await;
        }
        match self.may_send_chunk(chunk).await {
            Ok(()) => self.take_chunk(chunk).await,
            Err(reply) => {
                self.skip(chunk.size).await?;
                self.fail_chunks(chunk);
                Ok(reply)
            }
        }
    }

    async fn discard(&mut self, chunk: Chunk) -> Result<Reply, End> {
        self.skip(chunk.size).await?;
        self.fail_chunks(chunk);
        let text = format!("Discarded {} bytes after earlier error", chunk.size);
        Ok(Reply::new(551, (5, 0, 0), text.into_bytes()))
    }

    /// What follows in this message is skipped; after its last chunk a new one may begin.
    fn fail_chunks(&mut self, chunk: Chunk) {
        if chunk.last {
            self.reset();
        } else {
            self.chunk_failed = true;
        }
    }

    async fn may_send_chunk(&mut self, chunk: Chunk) -> Result<(), Reply> {
        if let Some(reply) = self.hello_missing() {
            return Err(reply);
        }
        let Some(transaction) = self.transaction.as_deref() else {
            return Err(Reply::of(503, (5, 5, 1), "Error: need RCPT command"));
        };
        let limit = self.shared.config.content.size_limit;
        let before = transaction.chunks.as_ref().map_or(0, Content::size);
        if limit > 0 && chunk.size > limit.saturating_sub(before) {
            let what = "BDAT request exceeds message size limit";
            event::bad_chunk(transaction.id(), what, &self.peer, None);
            return Err(Reply::of(
                552,
                (5, 3, 4),
                "Chunk exceeds message size limit",
            ));
        }
        if transaction.chunks.is_some() {
            return Ok(());
        }
        self.may_begin_content("BDAT").await
    }

    async fn take_chunk(&mut self, chunk: Chunk) -> Result<Reply, End> {
        let Some(mut transaction) = self.transaction.take() else {
            return Ok(super::rcpt_to::queue_error());
        };
        let content = transaction.chunks.take();
        let first = content.is_none();
        let mut content = content.unwrap_or_else(|| Content::new(self.rules()));
        if first && let Some(mut letter) = transaction.letter.take() {
            self.start_content(&mut letter, &transaction);
            transaction.letter = Some(letter);
        }
        let received = self
            .receive_chunk(chunk.size, &mut content, &mut transaction)
            .await;
        if chunk.last
            && let Some(letter) = &mut transaction.letter
        {
            content.end_chunks(letter.buffer());
        }
        self.transaction = Some(transaction);
        let intact = received?;
        if chunk.last {
            self.place = Cow::Borrowed("END-OF-MESSAGE");
            let prefix = format!("{} bytes ", content.size());
            return Ok(self.finish(&content, intact, &prefix).await);
        }
        if !intact {
            self.chunk_failed = true;
            return Ok(super::rcpt_to::queue_error());
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.chunks = Some(content);
        }
        let text = format!("Ok: {} bytes", chunk.size);
        Ok(Reply::new(250, (2, 0, 0), text.into_bytes()))
    }

    /// Take a chunk's bytes; says whether cleanup took them.
    async fn receive_chunk(
        &mut self,
        size: u64,
        content: &mut Content,
        transaction: &mut Transaction,
    ) -> Result<bool, End> {
        let Some(letter) = &mut transaction.letter else {
            self.skip(size).await?;
            return Ok(false);
        };
        let mut left = size;
        let mut intact = true;
        self.flush_before(left).await?;
        while left > 0 {
            let available = match self.stream.fill().await {
                Ok(available) => available,
                Err(error) => return Err(self.broken(&error, content)),
            };
            let count = usize::try_from(left).unwrap_or(usize::MAX);
            let count = count.min(available.len()).min(PIECE);
            if intact {
                content.read_chunk(available.get(..count).unwrap_or_default(), letter.buffer());
            }
            self.stream.consume(count);
            left -= count as u64;
            intact = intact && letter.flow().await;
        }
        Ok(intact)
    }

    /// Replies to what came before must not wait for a chunk that is still on its way.
    async fn flush_before(&mut self, size: u64) -> Result<(), End> {
        if (self.stream.buffered().len() as u64) < size {
            self.stream.flush().await?;
        }
        Ok(())
    }

    async fn skip(&mut self, size: u64) -> Result<(), End> {
        let mut left = size;
        self.flush_before(left).await?;
        while left > 0 {
            let available = self.stream.fill().await?.len();
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(available);
            self.stream.consume(count);
            left -= count as u64;
        }
        Ok(())
    }
}

/// How much of a chunk is turned into records at once: a byte may become two, and a block must not grow too large.
const PIECE: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let chunk = |size, last| Some(Chunk { size, last });
        assert_eq!(Chunk::parse(b"86"), chunk(86, false));
        assert_eq!(Chunk::parse(b"86 last"), chunk(86, true));
        for bad in [
            "",
            "x",
            "-1",
            "+1",
            "1 FOO",
            "1 LAST x",
            "99999999999999999999",
        ] {
            assert_eq!(Chunk::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
