//! Reports that cleanup itself owes: a letter nobody else can refuse is returned, an expanded list is reported.

use delivery::Attempt;
use mail::outcome::{Action, Dsn};
use mail::{Address, DsnStatus, Recipient, Times};
use records::bounce::{Notice, Request};
use records::cleanup::Outcome;

use crate::envelope::NextRecipient;
use crate::letter::Letter;

impl Letter<'_> {
    /// Return the letter to its sender. False when that is not possible now and the letter must be kept where it is.
    pub(crate) async fn bounce(&self, outcome: &Outcome) -> bool {
        let Some(sender) = self.envelope.sender.clone().filter(|s| !s.is_null()) else {
            // Nobody to return it to; as with any bounce of a bounce, it ends here.
            return true;
        };
        let dsn = dsn(outcome);
        let unknown = [Recipient {
            address: Address::new(b"unknown".as_slice()).unwrap_or_default(),
            ..Recipient::default()
        }];
        let recipients = match self.recipients.kept.as_slice() {
            [] => unknown.as_slice(),
            recipients => recipients,
        };
        for recipient in recipients {
            let attempt = self.attempt(recipient);
            if self
                .shared
                .reporter
                .bounced(&attempt, dsn.clone())
                .await
                .again
            {
                return false;
            }
        }
        let notice = Notice {
            id: self.file.id().clone(),
            queue: self.file.folder().to_string(),
            sender,
            encoding: String::from_utf8_lossy(&self.envelope.encoding).into_owned(),
            smtputf8: false,
            envelope_id: self.envelope.envelope_id.clone(),
            ret: self.envelope.ret,
        };
        matches!(
            self.shared.bouncer.ask(&Request::Flush(notice)).await,
            Ok(true)
        )
    }

    /// A recipient became several; its sender wanted to know of success.
    pub(crate) async fn report_expanded(
        &self,
        address: &[u8],
        original: &[u8],
        next: &NextRecipient,
    ) {
        let recipient = Recipient {
            address: Address::new(address).unwrap_or_default(),
            original: Address::new(original).unwrap_or_default(),
            dsn_orcpt: next.orcpt.clone(),
            dsn_notify: next.notify,
            offset: 0,
        };
        let mut dsn = Dsn::new(DsnStatus::new(2, 0, 0), b"alias expanded".as_slice());
        dsn.action = Some(Action::Expanded);
        // A report that cannot be logged is lost; the letter is not.
        let _ = self
            .shared
            .reporter
            .sent(&self.attempt(&recipient), dsn)
            .await;
    }

    fn attempt<'b>(&'b self, recipient: &'b Recipient) -> Attempt<'b> {
        Attempt {
            id: self.file.id(),
            flags: records::delivery::Flags::default(),
            recipient,
            relay: "none",
            times: Times {
                arrival: self.envelope.arrival.unwrap_or_default(),
                ..Times::default()
            },
        }
    }
}

/// The reason of a refusal as a delivery status.
fn dsn(outcome: &Outcome) -> Dsn {
    let (_, standard, text) = outcome.status.reply();
    let text = text.strip_prefix("Error: ").unwrap_or(text);
    match DsnStatus::parse(&outcome.reason) {
        None => Dsn::new(standard, text),
        Some(status) => {
            let code = status.to_string();
            let reason = outcome.reason.strip_prefix(code.as_bytes());
            Dsn::new(status, reason.unwrap_or_default().trim_ascii_start())
        }
    }
}
