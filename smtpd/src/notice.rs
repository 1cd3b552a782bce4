//! Telling the postmaster about a session that had problems (`notify_classes`, `error_notice_recipient`).

use ::config::Settings;
use ::config::params::core::{Names, Notices};
use delivery::post::{Envelope, Post, PostError};
use mail::{Address, Recipient};
use records::cleanup::Flags;

use crate::peer::Peer;
use crate::transcript::Faults;

/// Where notices go.
pub struct Postmaster {
    /// The kinds of problems that are reported.
    pub reported: Faults,
    post: Post,
    flags: Flags,
    sender: Address,
    recipient: Address,
    from: String,
    software: String,
}

impl Postmaster {
    /// Read the settings.
    pub fn open(settings: &Settings) -> Result<Self, String> {
        let text = |error: ::config::Error| error.to_string();
        let notices: Notices = settings.get().map_err(text)?;
        let names: Names = settings.get().map_err(text)?;
        let filters: ::config::params::core::Filters = settings.get().map_err(text)?;
        let mut flags = Flags::MAP.with(Flags::INTERNAL);
        if filters.internal_mail_filter_classes.has("notify") {
            flags = flags.with(Flags::FILTER).with(Flags::MILTER);
        }
        let address = |text: String| Address::new(text.into_bytes());
        let sender = format!("{}@{}", names.double_bounce_sender, names.myhostname);
        let bad = |error: mail::address::AddressError| format!("postmaster notices: {error}");
        Ok(Self {
            reported: Faults::reported(&notices.notify_classes),
            post: Post::new(settings).map_err(text)?,
            flags,
            sender: address(sender).map_err(bad)?,
            recipient: address(notices.error_notice_recipient).map_err(bad)?,
            from: format!("MAILER-DAEMON@{}", names.myhostname),
            software: names.mail_name,
        })
    }

    /// Send the lines of a session; a failure is logged.
    pub async fn tell(
        &self,
        peer: &Peer,
        lines: impl Iterator<Item = &[u8]>,
        reason: Option<&str>,
    ) {
        if let Err(error) = self.send(peer, lines, reason).await {
            maillog::warning!("postmaster notify: {error}");
        }
    }

    async fn send(
        &self,
        peer: &Peer,
        lines: impl Iterator<Item = &[u8]>,
        reason: Option<&str>,
    ) -> Result<(), PostError> {
        let to = String::from_utf8_lossy(self.recipient.as_bytes());
        let envelope = Envelope {
            sender: self.sender.clone(),
            recipients: vec![Recipient {
                address: self.recipient.clone(),
                original: self.recipient.clone(),
                ..Recipient::default()
            }],
            attributes: vec![("log_message_origin", b"local".to_vec())],
            ..Envelope::default()
        };
        let mut posting = self.post.open(self.flags, &envelope).await?;
        let headers = [
            format!("From: Mail Delivery System <{}>", self.from),
            format!("To: Postmaster <{to}>"),
            format!("Subject: {} SMTP server: errors from {peer}", self.software),
        ];
        for line in headers {
            posting.line(line).await?;
        }
        posting.line("").await?;
        posting.line("Transcript of session follows.").await?;
        posting.line("").await?;
        for line in lines {
            posting.line(line).await?;
        }
        posting.line("").await?;
        if let Some(reason) = reason {
            posting
                .line(format!("Session aborted, reason: {reason}"))
                .await?;
        }
        posting.line("").await?;
        posting
            .line("For other details, see the local mail logfile")
            .await?;
        self.post.finish(posting).await.map(|_| ())
    }
}
