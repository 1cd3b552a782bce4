//! Which addresses can be delivered to, found out by probes.

use std::time::Duration;

use crate::table::params;
use crate::value::TableList;

params! {
    /// How long results are remembered.
    pub struct Cache {
        /// The table in which verify(8) keeps what probes found out.
        address_verify_map: String = "$default_cache_db_type:$data_directory/verify_cache";
        /// Whether verify(8) also remembers probes that failed.
        address_verify_negative_cache: bool = "yes";
        /// How long verify(8) remembers that an address can be delivered to.
        address_verify_positive_expire_time: Duration [1 ..] = "31d";
        /// The age at which an address that can be delivered to is probed again.
        address_verify_positive_refresh_time: Duration [1 ..] = "7d";
        /// How long verify(8) remembers that an address cannot be delivered to.
        address_verify_negative_expire_time: Duration [1 ..] = "3d";
        /// The age at which an address that cannot be delivered to is probed again.
        address_verify_negative_refresh_time: Duration [1 ..] = "3h";
        /// How often verify(8) removes outdated results from its table; zero never.
        address_verify_cache_cleanup_interval: Duration = "12h";
    }

    /// How probes are made and waited for.
    pub struct Probe {
        /// How often smtpd(8) asks for a result before it puts the client off.
        address_verify_poll_count: usize [1 ..] = "${stress?{1}:{3}}";
        /// How long smtpd(8) waits between asking.
        address_verify_poll_delay: Duration [1 ..] = "3s";
        /// The sender of probes.
        address_verify_sender: String = "$double_bounce_sender";
        /// How often the sender of probes changes; zero never.
        address_verify_sender_ttl: Duration = "0s";
    }

    /// By which way probes go, where it differs from mail.
    pub struct Routing {
        /// The transport of probes, in place of default_transport.
        address_verify_default_transport: String [1 ..] = "$default_transport";
        /// The transport of probes, in place of local_transport.
        address_verify_local_transport: String [1 ..] = "$local_transport";
        /// The transport of probes, in place of relay_transport.
        address_verify_relay_transport: String [1 ..] = "$relay_transport";
        /// The transport of probes, in place of virtual_transport.
        address_verify_virtual_transport: String [1 ..] = "$virtual_transport";
        /// The next hop of probes, in place of relayhost.
        address_verify_relayhost: String = "$relayhost";
        /// Transports of probes by recipient, in place of transport_maps.
        address_verify_transport_maps: TableList = "$transport_maps";
        /// Transports of probes by sender, in place of sender_dependent_default_transport_maps.
        address_verify_sender_dependent_default_transport_maps: TableList = "$sender_dependent_default_transport_maps";
        /// Next hops of probes by sender, in place of sender_dependent_relayhost_maps.
        address_verify_sender_dependent_relayhost_maps: TableList = "$sender_dependent_relayhost_maps";
    }
}
