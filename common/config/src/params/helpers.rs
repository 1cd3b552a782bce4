//! The small daemons: anvil, scache, dnsblog, qmqpd.

use std::time::Duration;

use crate::table::params;
use crate::value::Words;

params! {
    /// Counting clients.
    pub struct Anvil {
        /// The time over which anvil(8) counts what clients do.
        anvil_rate_time_unit: Duration [1 ..] = "60s";
        /// How often anvil(8) logs the highest counts.
        anvil_status_update_time: Duration [1 ..] = "600s";
    }

    /// Keeping connections of the SMTP client.
    pub struct Scache {
        /// How long scache(8) may keep a session open.
        connection_cache_ttl_limit: Duration [1 ..] = "2s";
        /// How often scache(8) logs hits and misses.
        connection_cache_status_update_time: Duration [1 ..] = "600s";
        /// How long the SMTP client waits for scache(8).
        connection_cache_protocol_timeout: Duration [1 ..] = "5s";
    }

    /// Asking block lists.
    pub struct Dnsblog {
        /// How long dnsblog(8) holds back answers, for tests.
        dnsblog_reply_delay: Duration = "0s";
    }

    /// Receiving mail over QMQP.
    pub struct Qmqpd {
        /// The clients from which qmqpd(8) takes mail.
        qmqpd_authorized_clients: Words = "";
        /// Whether qmqpd(8) logs the client's port beside its address.
        qmqpd_client_port_logging: bool = "no";
        /// How long qmqpd(8) waits for a client.
        qmqpd_timeout: Duration [1 ..] = "300s";
        /// How long qmqpd(8) waits before it tells a client of an error.
        qmqpd_error_delay: Duration = "1s";
    }
}
