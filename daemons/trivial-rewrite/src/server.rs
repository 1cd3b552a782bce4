//! The daemon: tables before the jail, questions after.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use config::{Settings, params};
use ipc::Server;
use lookup::{Maps, OpenOptions, Purpose};
use records::resolve::{Reply, Resolve};
use service::{Client, Conversations, Fatal, Start};

use crate::classes::{self, Classes};
use crate::generation;
use crate::resolve::Resolver;
use crate::routes::Routes;

/// How often tables are looked at for changes.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// What all clients share.
pub(crate) struct Rewrite {
    resolver: Resolver,
    generation: u64,
    checked: Cell<Instant>,
}

impl Conversations for Rewrite {
    const NAME: &'static str = "trivial-rewrite";
    const SHARED: bool = true;

    fn open(start: &Start) -> Result<Self, Fatal> {
        let tables = tables(&start.settings)?;
        Ok(Self {
            generation: generation::current(&start.settings, &tables),
            resolver: resolver(&start.settings)?,
            checked: Cell::new(Instant::now()),
        })
    }

    async fn converse(self: Rc<Self>, client: &mut Client) {
        let Some(connection) = client.connection() else {
            return;
        };
        let mut server = Server::<Resolve>::over(connection);
        while let Ok(Some(request)) = server.receive().await {
            let reply = Reply {
                result: self.resolver.resolve(&request).await,
                generation: self.generation,
            };
            if server.reply(&reply).await.is_err() {
                return;
            }
            self.check_tables(client);
            if client.process.is_retiring() {
                return;
            }
        }
    }
}

impl Rewrite {
    /// Leave when a table is out of date; the next process opens it anew.
    fn check_tables(&self, client: &Client) {
        if self.checked.get().elapsed() < CHECK_EVERY {
            return;
        }
        self.checked.set(Instant::now());
        let resolver = &self.resolver;
        client.process.renew_after(|| {
            let routes = resolver.mail.changed();
            routes
                .or_else(|| resolver.probes.changed())
                .or_else(|| resolver.classes.changed())
                .or_else(|| resolver.relocated.changed())
        });
    }
}

pub(crate) fn resolver(settings: &Settings) -> Result<Resolver, Fatal> {
    let options = OpenOptions::from_settings(settings)?;
    let names: params::core::Names = settings.get()?;
    let domains: params::core::Domains = settings.get()?;
    let syntax: params::rewrite::Syntax = settings.get()?;
    let routing: params::rewrite::Routing = settings.get()?;
    let compatibility: params::core::Compatibility = settings.get()?;
    Ok(Resolver {
        rules: lookup::mapping::rules(settings)?,
        empty_address_recipient: syntax.empty_address_recipient.into_bytes(),
        resolving: settings.get()?,
        empty_transport_key: routing.empty_address_default_transport_maps_lookup_key,
        empty_relayhost_key: routing.empty_address_relayhost_maps_lookup_key,
        owner_request_special: compatibility.owner_request_special,
        relocated_prefix: routing.relocated_prefix_enable,
        utf8: options.utf8,
        transport_parents: classes::parents(
            "transport_maps",
            &domains.parent_domain_matches_subdomains,
        ),
        relocated: Maps::open("relocated_maps", &routing.relocated_maps, &options),
        classes: Classes::open(settings, &options)?,
        // What a client names must not choose where mail goes.
        mail: Routes::mail(settings, &options.clone().for_purpose(Purpose::Routing))?,
        probes: Routes::probes(settings, &options.for_purpose(Purpose::Routing))?,
        names,
    })
}

/// Every word of the parameters that may name a table.
fn tables(settings: &Settings) -> Result<Vec<String>, Fatal> {
    let mut tables = Vec::new();
    for name in [
        "mydestination",
        "relay_domains",
        "virtual_alias_domains",
        "virtual_mailbox_domains",
        "transport_maps",
        "relocated_maps",
        "sender_dependent_default_transport_maps",
        "sender_dependent_relayhost_maps",
        "address_verify_transport_maps",
        "address_verify_sender_dependent_default_transport_maps",
        "address_verify_sender_dependent_relayhost_maps",
    ] {
        let value = settings.text(name)?.unwrap_or_default();
        let words = value.split(|c: char| c == ',' || c.is_ascii_whitespace());
        tables.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
    }
    Ok(tables)
}
