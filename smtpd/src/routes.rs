//! Where addresses lead, as trivial-rewrite(8) says, remembered for a while.
//!
//! Smtpd asks about each sender when MAIL names it and about each recipient when RCPT does; most of them again and
//! again. Answers are kept until they are half a minute old or trivial-rewrite says that its tables changed. Waits for
//! the service when it is away, and logs that.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mail::Address;
use mail::rewrite::Rules;
use records::resolve::{Failure, Request, Resolver, Route};

/// What is known of an address.
#[derive(Debug)]
pub struct Known {
    /// Where mail for it goes.
    pub route: Result<Route, Failure>,
    /// Whether the tables of recipients were found to name it.
    pub listed: Cell<bool>,
    until: Instant,
}

/// The memory.
pub struct Routes {
    resolver: Resolver,
    rules: Rules,
    generation: Cell<u64>,
    kept: RefCell<HashMap<Vec<u8>, Rc<Known>>>,
}

const KEEP: Duration = Duration::from_secs(30);
const MOST: usize = 2000;

impl Routes {
    /// Ask `resolver`; `rules` complete addresses first.
    pub fn new(resolver: Resolver, rules: Rules) -> Self {
        Self {
            resolver,
            rules,
            generation: Cell::new(0),
            kept: RefCell::default(),
        }
    }

    /// Where an address leads, for mail from `sender`.
    pub async fn resolve(&self, sender: &Address, address: &Address) -> Rc<Known> {
        let key = [sender.as_bytes(), address.as_bytes()].join(&0);
        if let Some(known) = self.kept.borrow().get(&key)
            && known.until > Instant::now()
        {
            return Rc::clone(known);
        }
        let known = Rc::new(self.ask(sender, address).await);
        if known.route != Err(Failure::Temporary) {
            self.keep(key, Rc::clone(&known));
        }
        known
    }

    async fn ask(&self, sender: &Address, address: &Address) -> Known {
        let until = Instant::now() + KEEP;
        let listed = Cell::new(false);
        let completed = self.rules.rewrite(address.as_bytes()).into_owned();
        let Ok(completed) = Address::new(completed) else {
            let route = Err(Failure::BadAddress);
            return Known {
                route,
                listed,
                until,
            };
        };
        let request = Request {
            sender: sender.clone(),
            address: completed,
            probe: false,
        };
        let complain = |error: &ipc::Error| {
            maillog::warning!("problem talking to service rewrite: {error}");
        };
        let reply = self.resolver.resolve_patiently(&request, complain).await;
        if self.generation.replace(reply.generation) != reply.generation {
            self.kept.borrow_mut().clear();
        }
        Known {
            route: reply.result,
            listed,
            until,
        }
    }

    fn keep(&self, key: Vec<u8>, known: Rc<Known>) {
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= MOST {
            let now = Instant::now();
            kept.retain(|_, known| known.until > now);
        }
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, known);
    }
}
