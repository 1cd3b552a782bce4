//! Mail that goes on as a new letter, one for each sender, when everything else about a recipient is done.

use delivery::{Envelope, Fate, PostError};
use mail::outcome::{Action, Dsn};
use mail::quote::quote_822;
use mail::{Address, DsnStatus, Notify, QueueId, Recipient};
use records::cleanup::Flags;

use crate::job::Job;
use crate::place::Place;

/// A letter to be written.
pub(crate) struct Resubmission {
    sender: Address,
    recipients: Vec<Recipient>,
    /// The place of its first recipient.
    place: Place,
}

impl Job<'_> {
    /// Remember to send the letter on to an address.
    pub(crate) fn forward(&self, place: &Place, address: &Address) -> Fate {
        let sender = self.sender(place).clone();
        let key = [
            sender.as_bytes(),
            b" ",
            &address.as_bytes().to_ascii_lowercase(),
        ]
        .concat();
        if !self.first_time("forward to", &key) {
            return Fate::DONE;
        }
        if self.is_probe() {
            let mut place = place.clone();
            place.recipient.address = address.clone();
            let address = String::from_utf8_lossy(address.as_bytes());
            return self.sent(&place, format!("forwards to {address}"));
        }
        let mut recipient = Recipient {
            address: address.clone(),
            ..Recipient::default()
        };
        // A list's members are the list's affair, but no means no.
        if place.owner.is_none() {
            recipient.original = self.original();
            recipient.dsn_orcpt.clone_from(&self.top.dsn_orcpt);
            recipient.dsn_notify = onward(self.top.dsn_notify);
        } else if self.top.dsn_notify == Notify::NEVER {
            recipient.dsn_notify = Notify::NEVER;
        }
        let mut all = self.resubmissions.borrow_mut();
        match all.iter_mut().find(|letter| letter.sender == sender) {
            Some(letter) => letter.recipients.push(recipient),
            None => all.push(Resubmission {
                sender,
                recipients: vec![recipient],
                place: place.clone(),
            }),
        }
        Fate::DONE
    }

    fn original(&self) -> Address {
        if self.top.original.is_null() {
            self.top.address.clone()
        } else {
            self.top.original.clone()
        }
    }

    /// Write the letters.
    pub(crate) fn resubmit(&self) -> Fate {
        let letters = self.resubmissions.take();
        letters.into_iter().fold(Fate::DONE, |fate, letter| {
            let mut place = letter.place.clone();
            place.recipient = self.top.clone();
            fate.and(match ipc::now(self.write(&letter)) {
                Ok(id) => {
                    let text = format!("forwarded as {}", id.as_str());
                    let mut dsn = Dsn::new(DsnStatus::new(2, 0, 0), text);
                    dsn.action = Some(Action::Expanded);
                    self.sent_as(&place, dsn)
                }
                Err(error) => self.failed(
                    &place,
                    (4, 3, 0),
                    format!("unable to forward mail: {error}"),
                ),
            })
        })
    }

    async fn write(&self, letter: &Resubmission) -> Result<QueueId, PostError> {
        let message = self.delivery.message();
        let client = &message.client;
        let attributes = [
            (
                "rewrite_context",
                message.rewrite_context.clone().into_bytes(),
            ),
            ("log_client_name", client.name.clone()),
            ("log_client_address", client.address.clone()),
            ("log_client_port", client.port.clone()),
            ("log_protocol_name", client.protocol.clone()),
            ("log_helo_name", client.helo.clone()),
        ];
        let envelope = Envelope {
            sender: letter.sender.clone(),
            full_name: String::new(),
            recipients: letter.recipients.clone(),
            encoding: message.encoding.clone(),
            envelope_id: message.envelope_id.clone(),
            ret: message.ret,
            attributes: attributes
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            arrival: None,
        };
        let mut flags = Flags::MAP.with(Flags::BOUNCE);
        if message.smtputf8 {
            flags = flags.with(Flags::SMTPUTF8);
        }
        let post = &self.agent.post;
        let mut posting = post.open(flags, &envelope).await?;
        if self
            .config()
            .forwarding
            .prepend_delivered_header
            .has("forward")
        {
            let delivered = quote_822(letter.place.delivered.as_bytes());
            posting
                .line([b"Delivered-To: ", &*delivered].concat())
                .await?;
        }
        let mut content = self.delivery.content();
        loop {
            match content.next_line() {
                Ok(Some(line)) => posting.piece(line.text, line.complete).await?,
                Ok(None) => break,
                Err(error) => return Err(PostError::Content(error)),
            }
        }
        post.finish(posting).await
    }
}

/// What is asked of the next letter: success is reported here, as an expansion.
fn onward(notify: Notify) -> Notify {
    let wishes = notify.bits() & !Notify::SUCCESS.bits();
    if wishes == 0 && notify != Notify::UNSET {
        Notify::NEVER
    } else {
        Notify::from_bits(wishes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_reported_here() {
        assert_eq!(onward(Notify::UNSET), Notify::UNSET);
        assert_eq!(onward(Notify::SUCCESS), Notify::NEVER);
        assert_eq!(
            onward(Notify::SUCCESS.with(Notify::FAILURE)),
            Notify::FAILURE
        );
        assert_eq!(onward(Notify::NEVER), Notify::NEVER);
    }
}
