//! Which lists are asked at which stage (`smtpd_delay_reject`, `smtpd_relay_before_recipient_restrictions`).

use super::{Context, Evaluation, Object, Verdict};

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
                return verdict;
            }
        }
        if self.conditions.if_permit.is_some() {
            return Verdict::Permit;
        }
        self.listed().await
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
