//! trivial-rewrite(8): where an address is delivered.
//!
//! Rewriting of an address's form needs no conversation: it is a pure function of `mail`. Resolving reads tables, so it
//! is asked of the service over `private/rewrite`, and answers may be kept until the server's generation changes.

use std::path::PathBuf;
use std::time::Duration;

use ipc::{Error, Pool, Protocol};
use mail::Address;
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Names the conversation.
pub enum Resolve {}

impl Protocol for Resolve {
    const NAME: &'static str = "resolve";
    type Request = Request;
    type Reply = Reply;
}

/// Which address is to be resolved, for whose mail.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Schema)]
pub struct Request {
    /// The envelope sender, for sender-dependent tables.
    pub sender: Address,
    /// The address.
    pub address: Address,
    /// Whether this is for an address verification probe (address_verify_* tables).
    pub probe: bool,
}

/// Where mail for it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Reply {
    /// The outcome.
    pub result: Result<Route, Failure>,
    /// Changes when the server's tables or settings have changed; a cache made under another one is void.
    pub generation: u64,
}

/// A delivery method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Route {
    /// The master.cf name of the delivery agent's service.
    pub transport: String,
    /// The next hop, as that agent understands it.
    #[serde(with = "serde_bytes")]
    pub nexthop: Vec<u8>,
    /// The address to deliver to.
    pub recipient: Address,
    /// The address class of the domain.
    pub class: Class,
    /// Whether the address carries routing (`%`, `!`, `@` in its local part) that another site would follow.
    pub source_routed: bool,
}

/// The address classes of ADDRESS_CLASS_README.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Schema)]
pub enum Class {
    /// Named in mydestination, or an address literal of this machine.
    Local,
    /// Named in virtual_alias_domains.
    VirtualAlias,
    /// Named in virtual_mailbox_domains.
    VirtualMailbox,
    /// Matches relay_domains.
    Relay,
    /// Any other.
    Default,
}

/// Why there is no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum Failure {
    /// A table did not answer: try again later.
    Temporary,
    /// The address has no valid form.
    BadAddress,
}

/// Kept connections to the resolver.
pub struct Resolver(Pool<Resolve>);

impl Resolver {
    /// For the service's socket, such as `private/rewrite`.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>, timeout: Duration) -> Self {
        Self(Pool::new(socket, timeout))
    }

    /// Resolve one address.
    pub async fn resolve(&self, request: &Request) -> Result<Reply, Error> {
        self.0.call(request).await
    }

    /// Resolve one address, waiting for the service as long as it takes; `complain` hears of each failed try.
    pub async fn resolve_patiently(&self, request: &Request, complain: impl Fn(&Error)) -> Reply {
        self.0.patient(request, complain).await
    }

    /// The pool itself, for callers that send several requests at once.
    #[must_use]
    pub const fn pool(&self) -> &Pool<Resolve> {
        &self.0
    }
}
