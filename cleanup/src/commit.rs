//! The end of a letter: onto stable storage and to the queue manager, or gone without a trace.
//!
//! Logs files that are taken back.

use mail::QueueId;
use queue::{Folder, NewFile, SizeRecord};
use records::cleanup::{Flags, Outcome, Status};

use crate::letter::Letter;
use crate::server::Cleanup;

/// The bits of the size record's last number.
const REQUESTED: u64 = 1;
const IN_HEADER: u64 = 2;
const IN_SENDER: u64 = 4;
const IN_RECIPIENT: u64 = 8;

impl Letter<'_> {
    /// Nothing more comes: what became of the letter.
    pub(crate) async fn finish(mut self) -> Outcome {
        if !self.is_complete() {
            self.fail(Status::Bad);
        }
        if let Some(outcome) = self.failure.take() {
            return self.give_up(outcome).await;
        }
        if self.flags.contains(Flags::DISCARD) {
            self.remove("discarded");
            return ok();
        }
        let shared = self.shared;
        match self.commit().await {
            Ok(()) => ok(),
            Err((id, error)) => {
                shared.give_back_token();
                maillog::warning!("{id}: write queue file: {}", sys::reason(&error));
                Outcome {
                    status: Status::Write,
                    reason: Vec::new(),
                }
            }
        }
    }

    /// The client went away before the end.
    pub(crate) fn abandon(self) {
        self.remove("canceled");
    }

    async fn commit(mut self) -> Result<(), (QueueId, std::io::Error)> {
        let shared = self.shared;
        let size = self.size_record();
        let hold = self.flags.contains(Flags::HOLD);
        let mut file = self.file;
        let id = file.id().clone();
        let ready = file
            .set_size(&size)
            .and_then(|()| {
                if hold {
                    file.move_to(&shared.layout, Folder::Hold)?;
                }
                file.ready()
            })
            .map_err(|error| (id.clone(), error))?;
        let synced = tokio::task::spawn_blocking(move || ready.sync()).await;
        synced
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(|error| (id.clone(), error))?;
        if hold {
            shared.give_back_token();
        } else {
            // A queue manager that is not there scans the folder when it starts.
            let _ = shared.queue_manager.borrow_mut().message(&id);
        }
        Ok(())
    }

    fn size_record(&mut self) -> SizeRecord {
        let utf8 = self.utf8_flags();
        SizeRecord {
            message_size: self.content_length,
            data_offset: self.data_offset,
            recipients: self.recipients.count(),
            qmgr_flags: SizeRecord::flags_from_notify(self.envelope.notify),
            content_length: self.content_length,
            send_options: utf8,
        }
    }

    fn utf8_flags(&self) -> u64 {
        let mut found = 0;
        if self.has_utf8_header() {
            found |= IN_HEADER;
        }
        if self.shared.config.smtputf8_enable {
            if self.envelope.utf8_sender {
                found |= IN_SENDER;
            }
            if self.envelope.utf8_recipient {
                found |= IN_RECIPIENT;
            }
        }
        let requested = self.flags.contains(Flags::SMTPUTF8)
            || (found != 0 && self.flags.contains(Flags::AUTO_UTF8));
        if requested { found | REQUESTED } else { found }
    }

    /// Refuse the letter, or return it to its sender where there is no client to refuse it to.
    async fn give_up(mut self, outcome: Outcome) -> Outcome {
        let hard = !outcome.status.is_temporary();
        if !self.flags.contains(Flags::BOUNCE) || !hard || outcome.status == Status::NotPermitted {
            self.remove("canceled");
            return outcome;
        }
        let finished = self.close_content();
        let returned = finished.is_ok() && self.bounce(&outcome).await;
        self.remove("canceled");
        if returned {
            ok()
        } else {
            Outcome {
                status: Status::Write,
                reason: Vec::new(),
            }
        }
    }

    /// Make a readable queue file of what there is, for the notice to quote.
    fn close_content(&mut self) -> std::io::Result<()> {
        use queue::RecordType;
        if self.data_offset == 0 {
            self.file.put(RecordType::MESSAGE, b"")?;
            self.data_offset = self.file.position();
        }
        if self.content_length == 0 {
            self.content_length = self.file.position() - self.data_offset;
            self.file.put(RecordType::EXTRACTED, b"")?;
        }
        if !self.is_complete() {
            self.file.put(RecordType::END, b"")?;
        }
        let size = self.size_record();
        self.file.set_size(&size)?;
        self.file.flush()
    }

    fn remove(self, why: &str) {
        self.shared.give_back_token();
        let id = self.file.id().clone();
        match NewFile::cancel(self.file) {
            Ok(()) => maillog::info!("{id}: removed ({why})"),
            Err(error) => maillog::warning!("{id}: remove queue file: {}", sys::reason(&error)),
        }
    }
}

impl Cleanup {
    /// The queue manager will not see this letter.
    fn give_back_token(&self) {
        if let Some(flow) = &self.flow {
            flow.give_back();
        }
    }
}

const fn ok() -> Outcome {
    Outcome {
        status: Status::Ok,
        reason: Vec::new(),
    }
}
