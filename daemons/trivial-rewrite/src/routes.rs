//! The parameters that name transports and next hops, in two editions: for mail, and for address probes.

use config::{Settings, TableList, params};
use lookup::{Maps, OpenOptions};
use service::Fatal;

use crate::name::Method;

/// One edition.
pub(crate) struct Routes {
    pub(crate) local_transport: Method,
    pub(crate) virtual_transport: Method,
    pub(crate) relay_transport: Method,
    pub(crate) default_transport: Method,
    pub(crate) relayhost: Vec<u8>,
    pub(crate) transport_maps: Maps,
    pub(crate) sender_transports: Maps,
    pub(crate) sender_relayhosts: Maps,
}

impl Routes {
    /// For mail.
    pub(crate) fn mail(settings: &Settings, options: &OpenOptions) -> Result<Self, Fatal> {
        let routing: params::rewrite::Routing = settings.get()?;
        let domains: params::core::Domains = settings.get()?;
        let open = |title: &str, list: &TableList| Maps::open(title, list, options);
        Self {
            local_transport: Method::parse(routing.local_transport.as_bytes()),
            virtual_transport: Method::parse(routing.virtual_transport.as_bytes()),
            relay_transport: Method::parse(routing.relay_transport.as_bytes()),
            default_transport: Method::parse(routing.default_transport.as_bytes()),
            relayhost: domains.relayhost.into_bytes(),
            transport_maps: open("transport_maps", &routing.transport_maps),
            sender_transports: open(
                "sender_dependent_default_transport_maps",
                &routing.sender_dependent_default_transport_maps,
            ),
            sender_relayhosts: open(
                "sender_dependent_relayhost_maps",
                &routing.sender_dependent_relayhost_maps,
            ),
        }
        .check()
    }

    /// For probes.
    pub(crate) fn probes(settings: &Settings, options: &OpenOptions) -> Result<Self, Fatal> {
        let routing: params::verify::Routing = settings.get()?;
        let open = |title: &str, list: &TableList| Maps::open(title, list, options);
        Self {
            local_transport: Method::parse(routing.address_verify_local_transport.as_bytes()),
            virtual_transport: Method::parse(routing.address_verify_virtual_transport.as_bytes()),
            relay_transport: Method::parse(routing.address_verify_relay_transport.as_bytes()),
            default_transport: Method::parse(routing.address_verify_default_transport.as_bytes()),
            relayhost: routing.address_verify_relayhost.into_bytes(),
            transport_maps: open(
                "address_verify_transport_maps",
                &routing.address_verify_transport_maps,
            ),
            sender_transports: open(
                "address_verify_sender_dependent_default_transport_maps",
                &routing.address_verify_sender_dependent_default_transport_maps,
            ),
            sender_relayhosts: open(
                "address_verify_sender_dependent_relayhost_maps",
                &routing.address_verify_sender_dependent_relayhost_maps,
            ),
        }
        .check()
    }

    fn check(self) -> Result<Self, Fatal> {
        for (name, method) in [
            ("local_transport", &self.local_transport),
            ("virtual_transport", &self.virtual_transport),
            ("relay_transport", &self.relay_transport),
            ("default_transport", &self.default_transport),
        ] {
            if method.transport.is_empty() {
                return Err(Fatal::new(format!("{name} is set to an empty transport")));
            }
        }
        Ok(self)
    }

    /// The first table whose file was replaced since it was opened, as `type:name`.
    pub(crate) fn changed(&self) -> Option<&str> {
        [
            &self.transport_maps,
            &self.sender_transports,
            &self.sender_relayhosts,
        ]
        .into_iter()
        .find_map(Maps::changed)
    }
}
