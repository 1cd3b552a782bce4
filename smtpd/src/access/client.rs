//! Restrictions about the client: its address, its names, and the DNS lists they are in.

use super::block_list::{BlockList, Listing};
use super::{Evaluation, Object, Verdict};
use crate::event;
use crate::peer::NameStatus;
use crate::reply::Reply;

impl Evaluation<'_> {
    pub(super) async fn permit_mynetworks(&mut self, object: Object) -> Verdict {
        match self.shared.is_trusted(self.facts.peer).await {
            Ok(true) => {
                self.tell_of_subnet();
                Verdict::Permit
            }
            Ok(false) => Verdict::Dunno,
            Err(_) => self.lookup_failure(object),
        }
    }

    /// A client that is trusted for its network only.
    fn tell_of_subnet(&self) {
        let peer = self.facts.peer;
        let is_own = |address| self.shared.own.is_interface(address);
        if self.shared.config.old.mynetworks_style && !peer.address.is_some_and(is_own) {
            event::old_setting(
                "mynetworks_style=subnet",
                format_args!("permit request from client \"{peer}\""),
            );
        }
    }

    pub(super) fn permit_inet_interfaces(&self) -> Verdict {
        match self.facts.peer.address {
            Some(address) if self.shared.own.is_interface(address) => Verdict::Permit,
            _ => Verdict::Dunno,
        }
    }

    pub(super) fn unknown_client(&mut self) -> Verdict {
        let peer = self.facts.peer;
        self.unknown_name(peer.name_status, "cannot find your hostname")
    }

    pub(super) fn unknown_reverse_client(&mut self) -> Verdict {
        let peer = self.facts.peer;
        self.unknown_name(peer.reverse_status, "cannot find your reverse hostname")
    }

    fn unknown_name(&mut self, status: NameStatus, what: &str) -> Verdict {
        let code = match status {
            NameStatus::Known => return Verdict::Dunno,
            NameStatus::Temporary => 450,
            NameStatus::Missing | NameStatus::Forged => {
                self.shared.config.codes.unknown_client_reject_code
            }
        };
        let address = self.facts.peer.address_text();
        let text = format!("Client host rejected: {what}, [{address}]");
        self.refuse(Reply::new(code, (4, 7, 25), text.into_bytes()))
    }

    pub(super) async fn block_list(&mut self, list: &BlockList) -> Verdict {
        let Some(subject) = list.subject(&self.facts) else {
            return Verdict::Dunno;
        };
        match list.look_up(&self.shared.resolver, &subject).await {
            Listing::Absent => Verdict::Dunno,
            Listing::Failed if list.domains.permits => {
                let object = list.domains.object;
                let text = b"Service unavailable";
                let reply = self.worded(object, 450, (4, 7, 1), text);
                self.defer_if_reject(reply)
            }
            Listing::Failed => Verdict::Dunno,
            Listing::Present(_) if list.domains.permits => Verdict::Permit,
            Listing::Present(reason) => {
                let reply = self.blocked(list, &subject, reason).await;
                self.refuse(reply)
            }
        }
    }

    /// The reply that `rbl_reply_maps` or `default_rbl_reply` words.
    async fn blocked(&self, list: &BlockList, subject: &str, reason: Vec<u8>) -> Reply {
        let config = &self.shared.config;
        let code = config.codes.maps_rbl_reject_code;
        let found = self
            .shared
            .tables
            .rbl_replies
            .find(list.domain.as_bytes())
            .await;
        let own = found.ok().flatten();
        let template = own.unwrap_or_else(|| config.default_rbl_reply.as_bytes().to_vec());
        let object = list.domains.object;
        let mut names = |name: &[u8]| match name {
            b"rbl_code" => Some(code.to_string().into_bytes()),
            b"rbl_class" => Some(object.class().as_bytes().to_vec()),
            b"rbl_what" => Some(subject.as_bytes().to_vec()),
            b"rbl_domain" => Some(list.domain.clone().into_bytes()),
            b"rbl_reason" => Some(reason.clone()),
            b"client" => Some(self.facts.peer.to_string().into_bytes()),
            b"client_name" => Some(self.facts.peer.name.clone().into_bytes()),
            b"client_address" => Some(self.facts.peer.address_text().into_bytes()),
            b"helo_name" => self.facts.hello.map(|hello| hello.name.clone()),
            b"sender" => self.facts.sender.map(|sender| sender.as_bytes().to_vec()),
            b"recipient" => self.facts.recipient.map(|to| to.as_bytes().to_vec()),
            _ => None,
        };
        let text = text::expand::expand(&template, &mut names);
        let text = text.unwrap_or_else(|_| b"Service unavailable".to_vec());
        let (code, text) = split_code(code, &text);
        let split = super::action::Text::parse(text);
        let status = split
            .status
            .unwrap_or_else(|| mail::DsnStatus::new(5, 7, 1));
        Reply::with_status(code, status, split.text)
    }
}

/// The text starts with a code of its own.
fn split_code(default: u16, text: &[u8]) -> (u16, &[u8]) {
    let parts = text.split_at_checked(3);
    let own = parts.and_then(|(digits, rest)| {
        let code: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (400..600)
            .contains(&code)
            .then_some((code, rest.trim_ascii_start()))
    });
    own.unwrap_or((default, text))
}
