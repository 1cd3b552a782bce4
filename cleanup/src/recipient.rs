//! Senders and recipients: completed, mapped, expanded, copied, written once each.

use mail::{Address, Notify, Recipient, smtputf8};
use queue::RecordType;
use records::cleanup::{Flags, Outcome, Status};

use crate::config::{Class, Config};
use crate::duplicates::Duplicates;
use crate::envelope::NextRecipient;
use crate::letter::Letter;

/// The recipients that were written.
pub(crate) struct Recipients {
    written: Duplicates,
    count: u64,
    first: Vec<u8>,
    /// All of them, kept only for a letter that may have to be bounced.
    pub(crate) kept: Vec<Recipient>,
}

impl Recipients {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            written: Duplicates::new(config.aliases.duplicate_filter_limit),
            count: 0,
            first: Vec::new(),
            kept: Vec::new(),
        }
    }

    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn first(&self) -> &[u8] {
        &self.first
    }
}

impl Letter<'_> {
    /// The sender's record.
    pub(crate) async fn sender(&mut self, data: &[u8]) {
        let maps = self.flags.contains(Flags::MAP);
        let mut address = self.shared.config.local_rules.rewrite(data).into_owned();
        if maps {
            let mapper = self.mapper();
            match mapper.canonical(Class::EnvelopeSender, address).await {
                Ok(mapped) => address = mapped,
                Err(outcome) => return self.refuse(outcome),
            }
        }
        let Ok(sender) = Address::new(address.as_slice()) else {
            return self.fail(Status::Bad);
        };
        self.put(RecordType::SENDER, &address);
        self.envelope.utf8_sender = smtputf8::is_utf8_text(&address);
        self.envelope.sender = Some(sender);
        if self.flags.contains(Flags::BCC) {
            let maps = &self.shared.tables.sender_bcc;
            let copy = self.mapper().copy(maps, &address).await;
            self.copy_to(copy).await;
        }
    }

    /// A recipient's record.
    pub(crate) async fn recipient(&mut self, data: &[u8]) {
        if self.envelope.sender.is_none() || Address::new(data).is_err() {
            return self.fail(Status::Bad);
        }
        let mut next = std::mem::take(&mut self.envelope.next);
        let original = next.original.clone().unwrap_or_else(|| data.to_vec());
        let data = if data.is_empty() {
            &self.shared.config.empty_address_recipient
        } else {
            data
        };
        let rewritten = self.shared.config.local_rules.rewrite(data).into_owned();
        let address = match self.canonical_recipient(rewritten).await {
            Ok(address) => address,
            Err(outcome) => return self.refuse(outcome),
        };
        if next.orcpt.is_empty() && self.shared.config.enable_original_recipient {
            // Reports name the recipient as canonical tables have it, before it became others.
            let utf8 = smtputf8::is_utf8_text(&address);
            let kind: &[u8] = if utf8 { b"utf-8;" } else { b"rfc822;" };
            next.orcpt = [kind, address.as_slice()].concat();
        }
        self.add(address.clone(), original, &next).await;
        if self.flags.contains(Flags::BCC) && self.failure.is_none() {
            let maps = &self.shared.tables.recipient_bcc;
            let copy = self.mapper().copy(maps, &address).await;
            self.copy_to(copy).await;
        }
    }

    /// `always_bcc`, after all other recipients.
    pub(crate) async fn always_bcc(&mut self) {
        let address = &self.shared.config.always_bcc;
        if address.is_empty() || self.recipients.count == 0 || !self.flags.contains(Flags::BCC) {
            return;
        }
        self.copy_to(Ok(Some(address.clone()))).await;
    }

    /// Add a recipient who is never told of anything.
    async fn copy_to(&mut self, copy: Result<Option<Vec<u8>>, Outcome>) {
        let copied = match copy {
            Ok(None) => return,
            Ok(Some(copied)) => copied,
            Err(outcome) => return self.refuse(outcome),
        };
        let rewritten = self.shared.config.local_rules.rewrite(&copied).into_owned();
        match self.canonical_recipient(rewritten).await {
            Ok(address) => {
                let next = NextRecipient {
                    notify: Notify::NEVER,
                    ..NextRecipient::default()
                };
                self.add(address.clone(), address, &next).await;
            }
            Err(outcome) => self.refuse(outcome),
        }
    }

    async fn canonical_recipient(&self, address: Vec<u8>) -> Result<Vec<u8>, Outcome> {
        if self.flags.contains(Flags::MAP) {
            self.mapper()
                .canonical(Class::EnvelopeRecipient, address)
                .await
        } else {
            Ok(address)
        }
    }

    /// Write a recipient, or those that it stands for.
    async fn add(&mut self, address: Vec<u8>, original: Vec<u8>, next: &NextRecipient) {
        self.envelope.notify = self.envelope.notify.with(next.notify);
        if self.recipients.first.is_empty() {
            self.recipients.first.clone_from(&original);
        }
        if !self.flags.contains(Flags::MAP) || self.shared.tables.virtual_alias.is_empty() {
            return self.write(&address, &original, &next.orcpt, next.notify);
        }
        let expanded = match self.mapper().virtual_aliases(address.clone()).await {
            Ok(expanded) => expanded,
            Err(outcome) => return self.refuse(outcome),
        };
        let mut notify = next.notify;
        if expanded.len() > 1 && notify.contains(Notify::SUCCESS) {
            // RFC 3461 section 5.2.7.3: a list is reported as expanded, its members not at all.
            self.report_expanded(&address, &original, next).await;
            let rest = notify.bits() & !Notify::SUCCESS.bits();
            notify = match rest {
                0 => Notify::NEVER,
                _ => Notify::from_bits(rest).unwrap_or(Notify::NEVER),
            };
        }
        for address in expanded {
            self.write(&address, &original, &next.orcpt, notify);
        }
    }

    fn write(&mut self, address: &[u8], original: &[u8], orcpt: &[u8], notify: Notify) {
        let Ok(recipient) = Address::new(address) else {
            return self.fail(Status::Bad);
        };
        let bits = [notify.bits()];
        let parts: &[&[u8]] = if self.shared.config.enable_original_recipient {
            &[orcpt, &bits, original, address]
        } else {
            &[orcpt, &bits, address]
        };
        if !self.recipients.written.is_new(parts) {
            return;
        }
        if !orcpt.is_empty() {
            self.put_attribute("dsn_orig_rcpt", orcpt);
        }
        if notify != Notify::UNSET {
            self.put_attribute("notify_flags", notify.bits().to_string().as_bytes());
        }
        self.put(RecordType::ORIGINAL, original);
        self.put(RecordType::RECIPIENT, address);
        self.envelope.utf8_recipient |= smtputf8::is_utf8_text(address);
        self.recipients.count += 1;
        if self.flags.contains(Flags::BOUNCE) {
            self.recipients.kept.push(Recipient {
                address: recipient,
                original: Address::new(original).unwrap_or_default(),
                dsn_orcpt: orcpt.to_vec(),
                dsn_notify: notify,
                offset: 0,
            });
        }
    }
}
