//! One delivery request: server after server until every recipient is decided, or nothing is left to try.
//!
//! A failure of class 5 is reported at once. After a failure of class 4 the recipient goes to the next server; the last
//! failure is the one that is reported. Logs every connection that failed, and every failure that another server may
//! make good.

use std::rc::Rc;

use dns::Resolver;
use mail::outcome::{Action, Dsn};
use mail::{Address, DsnStatus, Notify, Recipient};

use delivery::Delivery;
use lookup::DebugPeers;
use records::delivery::Message;

use crate::destination::{self, Destination};
use crate::failure::Failure;
use crate::flags::forwarding_loop;
use crate::generic::Generic;
use crate::pool::Pool;
use crate::server::{Place, Server};
use crate::servers::{Finder, Found, loops_back};
use crate::session::{OpenError, Session};
use crate::settings::Settings;
use crate::transaction::{self, Letter, Outcome};

/// What all deliveries of a process share.
pub struct Shared {
    /// The parameters.
    pub settings: Rc<Settings>,
    /// For names.
    pub resolver: Resolver,
    /// Idle sessions.
    pub pool: Pool,
    /// What the addresses of this machine become.
    pub generic: Option<Generic>,
    /// Whose sessions are logged in detail.
    pub debug_peers: DebugPeers,
}

/// Deliver to all recipients of a request.
pub async fn deliver(shared: &Shared, delivery: &Delivery<'_>) {
    let recipients = delivery.request().recipients.iter();
    let mut attempt = Attempt {
        shared,
        delivery,
        pending: recipients
            .map(|recipient| Pending {
                recipient,
                mapped: None,
                failure: None,
            })
            .collect(),
        message: None,
        relay: NO_RELAY.to_owned(),
        prelude: Vec::new(),
        detail: 0,
        tried: Vec::new(),
    };
    attempt.add_lines().await;
    attempt.map_addresses().await;
    attempt.over_idle_session().await;
    attempt.over_new_sessions().await;
    attempt.finish().await;
}

struct Attempt<'a> {
    shared: &'a Shared,
    delivery: &'a Delivery<'a>,
    pending: Vec<Pending<'a>>,
    /// The letter with another sender, where the sender is mapped.
    message: Option<Message>,
    relay: String,
    prelude: Vec<u8>,
    /// How much more is logged because of the destination.
    detail: u8,
    /// Where a transaction took place.
    tried: Vec<Place>,
}

async fn map_recipient(
    generic: &Generic,
    recipient: &Recipient,
) -> Result<Option<Recipient>, Failure> {
    let mapped = generic.address(recipient.address.as_bytes()).await?;
    mapped
        .map(|mapped| {
            Ok(Recipient {
                address: address(mapped)?,
                ..recipient.clone()
            })
        })
        .transpose()
}

/// What a table has in place of an address must be one.
fn address(bytes: Vec<u8>) -> Result<Address, Failure> {
    Address::new(bytes).map_err(|_| {
        let text = "the address that generic maps have for this one cannot be sent".to_owned();
        Failure::new(DsnStatus::new(4, 3, 5), text)
    })
}

/// A recipient that is not decided, and what stopped it last.
struct Pending<'a> {
    recipient: &'a Recipient,
    /// Who the server is told instead.
    mapped: Option<Recipient>,
    failure: Option<Failure>,
}

impl<'a> Attempt<'a> {
    fn nexthop(&self) -> &'a [u8] {
        &self.delivery.request().nexthop
    }

    /// Lines before the content, for the one recipient that requests then have; its letter may have come back.
    async fn add_lines(&mut self) {
        let flags = self.shared.settings.flags;
        let [Pending { recipient, .. }] = self.pending.as_slice() else {
            return;
        };
        self.prelude = flags.lines(&self.delivery.message().sender, recipient);
        let failure = match flags.finds_loop(self.delivery.content(), recipient) {
            Ok(false) => return,
            Ok(true) => forwarding_loop(recipient),
            Err(error) => transaction::unreadable(&error),
        };
        self.no_session(&failure, NO_RELAY);
        self.report_all().await;
    }

    /// What servers are told of sender and recipients.
    async fn map_addresses(&mut self) {
        let Some(generic) = &self.shared.generic else {
            return;
        };
        let mut failed = None;
        match self.mapped_message(generic).await {
            Ok(message) => self.message = message,
            Err(failure) => failed = Some(failure),
        }
        for pending in &mut self.pending {
            match map_recipient(generic, pending.recipient).await {
                Ok(mapped) => pending.mapped = mapped,
                Err(failure) => failed = Some(failure),
            }
        }
        if let Some(failure) = failed {
            self.no_session(&failure, NO_RELAY);
            self.report_all().await;
        }
    }

    async fn mapped_message(&self, generic: &Generic) -> Result<Option<Message>, Failure> {
        let message = self.delivery.message();
        let mapped = generic.address(message.sender.as_bytes()).await?;
        mapped
            .map(|sender| {
                Ok(Message {
                    sender: address(sender)?,
                    ..message.clone()
                })
            })
            .transpose()
    }

    /// Use sessions that are open already. One that turns out to be dead before it was told anything that matters counts
    /// as if it had never been there.
    async fn over_idle_session(&mut self) {
        while !self.pending.is_empty() {
            let Some(session) = self.shared.pool.take(self.nexthop()).await else {
                return;
            };
            self.listen_to_server(&session.server).await;
            let used = self.transact(session).await;
            maillog::raise(0);
            if used {
                return;
            }
        }
    }

    async fn over_new_sessions(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let settings = &self.shared.settings;
        let nexthop = String::from_utf8_lossy(self.nexthop());
        let fallback = settings.lookup.fallback.join(" ");
        let mut destinations =
            destination::parse_list(&nexthop, settings.lmtp, settings.lookup.port);
        destinations.extend(destination::parse_list(
            &fallback,
            settings.lmtp,
            settings.lookup.port,
        ));
        for destination in destinations {
            if self.pending.is_empty() {
                return;
            }
            match destination {
                Ok(destination) => {
                    self.listen_to(&destination).await;
                    self.over_destination(&destination).await;
                    maillog::raise(0);
                }
                Err(failure) => self.no_session(&failure, NO_RELAY),
            }
        }
    }

    /// Log deliveries to this destination in detail, if it is in `debug_peer_list`.
    async fn listen_to(&mut self, destination: &Destination) {
        self.detail = match destination {
            Destination::Inet { host, .. } => {
                let peers = &self.shared.debug_peers;
                peers.level_for_destination(host.as_bytes()).await
            }
            Destination::Unix(_) => 0,
        };
        maillog::raise(self.detail);
    }

    /// Log the session with this server in detail, if it or its destination is in `debug_peer_list`.
    async fn listen_to_server(&self, server: &Server) {
        let level = match &server.place {
            Place::Inet(place) => {
                let peers = &self.shared.debug_peers;
                let name = server.host.as_bytes();
                peers.level_for_host(name, place.ip()).await
            }
            Place::Unix(_) => 0,
        };
        maillog::raise(level.max(self.detail));
    }

    async fn over_destination(&mut self, destination: &Destination) {
        let finder = Finder {
            resolver: &self.shared.resolver,
            settings: &self.shared.settings,
        };
        let servers = match finder.find(destination).await {
            Ok(Found::Servers(servers)) => servers,
            Ok(Found::Ourselves(domain)) => return self.hand_to_ourselves(&domain).await,
            Err(failure) => return self.no_session(&failure, NO_RELAY),
        };
        let limit = self.shared.settings.lookup.session_limit;
        let mut sessions = 0;
        for server in &servers {
            if self.pending.is_empty() || (limit > 0 && sessions == limit) {
                return;
            }
            if self.tried.contains(&server.place) {
                continue;
            }
            self.log_failures_made_good();
            if let Some(session) = self.open(server).await {
                sessions += 1;
                self.transact(session).await;
            }
        }
    }

    /// We are the best mail exchanger ourselves: another agent may know what to do.
    async fn hand_to_ourselves(&mut self, domain: &str) {
        let settings = &self.shared.settings;
        let transport = &settings.lookup.best_mx_transport;
        if transport.is_empty() || settings.lmtp {
            return self.no_session(&loops_back(domain), NO_RELAY);
        }
        for pending in std::mem::take(&mut self.pending) {
            let handed = delivery::pass(
                self.delivery,
                pending.recipient,
                transport,
                settings.ipc_timeout,
            );
            match handed.await {
                Ok(fate) => self.delivery.settle(pending.recipient, fate),
                Err(error) => {
                    maillog::warning!("delivery transport {transport}: {error}");
                    self.pending.push(Pending {
                        failure: Some(transport_unavailable()),
                        ..pending
                    });
                }
            }
        }
    }

    async fn open(&mut self, server: &Server) -> Option<Session> {
        self.delivery.unconnected();
        self.listen_to_server(server).await;
        match Session::open(server, &self.shared.settings).await {
            Ok(session) => return Some(session),
            Err(OpenError::Unreachable(failure)) => {
                maillog::info!("{failure}");
                self.no_session(&failure, NO_RELAY);
            }
            Err(OpenError::Ourselves) => {
                let domain = String::from_utf8_lossy(self.nexthop()).into_owned();
                self.no_session(&loops_back(&domain), &server.to_string());
                self.report_all().await;
            }
            Err(OpenError::TurnedAway(failure)) => {
                let relay = server.to_string();
                self.no_session(&failure, &relay);
                if !failure.is_temporary() {
                    self.report_all().await;
                }
            }
        }
        None
    }

    /// All recipients share a failure that has nothing to do with them.
    fn no_session(&mut self, failure: &Failure, relay: &str) {
        relay.clone_into(&mut self.relay);
        for pending in &mut self.pending {
            pending.failure = Some(failure.clone());
        }
    }

    /// One transaction for all pending recipients; false when an idle session was dead and nothing happened.
    async fn transact(&mut self, mut session: Session) -> bool {
        let reused = session.uses > 0;
        self.delivery.connected(session.uses);
        let flags = self.delivery.request().flags;
        let letter = Letter {
            message: self
                .message
                .as_ref()
                .unwrap_or_else(|| self.delivery.message()),
            prelude: &self.prelude,
            generic: self.shared.generic.as_ref(),
            probe: flags.user_verify || flags.mta_verify,
        };
        let recipients: Vec<&Recipient> = self
            .pending
            .iter()
            .map(|pending| pending.mapped.as_ref().unwrap_or(pending.recipient))
            .collect();
        let content = self.delivery.content();
        let settings = &self.shared.settings;
        let outcomes =
            transaction::run(&mut session, settings, &letter, &recipients, content).await;
        if reused && session.is_dead_before_data() {
            return false;
        }
        session.uses += 1;
        self.tried.push(session.server.place.clone());
        self.relay = session.server.to_string();
        let features_dsn = session.features.dsn;
        let host = session.server.host.clone();
        self.shared
            .pool
            .keep(self.nexthop(), session, self.wants_reuse());
        self.take(outcomes, &host, features_dsn).await;
        true
    }

    fn wants_reuse(&self) -> bool {
        let reuse = &self.shared.settings.reuse;
        let listed =
            |destination: &String| destination.as_bytes().eq_ignore_ascii_case(self.nexthop());
        reuse.on_demand || reuse.destinations.iter().any(listed)
    }

    async fn take(&mut self, outcomes: Vec<Outcome>, host: &str, dsn_offered: bool) {
        let pending = std::mem::take(&mut self.pending);
        for (pending, outcome) in pending.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Sent(status, reply) => {
                    let dsn = sent_dsn(status, reply, host);
                    self.sent(pending.recipient, dsn, dsn_offered).await;
                }
                Outcome::Failed(failure) if failure.is_temporary() => self.pending.push(Pending {
                    failure: Some(failure),
                    ..pending
                }),
                Outcome::Failed(failure) => {
                    let _ = self
                        .delivery
                        .bounced(pending.recipient, &self.relay, failure.into())
                        .await;
                }
            }
        }
    }

    /// A server that offers DSN makes the success notice itself; for others the mail is "relayed".
    async fn sent(&self, recipient: &Recipient, mut dsn: Dsn, dsn_offered: bool) {
        dsn.action = Some(if self.shared.settings.assume_final {
            Action::Delivered
        } else {
            Action::Relayed
        });
        if !dsn_offered {
            let _ = self.delivery.sent(recipient, &self.relay, dsn).await;
            return;
        }
        let mut passed_on = recipient.clone();
        let wishes = recipient.dsn_notify.bits() & !Notify::SUCCESS.bits();
        passed_on.dsn_notify = Notify::from_bits(wishes).unwrap_or_default();
        let attempt = self.delivery.attempt(&passed_on, &self.relay);
        let fate = self.delivery.reporter().sent(&attempt, dsn).await;
        self.delivery.settle(recipient, fate);
    }

    /// Before the next server: say what the last one did not do.
    fn log_failures_made_good(&self) {
        let mut told: Vec<&str> = Vec::new();
        for failure in self
            .pending
            .iter()
            .filter_map(|pending| pending.failure.as_ref())
        {
            if self.relay != NO_RELAY && !told.contains(&failure.text.as_str()) {
                maillog::info!("{}: {failure}", self.delivery.message().id);
                told.push(&failure.text);
            }
        }
    }

    /// Nothing is left to try.
    async fn finish(&mut self) {
        if self.tried.is_empty()
            && let Some(failure) = self
                .pending
                .first()
                .and_then(|pending| pending.failure.clone())
            && failure.is_temporary()
        {
            self.delivery.unreachable(failure.into());
        }
        self.report_all().await;
    }

    async fn report_all(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let failure = pending.failure.unwrap_or_else(nothing_to_try);
            if failure.damaged {
                self.delivery.damaged();
            }
            let _ = self
                .delivery
                .failed(pending.recipient, &self.relay, failure.into())
                .await;
        }
    }
}

fn sent_dsn(status: DsnStatus, reply: String, host: &str) -> Dsn {
    let mut dsn = Dsn::new(status, reply.clone());
    dsn.mta_type = b"dns".to_vec();
    dsn.mta_name = host.as_bytes().to_vec();
    dsn.diagnostic_type = b"smtp".to_vec();
    dsn.diagnostic_text = reply.into_bytes();
    dsn
}

fn transport_unavailable() -> Failure {
    Failure::new(
        DsnStatus::new(4, 3, 0),
        "mail transport unavailable".to_owned(),
    )
}

fn nothing_to_try() -> Failure {
    Failure::new(
        DsnStatus::new(4, 3, 5),
        "mail system configuration error".to_owned(),
    )
}

/// What relay= says when nobody was reached.
const NO_RELAY: &str = "none";
