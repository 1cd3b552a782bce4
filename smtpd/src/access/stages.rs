//! Which lists are asked at which stage (`smtpd_delay_reject`, `smtpd_relay_before_recipient_restrictions`).

use super::{Context, Evaluation, Object, Verdict};
use crate::event;

impl Evaluation<'_> {
    /// The client has connected.
    pub async fn connect(&mut self) -> Verdict {
        if self.shared.config.stages.delay_reject {
            return Verdict::Dunno;
        }
        let shared = self.shared;
        self.list(&shared.lists.client, Context::Client).await
    }

    /// HELO or EHLO.
    pub async fn hello(&mut self) -> Verdict {
        if self.shared.config.stages.delay_reject {
            return Verdict::Dunno;
        }
        let shared = self.shared;
        self.list(&shared.lists.helo, Context::Helo).await
    }

    /// MAIL.
    pub async fn mail(&mut self) -> Verdict {
        if self.shared.config.stages.delay_reject {
            return Verdict::Dunno;
        }
        let shared = self.shared;
        self.list(&shared.lists.sender, Context::Sender).await
    }

    /// RCPT, and VRFY.
    pub async fn rcpt(&mut self) -> Verdict {
        let recipient = self.facts.recipient.map(mail::Address::as_bytes);
        if recipient.is_some_and(|bytes| bytes.eq_ignore_ascii_case(b"postmaster")) {
            self.conditions = super::Conditions::default();
            return Verdict::Dunno;
        }
        let refused = self.earlier_stages(true).await;
        if let Verdict::Refuse(_) = refused {
            return refused;
        }
        let lists = &self.shared.lists;
        let mut order = [&lists.relay, &lists.recipient];
        if !self.shared.config.stages.relay_before_recipient {
            order.reverse();
        }
        for list in order {
            let verdict = self.list(list, Context::Recipient).await;
            if let Verdict::Refuse(_) = verdict {
                self.tell_of_order(std::ptr::eq(list, &raw const lists.recipient));
                return verdict;
            }
        }
        self.tell_of_relay_restrictions().await;
        if self.conditions.if_permit.is_some() {
            return Verdict::Permit;
        }
        let verdict = self.listed().await;
        if !matches!(verdict, Verdict::Refuse(_)) {
            self.tell_of_relay_domain().await;
        }
        verdict
    }

    /// The list of recipients has refused before that of relays was asked.
    fn tell_of_order(&self, by_recipients: bool) {
        if by_recipients && self.shared.config.old.relay_before_recipient {
            event::old_setting(
                "smtpd_relay_before_recipient_restrictions=no",
                format_args!("reject {}", self.recipient_and_client()),
            );
        }
    }

    /// What the stock smtpd_relay_restrictions of today would have refused.
    async fn tell_of_relay_restrictions(&mut self) {
        if !self.shared.config.old.relay_restrictions {
            return;
        }
        let is_trusted = matches!(
            self.permit_mynetworks(Object::Client).await,
            Verdict::Permit
        );
        if !is_trusted && self.leads_elsewhere().await {
            event::old_setting(
                "\"smtpd_relay_restrictions = (empty)\"",
                format_args!(
                    "avoid \"Relay access denied\" error for {}",
                    self.recipient_and_client()
                ),
            );
        }
    }

    /// A recipient in a domain that is a relay domain only because mydestination names it or its parent.
    async fn tell_of_relay_domain(&self) {
        if self.shared.config.old.relay_domains && self.is_relayed().await {
            let address = self.facts.recipient.map(mail::Address::as_bytes);
            let address = event::plain(address.unwrap_or_default());
            event::old_setting(
                "relay_domains=$mydestination",
                format_args!("accept mail for address \"{address}\""),
            );
        }
    }

    fn recipient_and_client(&self) -> String {
        let recipient = self.facts.recipient.map(mail::Address::as_bytes);
        let recipient = event::plain(recipient.unwrap_or_default());
        format!(
            "recipient \"{recipient}\" from client \"{}\"",
            self.facts.peer
        )
    }

    /// ETRN.
    pub async fn etrn(&mut self) -> Verdict {
        let refused = self.earlier_stages(false).await;
        if let Verdict::Refuse(_) = refused {
            return refused;
        }
        let shared = self.shared;
        self.list(&shared.lists.etrn, Context::Etrn).await
    }

    /// DATA, or the first BDAT.
    pub async fn data(&mut self) -> Verdict {
        let shared = self.shared;
        self.list(&shared.lists.data, Context::Data).await
    }

    /// The end of the message.
    pub async fn end_of_data(&mut self) -> Verdict {
        let shared = self.shared;
        self.list(&shared.lists.end_of_data, Context::EndOfData)
            .await
    }

    /// What `smtpd_delay_reject` has put off.
    async fn earlier_stages(&mut self, sender: bool) -> Verdict {
        if !self.shared.config.stages.delay_reject {
            return Verdict::Dunno;
        }
        let lists = &self.shared.lists;
        let hello = self.facts.hello.is_some();
        for (applies, list, context) in [
            (true, &lists.client, Context::Client),
            (hello, &lists.helo, Context::Helo),
            (sender, &lists.sender, Context::Sender),
        ] {
            if !applies {
                continue;
            }
            let verdict = self.list(list, context).await;
            if let Verdict::Refuse(_) = verdict {
                return verdict;
            }
        }
        Verdict::Dunno
    }

    /// The checks that need no word in a list.
    async fn listed(&mut self) -> Verdict {
        let config = &self.shared.config;
        if !config.stages.unknown_recipients {
            return Verdict::Dunno;
        }
        if config.access.smtpd_reject_unlisted_sender {
            let verdict = self.unlisted(Object::Sender).await;
            if let Verdict::Refuse(_) = verdict {
                return verdict;
            }
        }
        if config.access.smtpd_reject_unlisted_recipient {
            return self.unlisted(Object::Recipient).await;
        }
        Verdict::Dunno
    }
}
