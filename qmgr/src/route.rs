//! Transport and next hop of each recipient: what trivial-rewrite(8) says, unless the letter or main.cf says otherwise.
//!
//! Answers are kept for a few seconds, until the tables behind them change. What is not known is asked in batches on one
//! connection, and asked again for as long as it takes: without routes nothing can be delivered.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ipc::{Client, Error, Pool};
use mail::outcome::Dsn;
use mail::{Address, DsnStatus, Recipient};
use records::resolve::{Class, Failure, Reply, Request, Resolve, Route};
use tokio::task::spawn_local;

use crate::manager::Manager;
use crate::message::Message;
use crate::schedule::{MessageId, Wish};

/// Answers older than this are asked again.
const FRESH: Duration = Duration::from_secs(10);
/// So many answers are kept.
const KEPT: usize = 5_000;
/// So many questions are sent before answers are read.
const BATCH: usize = 100;
const PAUSE: Duration = Duration::from_secs(1);

/// Asks for routes and remembers them.
pub(crate) struct Router {
    service: Pool<Resolve>,
    name: String,
    known: RefCell<Known>,
}

#[derive(Default)]
struct Known {
    generation: u64,
    routes: HashMap<Request, (Instant, Result<Route, Failure>)>,
}

impl Router {
    pub(crate) fn new(service: &str, timeout: Duration) -> Self {
        Self {
            service: Pool::new(format!("private/{service}"), timeout),
            name: service.to_owned(),
            known: RefCell::default(),
        }
    }

    fn known(&self, request: &Request) -> Option<Result<Route, Failure>> {
        let known = self.known.borrow();
        let (since, result) = known.routes.get(request)?;
        (since.elapsed() < FRESH).then(|| result.clone())
    }

    fn remember(&self, request: Request, reply: Reply) -> Result<Route, Failure> {
        let mut known = self.known.borrow_mut();
        if known.generation != reply.generation || known.routes.len() >= KEPT {
            known.routes.clear();
            known.generation = reply.generation;
        }
        // A failure of a table is over when it is over.
        if reply.result != Err(Failure::Temporary) {
            known
                .routes
                .insert(request, (Instant::now(), reply.result.clone()));
        }
        reply.result
    }

    /// Ask for all of these; the answers are in the same order.
    async fn ask(&self, requests: &[Request]) -> Vec<Reply> {
        loop {
            // A kept connection may have been closed since it was used.
            while let Some(client) = self.service.take_idle() {
                if let Ok(replies) = self.ask_over(client, requests).await {
                    return replies;
                }
            }
            match self.ask_anew(requests).await {
                Ok(replies) => return replies,
                Err(error) => {
                    maillog::warning!("problem talking to service {}: {error}", self.name);
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn ask_anew(&self, requests: &[Request]) -> Result<Vec<Reply>, Error> {
        let client = self.service.take().await?;
        self.ask_over(client, requests).await
    }

    async fn ask_over(
        &self,
        mut client: Client<Resolve>,
        requests: &[Request],
    ) -> Result<Vec<Reply>, Error> {
        let mut replies = Vec::with_capacity(requests.len());
        for batch in requests.chunks(BATCH) {
            let Some((last, before)) = batch.split_last() else {
                break;
            };
            for request in before {
                client.queue(request)?;
            }
            client.send(last).await?;
            for _ in batch {
                replies.push(client.receive().await?);
            }
        }
        self.service.keep(client);
        Ok(replies)
    }
}

impl Manager {
    /// Route the recipients that were read, and give them to the scheduler.
    pub(crate) fn route(self: &Rc<Self>, key: MessageId) {
        let Some((dropped, recipients, questions)) = self.with_message_if(key, |message| {
            let before = message.pending;
            let recipients = wanted(message);
            let dropped = before - message.pending;
            let questions = recipients
                .iter()
                .map(|recipient| question(message, recipient))
                .collect::<Vec<_>>();
            (dropped, recipients, questions)
        }) else {
            return;
        };
        self.recount(dropped, 0);
        let known: Option<Vec<_>> = questions
            .iter()
            .map(|question| self.router.known(question))
            .collect();
        match known {
            Some(results) => self.routed(key, recipients, results),
            None => {
                let manager = Rc::clone(self);
                spawn_local(async move {
                    let replies = manager.router.ask(&questions).await;
                    let results = questions
                        .into_iter()
                        .zip(replies)
                        .map(|(question, reply)| manager.router.remember(question, reply))
                        .collect();
                    manager.routed(key, recipients, results);
                });
            }
        }
    }

    fn routed(
        self: &Rc<Self>,
        key: MessageId,
        recipients: Vec<Recipient>,
        results: Vec<Result<Route, Failure>>,
    ) {
        let now = Instant::now();
        let mut discarded = Vec::new();
        for (recipient, result) in recipients.into_iter().zip(results) {
            match self.decide(key, recipient, result) {
                Decision::Deliver {
                    transport,
                    nexthop,
                    recipient,
                } => {
                    let wish = self.with_message(key, |message| Wish {
                        fresh: message.state.fresh,
                        alone: !message.verp.is_empty(),
                    });
                    self.schedule.borrow_mut().add(
                        now,
                        key,
                        (&transport, &nexthop),
                        recipient,
                        wish,
                    );
                }
                Decision::Retry(recipient, dsn) => {
                    self.schedule.borrow_mut().retry(key, vec![recipient], dsn)
                }
                Decision::Discard(recipient) => discarded.push(recipient),
            }
        }
        if !discarded.is_empty() {
            self.discard(key, discarded);
        }
        self.pump();
        self.finish_if_done(key);
    }

    fn decide(
        &self,
        key: MessageId,
        mut recipient: Recipient,
        result: Result<Route, Failure>,
    ) -> Decision {
        let failed = |class, subject, detail, text: &str| {
            Dsn::new(DsnStatus::new(class, subject, detail), text)
        };
        let (filter, expired, flushed) = self.with_message(key, |message| {
            (
                message.filter.clone(),
                message.state.force_expire,
                message.state.flushed,
            )
        });
        if expired {
            return Decision::Retry(
                recipient,
                failed(4, 7, 0, "message is administratively expired"),
            );
        }
        let route = match result {
            Ok(route) => route,
            Err(Failure::Temporary) => {
                return Decision::Retry(recipient, failed(4, 3, 0, "address resolver failure"));
            }
            Err(Failure::BadAddress) => {
                return Decision::Deliver {
                    transport: self.config.services.error.clone(),
                    nexthop: b"5.1.3 bad address syntax".to_vec(),
                    recipient,
                };
            }
        };
        recipient.address = route.recipient;
        let (transport, nexthop) = if filter.is_empty() {
            let is_double_bounce = recipient
                .address
                .local_part()
                .eq_ignore_ascii_case(&self.config.double_bounce);
            if route.class == Class::Local && is_double_bounce {
                return Decision::Discard(recipient);
            }
            (route.transport, route.nexthop)
        } else {
            self.filtered(&filter, &recipient.address)
        };
        if !flushed && self.config.defer_transports.contains(&transport) {
            return Decision::Retry(recipient, failed(4, 3, 2, "deferred transport"));
        }
        Decision::Deliver {
            transport,
            nexthop,
            recipient,
        }
    }

    /// Where a letter with a content filter goes: `transport:nexthop`, where the next hop may be missing.
    fn filtered(&self, filter: &[u8], address: &Address) -> (String, Vec<u8>) {
        let (transport, nexthop) = match filter.iter().position(|&b| b == b':') {
            Some(colon) => (&filter[..colon], &filter[colon + 1..]),
            None => (filter, &b""[..]),
        };
        let stock = &self.config.filter_nexthop;
        let nexthop = match (nexthop.is_empty(), stock.is_empty()) {
            (false, _) => nexthop,
            (true, false) => stock,
            (true, true) => address.domain().unwrap_or_default(),
        };
        (
            String::from_utf8_lossy(transport).into_owned(),
            nexthop.to_vec(),
        )
    }
}

enum Decision {
    Deliver {
        transport: String,
        nexthop: Vec<u8>,
        recipient: Recipient,
    },
    Retry(Recipient, Dsn),
    Discard(Recipient),
}

/// The recipients to route. A message that is redirected goes to one address, in place of its first recipient.
fn wanted(message: &mut Message) -> Vec<Recipient> {
    let mut recipients = std::mem::take(&mut message.unrouted);
    if let Some(address) = &message.redirect {
        recipients.truncate(1);
        for recipient in &mut recipients {
            recipient.address.clone_from(address);
        }
        message.pending = recipients.len();
        message.rest = None;
    }
    recipients
}

fn question(message: &Message, recipient: &Recipient) -> Request {
    Request {
        sender: message.facts.sender.clone(),
        address: recipient.address.clone(),
        probe: message.flags.mta_verify,
    }
}
