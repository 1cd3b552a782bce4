//! Evaluating a restriction list: one exhaustive match.
//!
//! An [`Evaluation`] is made for one request, asked for its lists one after another, and then holds the conditions and
//! effects that they left. Logs what `warn_if_reject` and the actions of access tables want logged; the refusal itself
//! is logged by the session, once it is known which one it is.

use super::{Conditions, Context, Effect, Facts, Object, Restriction, Verdict};
use crate::event;
use crate::reply::Reply;
use crate::server::Shared;

/// A request that is being judged.
pub struct Evaluation<'a> {
    pub(super) shared: &'a Shared,
    pub(super) facts: Facts<'a>,
    /// What earlier stages and lists left, and this one adds.
    pub conditions: Conditions,
    /// What is to be done with the letter.
    pub effects: Vec<Effect>,
    /// Whether refusals are only logged.
    warning: bool,
    depth: usize,
}

/// How deep access tables and classes may name each other.
const MAX_DEPTH: usize = 100;

impl<'a> Evaluation<'a> {
    /// Before the first list.
    pub const fn new(shared: &'a Shared, facts: Facts<'a>, conditions: Conditions) -> Self {
        Self {
            shared,
            facts,
            conditions,
            effects: Vec::new(),
            warning: false,
            depth: 0,
        }
    }

    /// Ask the restrictions of a list in order.
    pub async fn list(&mut self, list: &[Restriction], context: Context) -> Verdict {
        for restriction in list {
            let verdict = self.restriction(restriction, context).await;
            if verdict != Verdict::Dunno {
                return verdict;
            }
        }
        Verdict::Dunno
    }

    async fn restriction(&mut self, restriction: &Restriction, context: Context) -> Verdict {
        let codes = &self.shared.config.codes;
        let object = context.object();
        match restriction {
            Restriction::Permit => Verdict::Permit,
            Restriction::Reject => {
                self.reject(object, codes.reject_code, (5, 7, 1), b"Access denied")
            }
            Restriction::Defer => {
                self.reject(object, codes.defer_code, (4, 3, 2), b"Try again later")
            }
            Restriction::DeferIfPermit => {
                let reply = self.worded(object, 450, (4, 7, 0), b"defer_if_permit requested");
                self.defer_if_permit(reply)
            }
            Restriction::DeferIfReject => {
                let reply = self.worded(object, 450, (4, 7, 0), b"defer_if_reject requested");
                self.defer_if_reject(reply)
            }
            Restriction::Warn(inner) => {
                let before = std::mem::replace(&mut self.warning, true);
                let verdict = Box::pin(self.restriction(inner, context)).await;
                self.warning = before;
                verdict
            }
            Restriction::Class(class) => Box::pin(self.list(class, context)).await,
            Restriction::Sleep(time) => {
                tokio::time::sleep(*time).await;
                Verdict::Dunno
            }
            Restriction::RejectUnauthPipelining => self.unauth_pipelining(object),
            Restriction::RejectPlaintextSession => {
                let text = b"Session encryption is required";
                self.reject(object, codes.plaintext_reject_code, (4, 7, 1), text)
            }
            Restriction::PermitMynetworks => self.permit_mynetworks(object).await,
            Restriction::PermitInetInterfaces => self.permit_inet_interfaces(),
            Restriction::RejectUnknownClientHostname => self.unknown_client(),
            Restriction::RejectUnknownReverseClientHostname => self.unknown_reverse_client(),
            Restriction::RejectInvalidHeloHostname => self.invalid_helo(),
            Restriction::RejectNonFqdnHeloHostname => self.non_fqdn_helo(),
            Restriction::RejectUnknownHeloHostname => self.unknown_helo().await,
            Restriction::RejectNonFqdn(object) => self.non_fqdn_address(*object),
            Restriction::RejectUnknownDomain(object) => self.unknown_domain(*object).await,
            Restriction::RejectUnlisted(object) => self.unlisted(*object).await,
            Restriction::RejectUnauthDestination => self.unauth_destination(false).await,
            Restriction::DeferUnauthDestination => self.unauth_destination(true).await,
            Restriction::PermitAuthDestination => self.permit_auth_destination().await,
            Restriction::RejectMultiRecipientBounce => self.multi_recipient_bounce(object),
            Restriction::Access(object, maps) => {
                if self.depth >= MAX_DEPTH {
                    maillog::warning!("access table {} entry has a recursion loop", maps.title());
                    return self.configuration_error();
                }
                self.depth += 1;
                let verdict = Box::pin(self.access(*object, maps, context)).await;
                self.depth -= 1;
                verdict
            }
            Restriction::BlockList(list) => self.block_list(list).await,
            Restriction::Never => Verdict::Dunno,
            Restriction::NotBuilt(word) => {
                maillog::warning!("restriction {word} is not supported yet");
                self.configuration_error()
            }
        }
    }

    /// A refusal about an object, as replies word it.
    pub(super) fn worded(
        &self,
        object: Object,
        code: u16,
        status: (u8, u16, u16),
        text: &[u8],
    ) -> Reply {
        let name = object.name(&self.facts);
        let class = object.class().as_bytes();
        let text = [b"<", &*name, b">: ", class, b" rejected: ", text].concat();
        Reply::new(code, object.fix(status), text)
    }

    /// Refuse with a text about an object.
    pub(super) fn reject(
        &mut self,
        object: Object,
        code: u16,
        status: (u8, u16, u16),
        text: &[u8],
    ) -> Verdict {
        let reply = self.worded(object, code, status, text);
        self.refuse(reply)
    }

    /// Refuse, unless this is only a warning; another reply may be wanted instead.
    pub fn refuse(&mut self, reply: Reply) -> Verdict {
        let reply = self.harmonized(reply);
        if self.warning {
            event::decision("reject_warning", &self.facts, reply.to_string().as_bytes());
            return Verdict::Dunno;
        }
        match &self.conditions.if_reject {
            Some(instead) if reply.code >= 500 => Verdict::Refuse(instead.clone()),
            _ => Verdict::Refuse(reply),
        }
    }

    /// Refuse later, if everything else permits.
    pub(super) fn defer_if_permit(&mut self, reply: Reply) -> Verdict {
        if self.warning {
            event::decision("reject_warning", &self.facts, reply.to_string().as_bytes());
        } else {
            self.conditions.if_permit.get_or_insert(reply);
        }
        Verdict::Dunno
    }

    /// Refuse only for now, if something rejects.
    pub(super) fn defer_if_reject(&mut self, reply: Reply) -> Verdict {
        self.conditions.if_reject.get_or_insert(reply);
        Verdict::Dunno
    }

    pub(super) fn lookup_failure(&mut self, object: Object) -> Verdict {
        let name = object.name(&self.facts);
        let text = [b"<", &*name, b">: Temporary lookup failure"].concat();
        self.refuse(Reply::new(451, (4, 3, 0), text))
    }

    pub(super) fn configuration_error(&mut self) -> Verdict {
        self.refuse(Reply::of(451, (4, 3, 5), "Server configuration error"))
    }

    /// Code and status of one class, and soft if everything is.
    fn harmonized(&self, mut reply: Reply) -> Reply {
        let class = u8::try_from(reply.code / 100).unwrap_or(5);
        reply.status = reply.status.map(|status| status.with_class(class));
        if self.shared.config.compatibility.soft_bounce {
            reply.softened()
        } else {
            reply
        }
    }

    fn unauth_pipelining(&mut self, object: Object) -> Verdict {
        if self.facts.pipelined {
            let text = b"Improper use of SMTP command pipelining";
            self.reject(object, 503, (5, 5, 0), text)
        } else {
            Verdict::Dunno
        }
    }

    fn multi_recipient_bounce(&mut self, object: Object) -> Verdict {
        let bounce = self.facts.sender.is_some_and(mail::Address::is_null);
        let before_data = !matches!(object, Object::Data | Object::EndOfData);
        let others = if before_data { 0 } else { 1 };
        if bounce && self.facts.recipients > others {
            let code = self.shared.config.codes.multi_recipient_bounce_reject_code;
            self.reject(object, code, (5, 5, 3), b"Multi-recipient bounce")
        } else {
            Verdict::Dunno
        }
    }
}

impl Context {
    /// What a list's plain `reject` is about.
    pub const fn object(self) -> Object {
        match self {
            Self::Client => Object::Client,
            Self::Helo => Object::Helo,
            Self::Sender => Object::Sender,
            Self::Recipient => Object::Recipient,
            Self::Data => Object::Data,
            Self::EndOfData => Object::EndOfData,
            Self::Etrn => Object::Etrn,
        }
    }
}
