//! The service itself: one answer for each request.

use std::rc::Rc;

use ipc::Server;
use mail::{DsnStatus, QueueId};
use queue::Folder;
use queue::logfile::{self, Entry};
use records::bounce::{Append, Bounce, Notice, Reply, Request};
use service::{Client, Conversations, Fatal, Start};

use crate::notice::{Kind, Notices};
use crate::system::Logs;

/// The daemon.
pub(crate) struct Bouncing {
    logs: Logs,
    notices: Notices,
    folder: Folder,
}

impl Conversations for Bouncing {
    const NAME: &'static str = "bounce";

    fn open(start: &Start) -> Result<Self, Fatal> {
        let logs = Logs::load(&start.settings)?;
        let services: config::params::services::Sockets = start.settings.get()?;
        let folder = match start.service_name.as_str() {
            name if name == services.defer_service_name => Folder::Defer,
            name if name == services.trace_service_name => Folder::Trace,
            _ => Folder::Bounce,
        };
        Ok(Self {
            notices: Notices::open(&start.settings)?,
            logs,
            folder,
        })
    }

    async fn converse(self: Rc<Self>, client: &mut Client) {
        let Some(connection) = client.connection() else {
            return;
        };
        let mut server = Server::<Bounce>::over(connection);
        let ended = async {
            while let Some(request) = server.receive().await? {
                let reply = if self.answer(request).await {
                    Reply::Done
                } else {
                    Reply::Failed
                };
                server.reply(&reply).await?;
            }
            Ok::<(), ipc::Error>(())
        };
        if let Err(error) = ended.await
            && !error.is_closed()
        {
            maillog::warning!("{} request: {error}", self.folder);
        }
    }
}

impl Bouncing {
    async fn answer(&self, request: Request) -> bool {
        match request {
            Request::Append(append) => self.append(append).await,
            Request::Flush(notice) => self.flush(&notice).await,
            Request::Warn(notice) => self.warn(&notice).await,
            Request::One(notice, append) => {
                let entry = Entry {
                    recipient: append.recipient,
                    dsn: append.dsn,
                };
                self.notices.tell(Kind::Failure, &notice, &[entry]).await
            }
            Request::Purge(id) => self.remove(&id),
        }
    }

    /// Beside the loop, as it waits for the disk.
    async fn append(&self, append: Append) -> bool {
        let (layout, folder) = (self.logs.layout.clone(), self.folder);
        let old_form = self.logs.backwards_compatible;
        let id = append.id.clone();
        let entry = Entry {
            recipient: append.recipient,
            dsn: append.dsn,
        };
        let written = tokio::task::spawn_blocking(move || {
            logfile::append(&layout, folder, &append.id, &entry, old_form)
        });
        match written.await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => maillog::warning!("{id}: append to {folder} log: {error}"),
            Err(error) => maillog::warning!("{id}: append to {folder} log: {error}"),
        }
        false
    }

    async fn flush(&self, notice: &Notice) -> bool {
        let Some(entries) = self.entries(&notice.id) else {
            return false;
        };
        let kind = if self.folder == Folder::Trace {
            Kind::of_trace(&entries)
        } else {
            Kind::Failure
        };
        let told = entries.is_empty() || self.notices.tell(kind, notice, &entries).await;
        // Only now that the notice is in the queue.
        told && self.remove(&notice.id)
    }

    async fn warn(&self, notice: &Notice) -> bool {
        let Some(entries) = self.entries(&notice.id) else {
            return false;
        };
        entries.is_empty() || self.notices.tell(Kind::Delay, notice, &entries).await
    }

    /// What the log says; nothing without a log, `None` when it cannot be read.
    fn entries(&self, id: &QueueId) -> Option<Vec<Entry>> {
        let read = logfile::open(&self.logs.layout, self.folder, id).and_then(|file| {
            let mut bytes = Vec::new();
            if let Some(mut file) = file {
                std::io::Read::read_to_end(&mut file, &mut bytes)?;
            }
            Ok(logfile::parse(&bytes, self.stock_status()))
        });
        read.inspect_err(|error| maillog::warning!("{id}: read {} log: {error}", self.folder))
            .ok()
    }

    /// For entries of old releases, which have none.
    const fn stock_status(&self) -> DsnStatus {
        let class = if matches!(self.folder, Folder::Defer) {
            4
        } else if matches!(self.folder, Folder::Trace) {
            2
        } else {
            5
        };
        DsnStatus::new(class, 0, 0)
    }

    fn remove(&self, id: &QueueId) -> bool {
        let removed = logfile::remove(&self.logs.layout, self.folder, id);
        removed
            .inspect_err(|error| maillog::warning!("{id}: remove {} log: {error}", self.folder))
            .is_ok()
    }
}
