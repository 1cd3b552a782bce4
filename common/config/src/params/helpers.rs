//! The small daemons: anvil, scache, dnsblog, qmqpd.

use std::time::Duration;

use crate::table::params;
use crate::value::Words;

params! {
    /// Counting clients.
    pub struct Anvil {
        /// The time that rates are counted over.
        anvil_rate_time_unit: Duration [1 ..] = "60s";
        /// How often the highest counts are logged.
        anvil_status_update_time: Duration [1 ..] = "600s";
    }

    /// Keeping connections of the SMTP client.
    pub struct Scache {
        /// How long a connection may be kept.
        connection_cache_ttl_limit: Duration [1 ..] = "2s";
        /// How often hits and misses are logged.
        connection_cache_status_update_time: Duration [1 ..] = "600s";
        /// How long to wait for the cache.
        connection_cache_protocol_timeout: Duration [1 ..] = "5s";
    }

    /// Asking block lists.
    pub struct Dnsblog {
        /// How long answers are held back, for tests.
        dnsblog_reply_delay: Duration = "0s";
    }

    /// Receiving mail over QMQP.
    pub struct Qmqpd {
        /// The clients that may send mail.
        qmqpd_authorized_clients: Words = "";
        /// Whether the client's port is logged.
        qmqpd_client_port_logging: bool = "no";
        /// How long to wait for a client.
        qmqpd_timeout: Duration [1 ..] = "300s";
        /// How long to wait before telling a client of an error.
        qmqpd_error_delay: Duration = "1s";
    }
}
