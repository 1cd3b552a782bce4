//! Who is told what: the sender, the postmaster, or nobody.
//!
//! A bounce of a bounce goes to the postmaster, if notify_classes wants that, and otherwise nowhere. What cannot be
//! delivered to the postmaster is dropped with a log line, so that nothing ever goes round.

use config::{Error, Settings};
use delivery::{Envelope, Post, PostError};
use mail::outcome::Action;
use mail::{Address, Notify, Recipient, Ret};
use queue::logfile::Entry;
use records::bounce::Notice;
use records::cleanup::Flags;
use template::{Template, Templates};

use crate::original::Original;
use crate::report::Report;
use crate::system::System;

/// What a notice is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Mail that was given up.
    Failure,
    /// Mail that is late.
    Delay,
    /// Mail that was delivered.
    Success,
    /// What would become of mail, or became of it, on request of sendmail -bv or -v.
    Verify,
}

/// Makes and sends notices.
pub(crate) struct Notices {
    system: System,
    templates: Templates,
    post: Post,
    flags: Flags,
}

impl Kind {
    /// A log of deliveries is about success, if all senders asked for just that.
    pub(crate) fn of_trace(entries: &[Entry]) -> Self {
        let success = |entry: &Entry| {
            let action = entry.dsn.action;
            entry.recipient.dsn_notify.contains(Notify::SUCCESS)
                && matches!(
                    action,
                    Some(Action::Delivered | Action::Relayed | Action::Expanded)
                )
        };
        if entries.iter().all(success) {
            Self::Success
        } else {
            Self::Verify
        }
    }

    /// What the log line calls it.
    const fn words(self) -> &'static str {
        match self {
            Self::Failure => "non-delivery notification",
            Self::Delay => "delay notification",
            Self::Success | Self::Verify => "delivery status notification",
        }
    }

    /// Whether the recipient's NOTIFY lets the sender hear of it.
    fn is_wanted(self, recipient: &Recipient) -> bool {
        let notify = recipient.dsn_notify;
        let asked = |wish| notify == Notify::UNSET || notify.contains(wish);
        match self {
            Self::Failure => asked(Notify::FAILURE),
            Self::Delay => asked(Notify::DELAY),
            Self::Success | Self::Verify => true,
        }
    }
}

/// One letter to be sent.
struct Letter<'a> {
    kind: Kind,
    to: &'a Address,
    from: &'a Address,
    /// What the log line calls the reader.
    reader: &'static str,
    headers_only: bool,
    entries: Vec<&'a Entry>,
}

impl Notices {
    pub(crate) fn open(settings: &Settings) -> Result<Self, Error> {
        let filters: config::params::core::Filters = settings.get()?;
        let mut flags = Flags::MAP.with(Flags::INTERNAL);
        if filters.internal_mail_filter_classes.has("bounce") {
            flags = flags.with(Flags::FILTER).with(Flags::MILTER);
        }
        Ok(Self {
            system: System::load(settings)?,
            templates: templates(settings)?,
            post: Post::new(settings)?,
            flags,
        })
    }

    /// Send what is owed for these recipients. `false`: not possible now.
    pub(crate) async fn tell(&self, kind: Kind, notice: &Notice, entries: &[Entry]) -> bool {
        let sender = &notice.sender;
        if self.system.is_double_bounce(sender) {
            if kind == Kind::Failure {
                maillog::warning!(
                    "{}: undeliverable postmaster notification discarded",
                    notice.id.as_str()
                );
            }
            return true;
        }
        if sender.is_null() {
            return self.tell_of_double_bounce(kind, notice, entries).await;
        }
        let wanted: Vec<&Entry> = entries
            .iter()
            .filter(|entry| kind.is_wanted(&entry.recipient))
            .collect();
        if !wanted.is_empty() {
            let letter = Letter {
                kind,
                to: sender,
                from: &Address::null(),
                reader: "sender",
                headers_only: kind != Kind::Failure || notice.ret == Ret::Headers,
                entries: wanted,
            };
            if !self.send(notice, &letter).await {
                return false;
            }
        }
        let copy_to = match kind {
            Kind::Failure => &self.system.postmaster.bounces,
            Kind::Delay => &self.system.postmaster.delays,
            Kind::Success | Kind::Verify => &None,
        };
        if let Some(to) = copy_to {
            // The sender knows; that the postmaster does not must not make the sender hear it twice.
            let _ = self.send(notice, &self.copy(kind, to, entries)).await;
        }
        true
    }

    async fn tell_of_double_bounce(&self, kind: Kind, notice: &Notice, entries: &[Entry]) -> bool {
        let id = notice.id.as_str();
        match (kind, &self.system.postmaster.double_bounces) {
            (Kind::Failure, Some(to)) => {
                // Nobody else gets to see this message.
                let letter = Letter {
                    headers_only: notice.ret == Ret::Headers,
                    ..self.copy(kind, to, entries)
                };
                self.send(notice, &letter).await
            }
            (Kind::Failure | Kind::Delay, _) => true,
            (Kind::Success | Kind::Verify, _) => {
                maillog::info!(
                    "{id}: not sending trace/success notification for single-bounce message"
                );
                true
            }
        }
    }

    /// The postmaster sees everything but the text of the mail.
    fn copy<'a>(&'a self, kind: Kind, to: &'a Address, entries: &'a [Entry]) -> Letter<'a> {
        Letter {
            kind,
            to,
            from: &self.system.double_bounce,
            reader: "postmaster",
            headers_only: true,
            entries: entries.iter().collect(),
        }
    }

    async fn send(&self, notice: &Notice, letter: &Letter<'_>) -> bool {
        match self.write(notice, letter).await {
            Ok(()) => true,
            Err(error) => {
                maillog::warning!(
                    "{}: {} notification failed to {}: {error}",
                    notice.id.as_str(),
                    letter.reader,
                    String::from_utf8_lossy(letter.to.as_bytes())
                );
                false
            }
        }
    }

    async fn write(&self, notice: &Notice, letter: &Letter<'_>) -> Result<(), PostError> {
        let original = Original::open(&self.system.layout, notice);
        let envelope = Envelope {
            sender: letter.from.clone(),
            full_name: String::from("Mail Delivery System"),
            recipients: vec![Recipient {
                address: letter.to.clone(),
                ..Recipient::default()
            }],
            encoding: notice.encoding.clone(),
            ..Envelope::default()
        };
        let utf8 = notice.smtputf8 && self.system.smtputf8;
        let flags = if utf8 {
            self.flags.with(Flags::SMTPUTF8)
        } else {
            self.flags
        };
        let mut posting = self.post.open(flags, &envelope).await?;
        maillog::info!(
            "{}: {} {}: {}",
            notice.id.as_str(),
            letter.reader,
            letter.kind.words(),
            posting.id().as_str()
        );
        let report = Report {
            system: &self.system,
            template: self.template(letter.kind),
            kind: letter.kind,
            notice,
            to: letter.to,
            for_postmaster: letter.reader == "postmaster",
            headers_only: letter.headers_only || original.is_larger_than(self.system.size_limit),
            utf8,
            entries: &letter.entries,
        };
        report.write(&original, &mut posting).await?;
        self.post.finish(posting).await?;
        Ok(())
    }

    const fn template(&self, kind: Kind) -> &Template {
        match kind {
            Kind::Failure => &self.templates.failure,
            Kind::Delay => &self.templates.delay,
            Kind::Success => &self.templates.success,
            Kind::Verify => &self.templates.verify,
        }
    }
}

/// The templates that main.cf names, expanded. A wrong file leaves the built-in texts, with a warning.
fn templates(settings: &Settings) -> Result<Templates, Error> {
    let reports: config::params::bounce::Reports = settings.get()?;
    let own = match template::load(&reports.bounce_template_file) {
        Ok(templates) => template::expand(templates, settings)?,
        Err(error) => Err(error),
    };
    match own {
        Ok(templates) => Ok(templates),
        Err(error) => {
            maillog::warning!("bounce_template_file: {error} -- using the built-in templates");
            let built_in = template::expand(Templates::default(), settings)?;
            Ok(built_in.unwrap_or_default())
        }
    }
}
