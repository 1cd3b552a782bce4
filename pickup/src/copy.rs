//! Handing one file to cleanup.

use std::fmt::Display;
use std::time::SystemTime;

use queue::record::{self, RecordType};
use queue::submission::{Submission, Verdict};
use queue::{ReadError, Reader};
use records::cleanup::{Flags, Letter, Outcome};

use crate::claim::Claimed;
use crate::config::Config;
use crate::requeued::Requeued;

/// The longest record of a file, in bytes.
const LONGEST_RECORD: usize = 64 * 1024;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// cleanup has the letter: the file goes.
    Taken,
    /// It makes no sense: the file goes.
    Malformed,
    /// cleanup cannot have it now: the file stays.
    Kept,
    /// cleanup is away: the file stays, and others need not be tried.
    Unreachable,
}

/// Copy one file.
pub(crate) async fn copy(config: &Config, claimed: Claimed) -> Fate {
    let requeued = claimed.uid == config.owner && !claimed.readable;
    let flags = match requeued {
        true => config.flags.without(Flags::MILTER),
        false => config.flags,
    };
    let path = claimed.path.display().to_string();
    let letter = match config.cleaner.open(flags).await {
        Ok(Ok(letter)) => letter,
        Ok(Err(outcome)) => return kept(&path, &reason(&outcome)),
        Err(error) => {
            maillog::warning!("{path}: cleanup: {error}");
            return Fate::Unreachable;
        }
    };
    let mut copy = Copy {
        config,
        claimed: &claimed,
        path: &path,
        checks: if requeued {
            Checks::Requeued(Requeued::default())
        } else {
            Checks::New(Submission::file())
        },
        letter,
    };
    match copy.records().await {
        Ok(()) => copy.finish().await,
        Err(fate) => fate,
    }
}

fn kept(path: &str, why: &dyn Display) -> Fate {
    maillog::warning!("{path}: {why}; the file stays for another try");
    Fate::Kept
}

fn reason(outcome: &Outcome) -> String {
    if outcome.reason.is_empty() {
        let (_, status, text) = outcome.status.reply();
        format!("{status} {text}")
    } else {
        String::from_utf8_lossy(&outcome.reason).into_owned()
    }
}

/// The rules for records: those of local users are checked, those that were in our queue before are chosen from.
enum Checks {
    New(Submission),
    Requeued(Requeued),
}

struct Copy<'a> {
    config: &'a Config,
    claimed: &'a Claimed,
    path: &'a str,
    checks: Checks,
    letter: Letter,
}

impl Copy<'_> {
    async fn records(&mut self) -> Result<(), Fate> {
        let mut reader = Reader::new(&self.claimed.file).with_limit(LONGEST_RECORD);
        if !self.config.filter.is_empty() {
            record::put(
                self.letter.buffer(),
                RecordType::FILTER,
                &self.config.filter,
            );
        }
        while !self.is_complete() {
            match reader.next_record() {
                Ok(Some(record)) => self.record(record.kind, record.data)?,
                Ok(None) => return Err(self.malformed(&"no end-of-file record")),
                Err(ReadError::Io(error)) => return Err(kept(self.path, &error)),
                Err(error) => return Err(self.malformed(&error)),
            }
            self.letter
                .flow()
                .await
                .map_err(|error| self.lost(&error))?;
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        match &self.checks {
            Checks::New(submission) => submission.is_complete(),
            Checks::Requeued(requeued) => requeued.is_complete(),
        }
    }

    fn record(&mut self, kind: RecordType, data: &[u8]) -> Result<(), Fate> {
        match &mut self.checks {
            Checks::New(submission) => {
                let in_content = submission.in_content();
                match submission.check(kind, data) {
                    Ok(Verdict::Keep) => record::put(self.letter.buffer(), kind, data),
                    Ok(Verdict::Ignore) => {}
                    Err(fault) => return Err(self.malformed(&fault)),
                }
                if !in_content {
                    self.note(kind, data);
                }
            }
            Checks::Requeued(requeued) => {
                let in_content = requeued.in_content();
                requeued.choose(kind, data, self.letter.buffer());
                if !in_content {
                    self.note(kind, data);
                }
            }
        }
        Ok(())
    }

    /// Log the sender, and put the trace header where the content begins.
    fn note(&mut self, kind: RecordType, data: &[u8]) {
        if kind == RecordType::SENDER {
            let (id, uid) = (self.letter.id(), self.claimed.uid);
            let sender = mail::logged(data);
            match &self.checks {
                Checks::New(_) => maillog::info!("{id}: uid={uid} from=<{sender}>"),
                Checks::Requeued(_) => {
                    let old = &self.claimed.id;
                    maillog::info!("{id}: uid={uid} from=<{sender}> orig_id={old}");
                }
            }
        }
        if kind == RecordType::MESSAGE {
            self.put_received();
        }
    }

    fn put_received(&mut self) {
        let Config {
            myhostname,
            mail_name,
            ..
        } = self.config;
        let (uid, id) = (self.claimed.uid, self.letter.id());
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let date = mail::date::header(i64::try_from(now.as_secs()).unwrap_or_default());
        let first = format!("Received: by {myhostname} ({mail_name}, from userid {uid})");
        let second = format!("\tid {id}; {date}");
        for line in [first, second] {
            record::put(self.letter.buffer(), RecordType::LINE, line.as_bytes());
        }
    }

    async fn finish(self) -> Fate {
        let path = self.path;
        match self.config.cleaner.end(self.letter).await {
            Ok(outcome) if outcome.status == records::cleanup::Status::Ok => Fate::Taken,
            Ok(outcome) => kept(path, &reason(&outcome)),
            Err(error) => {
                maillog::warning!("{path}: cleanup: {error}");
                Fate::Unreachable
            }
        }
    }

    fn malformed(&self, what: &dyn Display) -> Fate {
        let uid = self.claimed.uid;
        maillog::warning!("{}: uid={uid}: {what}; file removed", self.path);
        Fate::Malformed
    }

    /// cleanup went away in the middle; its own log says why.
    fn lost(&self, error: &ipc::Error) -> Fate {
        maillog::warning!("{}: cleanup: {error}", self.path);
        Fate::Unreachable
    }
}
