//! The agent: each recipient of a request is a job.

use delivery::{DeliveredTo, Delivery, Post, WorkerAgent};
use mail::DsnStatus;
use mail::outcome::Dsn;
use records::resolve::Resolver;
use service::{Fatal, Start};

use crate::job::Job;
use crate::settings::Config;

/// The daemon.
pub(crate) struct Local {
    pub(crate) config: Config,
    pub(crate) post: Post,
    pub(crate) resolver: Resolver,
}

impl WorkerAgent for Local {
    const NAME: &'static str = "local";

    fn open(start: &Start) -> Result<Self, Fatal> {
        let config = Config::load(&start.settings, &start.service_name, start.rootless)
            .map_err(|error| Fatal::new(error.0))?;
        Ok(Self {
            resolver: Resolver::new(&config.rewrite_socket, config.ipc_timeout),
            post: Post::new(&start.settings)?,
            config,
        })
    }

    fn deliver(&mut self, delivery: &Delivery<'_>) {
        let seen = match DeliveredTo::read(&mut delivery.content()) {
            Ok(seen) => seen,
            Err(error) => return damaged(delivery, &error.to_string()),
        };
        for recipient in delivery.remaining() {
            let fate = Job::new(self, delivery, recipient, &seen).run();
            delivery.settle(recipient, fate);
        }
    }

    fn changed(&self) -> Option<&str> {
        self.config.changed()
    }
}

fn damaged(delivery: &Delivery<'_>, error: &str) {
    let id = &delivery.message().id;
    maillog::warning!("{id}: read queue file: {error}");
    for recipient in delivery.remaining() {
        let dsn = Dsn::new(DsnStatus::new(4, 3, 0), "queue file read error");
        let _ = ipc::now(delivery.deferred(recipient, "local", dsn));
    }
    delivery.damaged();
}
