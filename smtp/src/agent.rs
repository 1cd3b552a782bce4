//! smtp as a delivery agent: what is opened before the jail, and one request after another.

use std::rc::Rc;

use delivery::{Agent, Delivery};
use dns::Resolver;
use lookup::DebugPeers;
use service::{Fatal, Start};

use crate::attempt::{self, Shared};
use crate::flags::Flags;
use crate::generic::Generic;
use crate::load;
use crate::pool::Pool;

/// smtp, or lmtp when called by that name.
pub struct Smtp(Shared);

impl Agent for Smtp {
    const NAME: &'static str = "smtp";

    fn open(start: &Start) -> Result<Self, Fatal> {
        let flags = Flags::parse(&start.arguments).map_err(|word| {
            Fatal::new(format!(
                "unexpected command-line argument \"{word}\": expected flags=DORX"
            ))
        })?;
        let lmtp = start.process_name == "lmtp";
        let settings = Rc::new(load::load(&start.settings, lmtp, flags)?);
        let options = lookup::OpenOptions::from_settings(&start.settings)?;
        Ok(Self(Shared {
            generic: Generic::open(&start.settings, lmtp, &options, settings.mime)?,
            debug_peers: DebugPeers::open(&start.settings, &options)?,
            pool: Pool::new(Rc::clone(&settings)),
            resolver: Resolver::open(),
            settings,
        }))
    }

    async fn deliver(self: Rc<Self>, delivery: &Delivery<'_>) {
        attempt::deliver(&self.0, delivery).await;
    }

    fn changed(&self) -> Option<&str> {
        self.0.generic.as_ref().and_then(Generic::changed)
    }

    async fn background(self: Rc<Self>) {
        self.0.pool.sweep().await;
    }
}
