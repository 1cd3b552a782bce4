//! Beginning deliveries, and hearing how they ended.

use std::fs::File;
use std::io;
use std::rc::Rc;
use std::time::Instant;

use delivery::{Attempt, Fate};
use mail::outcome::Dsn;
use mail::stats::Moment;
use mail::{Address, DsnStatus, QueueId, Recipient, Times};
use queue::{Folder, edit};
use records::delivery::{Flags, Report, Request};
use tokio::task::spawn_local;

use crate::agents::AgentError;
use crate::intake;
use crate::manager::Manager;
use crate::message::Message;
use crate::schedule::{EntryId, MessageId, Outcome, Refused, no_agent};

impl Manager {
    /// Begin every delivery that may begin now.
    pub(crate) fn pump(self: &Rc<Self>) {
        loop {
            let picked = self.schedule.borrow_mut().pick(Instant::now());
            let Some(entry) = picked else { break };
            spawn_local(Rc::clone(self).deliver(entry));
        }
        let refused = self.schedule.borrow_mut().refused();
        for refused in refused {
            spawn_local(Rc::clone(self).defer(refused));
        }
        if self.schedule.borrow_mut().waiting_changed() {
            self.timer.notify_one();
        }
    }

    /// One delivery, from the request to the report.
    async fn deliver(self: Rc<Self>, entry: EntryId) {
        let (transport, prepared) = self.prepare(entry);
        let outcome = match prepared {
            Ok((request, file)) => {
                let outcome = self.agents.deliver(&transport, &request, &file).await;
                drop(file);
                outcome
            }
            Err(error) => return self.unreadable(entry, &error),
        };
        match outcome {
            Ok(report) => self.reported(entry, report),
            Err(error) => self.without_agent(entry, &transport, &error),
        }
    }

    /// The request of an entry, with the open file. The last request of a letter closes our own copy of the file.
    fn prepare(&self, id: EntryId) -> (String, io::Result<(Request, Rc<File>)>) {
        let schedule = self.schedule.borrow();
        let entry = schedule.entry(id);
        let destination = schedule.destination_of(id);
        let transport = schedule.transport_of(id).name.clone();
        let more_mail = destination.waiting() > 0;
        let request = self.with_message_if(entry.message, |message| {
            let file = self.file_for(message)?;
            let mut facts = message.facts.clone();
            if let Some(first) = entry
                .recipients
                .first()
                .filter(|_| !message.verp.is_empty())
            {
                facts.sender = verp_sender(&facts.sender, &first.address, &message.verp);
            }
            let request = Request {
                message: facts,
                nexthop: destination.nexthop.clone(),
                flags: Flags {
                    more_mail,
                    reuse: true,
                    ..message.flags
                },
                active: message.active,
                recipients: entry
                    .recipients
                    .clone()
                    .try_into()
                    .map_err(|_| io::Error::other("too many recipients"))?,
            };
            Ok((request, file))
        });
        let gone = || Err(io::ErrorKind::NotFound.into());
        (transport, request.unwrap_or_else(gone))
    }

    /// The letter's file. It stays open here only while there are more requests or recipients to come.
    fn file_for(&self, message: &mut Message) -> io::Result<Rc<File>> {
        let path = self.config.layout.path(Folder::Active, &message.id);
        let file = match message.file.take() {
            // What the administrator deleted, held or requeued meanwhile is not delivered.
            Some(file) if intake::is_at(&file, &path)? => file,
            Some(_) => return Err(io::ErrorKind::NotFound.into()),
            None => Rc::new(intake::reopen(&path)?),
        };
        if message.pending > 1 || message.rest.is_some() {
            message.file = Some(Rc::clone(&file));
        }
        Ok(file)
    }

    fn reported(self: &Rc<Self>, id: EntryId, report: Report) {
        let outcome = report
            .destination
            .map_or(Outcome::Done, Outcome::Unreachable);
        let entry = self
            .schedule
            .borrow_mut()
            .finished(Instant::now(), id, outcome);
        self.with_message(entry.message, |message| {
            message.state.deferred |= report.deferred;
            message.state.bounced |= report.bounced;
            message.state.traced |= report.traced;
        });
        self.settled(entry.message, entry.recipients.len());
        self.pump();
        self.finish_if_done(entry.message);
    }

    /// There is no agent, or it is gone: the retry transport tells the recipients.
    fn without_agent(self: &Rc<Self>, id: EntryId, transport: &str, error: &AgentError) {
        let dsn = match error {
            AgentError::Absent(_) => {
                maillog::warning!("connect to transport private/{transport}: {error}");
                no_agent("mail transport unavailable")
            }
            AgentError::Failed(_) => {
                maillog::warning!("private/{transport} socket: {error}");
                maillog::warning!(
                    "transport {transport} failure -- see a previous warning/fatal/panic logfile record for the problem description"
                );
                no_agent("unknown mail transport error")
            }
        };
        let mut schedule = self.schedule.borrow_mut();
        let entry = schedule.finished(Instant::now(), id, Outcome::NoAgent(dsn.clone()));
        schedule.retry(entry.message, entry.recipients, dsn);
        drop(schedule);
        self.pump();
    }

    /// The queue file cannot be opened any more: somebody removed it, or the disk fails.
    fn unreadable(self: &Rc<Self>, id: EntryId, error: &io::Error) {
        let entry = self
            .schedule
            .borrow_mut()
            .finished(Instant::now(), id, Outcome::Done);
        self.with_message(entry.message, |message| {
            let is_gone = error.kind() == io::ErrorKind::NotFound;
            if !is_gone {
                maillog::warning!("{}: open active queue file: {error}", message.id);
            } else if !message.state.gone {
                maillog::info!("{}: skipped, no longer in the active queue", message.id);
            }
            message.state.gone |= is_gone;
            message.state.deferred = true;
        });
        self.settled(entry.message, entry.recipients.len());
        self.pump();
        self.finish_if_done(entry.message);
    }

    /// Defer recipients that nobody else can defer.
    async fn defer(self: Rc<Self>, refused: Refused) {
        for recipient in &refused.recipients {
            let Some((id, flags, times)) = self.attempt_of(refused.message) else {
                return;
            };
            let attempt = Attempt {
                id: &id,
                flags,
                recipient,
                relay: "none",
                times,
            };
            let fate = self.reporter.deferred(&attempt, refused.dsn.clone()).await;
            self.decided(refused.message, recipient, fate);
        }
        self.finish_if_done(refused.message);
    }

    /// Mail to the address that undeliverable notices come from has no reader.
    pub(crate) fn discard(self: &Rc<Self>, key: MessageId, recipients: Vec<Recipient>) {
        let manager = Rc::clone(self);
        spawn_local(async move {
            for recipient in &recipients {
                let Some((id, flags, times)) = manager.attempt_of(key) else {
                    return;
                };
                let attempt = Attempt {
                    id: &id,
                    flags,
                    recipient,
                    relay: "none",
                    times,
                };
                let dsn = Dsn::new(
                    DsnStatus::new(2, 0, 0),
                    "undeliverable postmaster notification discarded",
                );
                let fate = manager.reporter.sent(&attempt, dsn).await;
                manager.decided(key, recipient, fate);
            }
            manager.finish_if_done(key);
        });
    }

    fn attempt_of(&self, key: MessageId) -> Option<(QueueId, Flags, Times)> {
        self.with_message_if(key, |message| {
            let times = Times {
                arrival: message.facts.arrival,
                active: Some(message.active),
                agent: Some(Moment::now()),
                ..Times::default()
            };
            (message.id.clone(), message.flags, times)
        })
    }

    /// A recipient's fate, decided here: note it in the file and in memory.
    fn decided(&self, key: MessageId, recipient: &Recipient, fate: Fate) {
        self.settled(key, 1);
        self.with_message(key, |message| {
            message.state.deferred |= fate.again;
            message.state.bounced |= fate.bounced;
            message.state.traced |= fate.traced;
            if fate.again || recipient.offset == 0 {
                return;
            }
            let path = self.config.layout.path(Folder::Active, &message.id);
            let marked = match &message.file {
                Some(file) => edit::mark_done(file, recipient.offset),
                None => {
                    intake::reopen(&path).and_then(|file| edit::mark_done(&file, recipient.offset))
                }
            };
            if let Err(error) = marked {
                maillog::warning!("{}: update queue file: {error}", message.id);
                message.state.deferred = true;
            }
        });
    }
}

/// The sender with the recipient in it (VERP_README): `owner+user=domain@origin`.
fn verp_sender(sender: &Address, recipient: &Address, delimiters: &[u8]) -> Address {
    let (&[first, second, ..], Some(origin), Some(domain)) =
        (delimiters, sender.domain(), recipient.domain())
    else {
        return sender.clone();
    };
    let text = [
        sender.local_part(),
        &[first],
        recipient.local_part(),
        &[second],
        domain,
        b"@",
        origin,
    ]
    .concat();
    Address::new(text).unwrap_or_else(|_| sender.clone())
}
