//! The end of an attempt: notices that are owed, then removal, return to the sender, or another attempt later.
//!
//! A letter is removed only when every recipient is done and every notice that it owes is itself in the queue.

use std::io;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use queue::{Folder, edit};
use records::bounce::{Bouncer, Notice, Request};
use tokio::task::spawn_local;

use crate::intake;
use crate::manager::Manager;
use crate::message::Message;
use crate::schedule::MessageId;

impl Manager {
    /// End the attempt if the fate of all recipients is known.
    pub(crate) fn finish_if_done(self: &Rc<Self>, key: MessageId) {
        let done = self.with_message_if(key, |message| {
            message.pending == 0 && message.unrouted.is_empty()
        });
        if done != Some(true) {
            return;
        }
        if self.with_message(key, |message| message.rest.is_some()) && self.refill(key) {
            return;
        }
        let Some(message) = self.leave(key) else {
            return;
        };
        let state = message.state;
        if !(state.deferred || state.bounced || state.traced || message.trace_offset.is_some()) {
            return self.remove(&message);
        }
        spawn_local(Rc::clone(self).finish(message));
    }

    /// Return a letter whose defer log already says why.
    pub(crate) fn give_up(self: &Rc<Self>, key: MessageId) {
        let Some(mut message) = self.leave(key) else {
            return;
        };
        message.state.deferred = true;
        spawn_local(Rc::clone(self).finish(message));
    }

    async fn finish(self: Rc<Self>, mut message: Message) {
        if message.state.gone {
            return self.made_room();
        }
        if message.state.bounced
            && !self
                .notify(&self.bounce, Request::Flush(notice(&message)), &message)
                .await
        {
            maillog::info!("{}: status=deferred (bounce failed)", message.id);
            message.state.deferred = true;
        }
        if message.state.traced || message.flags.record || message.flags.user_verify {
            let told = self
                .notify(&self.trace, Request::Flush(notice(&message)), &message)
                .await;
            message.state.deferred |= !told && !message.is_probe();
        }
        if message.is_probe() || !message.state.deferred {
            return self.remove(&message);
        }
        if let Some(offset) = message.trace_offset {
            // The sender asked about one attempt.
            self.edit(&message, |file| edit::kill(file, offset));
        }
        if self.is_expired(&message) && self.return_to_sender(&message).await {
            return self.remove(&message);
        }
        self.warn_sender(&message).await;
        self.try_later(&message);
    }

    fn is_expired(&self, message: &Message) -> bool {
        let times = &self.config.times;
        let lifetime = if message.facts.sender.is_null() {
            times.bounce_lifetime
        } else {
            times.lifetime
        };
        message.state.force_expire || age(message) >= lifetime
    }

    async fn return_to_sender(&self, message: &Message) -> bool {
        let how = if message.state.force_expire {
            "force-expired"
        } else {
            "expired"
        };
        let sender = mail::logged(message.facts.sender.as_bytes());
        maillog::info!(
            "{}: from=<{sender}>, status={how}, returned to sender",
            message.id
        );
        self.notify(&self.defer, Request::Flush(notice(message)), message)
            .await
    }

    async fn warn_sender(&self, message: &Message) {
        let Some((seconds, offset)) = message.warning else {
            return;
        };
        let due = UNIX_EPOCH + Duration::from_secs(seconds) <= SystemTime::now();
        if due
            && self
                .notify(&self.defer, Request::Warn(notice(message)), message)
                .await
        {
            self.edit(message, |file| edit::set_warning(file, offset, 0));
        }
    }

    async fn notify(&self, service: &Bouncer, request: Request, message: &Message) -> bool {
        match service.ask(&request).await {
            Ok(done) => done,
            Err(error) => {
                maillog::warning!("{}: notice to the sender: {error}", message.id);
                false
            }
        }
    }

    fn edit(&self, message: &Message, change: impl Fn(&std::fs::File) -> io::Result<()>) {
        let path = self.config.layout.path(Folder::Active, &message.id);
        if let Err(error) = intake::reopen(&path).and_then(|file| change(&file)) {
            maillog::warning!("{}: update queue file: {error}", message.id);
        }
    }

    /// Put the letter among the deferred ones. The longer it has waited, the longer it waits.
    fn try_later(self: &Rc<Self>, message: &Message) {
        let times = &self.config.times;
        let wait = age(message).clamp(times.minimal_backoff, times.maximal_backoff);
        let path = self.config.layout.path(Folder::Active, &message.id);
        self.put_back(&message.id, &path, Folder::Deferred, wait);
        self.made_room();
    }

    fn remove(self: &Rc<Self>, message: &Message) {
        self.remover.remove(&message.id);
        self.made_room();
    }
}

fn age(message: &Message) -> Duration {
    let arrival = u64::try_from(message.facts.arrival.seconds).unwrap_or_default();
    SystemTime::now()
        .duration_since(UNIX_EPOCH + Duration::from_secs(arrival))
        .unwrap_or_default()
}

fn notice(message: &Message) -> Notice {
    Notice {
        id: message.id.clone(),
        queue: message.facts.queue.clone(),
        sender: message.facts.sender.clone(),
        encoding: message.facts.encoding.clone(),
        smtputf8: message.facts.smtputf8,
        envelope_id: message.facts.envelope_id.clone(),
        ret: message.facts.ret,
    }
}
