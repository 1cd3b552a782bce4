//! What becomes of a recipient is told here: to the bounce, defer and trace services, and to the log.
//!
//! Agents go through [`crate::Delivery`], which also marks the recipient in the queue file; qmgr(8) and cleanup(8), which
//! decide about recipients without an agent, use the [`Reporter`] itself. The log line is written after the service has
//! the entry on stable storage, so that it never says more than is true. A recipient that cannot be bounced is deferred.

use std::fmt::Display;
use std::time::Duration;

use config::{Settings, params};
use ipc::Error;
use mail::outcome::{Action, Dsn};
use mail::{DsnStatus, Notify, QueueId, Recipient, Times};
use records::bounce::{Append, Bouncer};
use records::delivery::Flags;

use crate::filter::Filter;
use crate::status_line::{Status, StatusLine};
use crate::waiting::Waiting;

/// How reports are made.
pub struct Config {
    soft_bounce: bool,
    resolution: u32,
    services: params::services::Sockets,
    timeout: Duration,
    waiting: Waiting,
    filter: Filter,
}

impl Config {
    /// As main.cf has it.
    pub fn load(settings: &Settings) -> Result<Self, config::Error> {
        let services: params::services::Sockets = settings.get()?;
        let logging: params::core::Logging = settings.get()?;
        let compatibility: params::core::Compatibility = settings.get()?;
        let ipc: params::core::Ipc = settings.get()?;
        let digits = logging.delay_logging_resolution_limit;
        Ok(Self {
            soft_bounce: compatibility.soft_bounce,
            resolution: u32::try_from(digits).unwrap_or(u32::MAX),
            services,
            timeout: ipc.ipc_timeout,
            waiting: Waiting::open(settings, ipc.ipc_timeout)?,
            filter: Filter::open(settings)?,
        })
    }
}

/// Connections to the services that hear of recipients.
pub struct Reporter {
    bounce: Bouncer,
    defer: Bouncer,
    trace: Bouncer,
    waiting: Waiting,
    filter: Filter,
    soft_bounce: bool,
    resolution: u32,
}

/// One attempt to deliver a letter to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The letter.
    pub id: &'a QueueId,
    /// How it is to be treated.
    pub flags: Flags,
    /// The recipient.
    pub recipient: &'a Recipient,
    /// Who took it, or was to take it; `none` when it came to nobody.
    pub relay: &'a str,
    /// The moments of the delivery.
    pub times: Times,
}

/// What is left to do for a recipient, and for the queue manager.
#[must_use = "a recipient that is to be tried again must not be marked as done"]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fate {
    /// The recipient is to be tried again; otherwise it is delivered, or given up and logged for the notice.
    pub again: bool,
    /// The bounce log may have an entry.
    pub bounced: bool,
    /// The trace log may have an entry.
    pub traced: bool,
}

impl Fate {
    /// Nothing is left to do.
    pub const DONE: Self = Self {
        again: false,
        bounced: false,
        traced: false,
    };
    /// To be tried again.
    pub const AGAIN: Self = Self {
        again: true,
        ..Self::DONE
    };

    /// What is left to do for two together.
    pub const fn and(self, other: Self) -> Self {
        Self {
            again: self.again || other.again,
            bounced: self.bounced || other.bounced,
            traced: self.traced || other.traced,
        }
    }
}

impl Reporter {
    /// With sockets below the queue directory, which is the working directory.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let service = |name: &str| Bouncer::new(format!("private/{name}"), config.timeout);
        Self {
            bounce: service(&config.services.bounce_service_name),
            defer: service(&config.services.defer_service_name),
            trace: service(&config.services.trace_service_name),
            waiting: config.waiting,
            filter: config.filter,
            soft_bounce: config.soft_bounce,
            resolution: config.resolution,
        }
    }

    /// The recipient has the mail. The sender is told if it asked for that, by the trace log.
    pub async fn sent(&self, attempt: &Attempt<'_>, dsn: Dsn) -> Fate {
        let mut dsn = self.filter.apply(of_class(attempt, dsn, 2)).await;
        if attempt.flags.mta_verify || attempt.flags.user_verify {
            return self.probed(attempt, dsn, Status::Deliverable).await;
        }
        dsn.action.get_or_insert(Action::Delivered);
        let wanted = attempt.recipient.dsn_notify.contains(Notify::SUCCESS);
        let fate = if attempt.flags.record || wanted {
            self.traced(attempt, &dsn).await
        } else {
            Fate::DONE
        };
        if !fate.again {
            self.log(attempt, &dsn, Status::Sent);
        }
        fate
    }

    /// The recipient is to be tried again: into the defer log.
    pub async fn deferred(&self, attempt: &Attempt<'_>, dsn: Dsn) -> Fate {
        let dsn = self.filter.apply(of_class(attempt, dsn, 4)).await;
        self.fail(attempt, dsn).await
    }

    /// The recipient is given up: into the bounce log, or, where that is not possible, into the defer log.
    pub async fn bounced(&self, attempt: &Attempt<'_>, dsn: Dsn) -> Fate {
        let dsn = self.filter.apply(of_class(attempt, dsn, 5)).await;
        self.fail(attempt, dsn).await
    }

    async fn fail(&self, attempt: &Attempt<'_>, mut dsn: Dsn) -> Fate {
        if dsn.status.class == 4 {
            return self.put_off(attempt, dsn, Status::Deferred).await;
        }
        if attempt.flags.mta_verify || attempt.flags.user_verify {
            return self.probed(attempt, dsn, Status::Undeliverable).await;
        }
        if self.soft_bounce {
            dsn.status = dsn.status.with_class(4);
            return self.put_off(attempt, dsn, Status::SoftBounce).await;
        }
        dsn.action = Some(Action::Failed);
        let mut fate = Fate {
            bounced: true,
            ..Fate::DONE
        };
        let stored = self.bounce.append(entry(attempt, &dsn)).await;
        if !is_stored(attempt, "bounce", stored) {
            let failed = Dsn::new(DsnStatus::new(4, 3, 0), "bounce or trace service failure");
            return fate.and(self.put_off(attempt, failed, Status::Deferred).await);
        }
        if attempt.flags.record {
            fate = fate.and(self.traced(attempt, &dsn).await);
        }
        if !fate.again {
            self.log(attempt, &dsn, Status::Bounced);
        }
        fate
    }

    async fn put_off(&self, attempt: &Attempt<'_>, mut dsn: Dsn, status: Status) -> Fate {
        if attempt.flags.mta_verify || attempt.flags.user_verify {
            return self.probed(attempt, dsn, Status::Undeliverable).await;
        }
        dsn.action = Some(Action::Delayed);
        let mut fate = Fate::AGAIN;
        let stored = self.defer.append(entry(attempt, &dsn)).await;
        // The letter stays in the queue, with or without an entry that says why.
        if is_stored(attempt, "defer", stored) && attempt.flags.record {
            fate = fate.and(self.traced(attempt, &dsn).await);
        }
        self.waiting
            .note(attempt.id, &attempt.recipient.address)
            .await;
        self.log(attempt, &dsn, status);
        fate
    }

    /// The result of a probe; the answer to sendmail -bv goes into the trace log, as a word of its own.
    async fn probed(&self, attempt: &Attempt<'_>, mut dsn: Dsn, status: Status) -> Fate {
        let good = status == Status::Deliverable;
        dsn.action = Some(if good {
            Action::Deliverable
        } else {
            Action::Undeliverable
        });
        let fate = if attempt.flags.user_verify {
            self.traced(attempt, &dsn).await
        } else {
            Fate::DONE
        };
        if !fate.again {
            self.log(attempt, &dsn, status);
        }
        fate
    }

    async fn traced(&self, attempt: &Attempt<'_>, dsn: &Dsn) -> Fate {
        let mut dsn = dsn.clone();
        let via = format!("delivery via {}: ", attempt.relay);
        dsn.reason.splice(..0, via.into_bytes());
        let stored = self.trace.append(entry(attempt, &dsn)).await;
        Fate {
            again: !is_stored(attempt, "trace", stored),
            bounced: false,
            traced: true,
        }
    }

    fn log(&self, attempt: &Attempt<'_>, dsn: &Dsn, status: Status) {
        let line = StatusLine {
            id: attempt.id,
            recipient: attempt.recipient,
            relay: attempt.relay,
            times: attempt.times,
            resolution: self.resolution,
            dsn,
            status,
        };
        maillog::info!("{line}");
    }
}

fn entry(attempt: &Attempt<'_>, dsn: &Dsn) -> Append {
    Append {
        id: attempt.id.clone(),
        recipient: attempt.recipient.clone(),
        dsn: dsn.clone(),
    }
}

fn is_stored(attempt: &Attempt<'_>, service: &str, stored: Result<bool, Error>) -> bool {
    let complain = |what: &dyn Display| {
        maillog::warning!("{}: {service} service failure{what}", attempt.id);
    };
    match stored {
        Ok(true) => return true,
        Ok(false) => complain(&""),
        Err(error) => complain(&format_args!(": {error}")),
    }
    false
}

/// A status code of another class than the verdict would make a report that contradicts itself.
fn of_class(attempt: &Attempt<'_>, mut dsn: Dsn, class: u8) -> Dsn {
    if dsn.status.class != class {
        maillog::warning!(
            "{}: status code {} for a verdict of class {class}: {}",
            attempt.id,
            dsn.status,
            String::from_utf8_lossy(&dsn.reason)
        );
        dsn.status = DsnStatus::new(class, 0, 0);
    }
    dsn
}
