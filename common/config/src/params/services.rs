//! The names of services in master.cf, under which programs find each other, and the limits of all of them.

use std::time::Duration;

use crate::table::params;
use crate::value::Words;

params! {
    /// Under which names services are reached.
    pub struct Sockets {
        /// The service that keeps logs of undeliverable mail.
        bounce_service_name: String [1 ..] = "bounce";
        /// The service that makes queue files.
        cleanup_service_name: String [1 ..] = "cleanup";
        /// The service that keeps logs of delayed mail.
        defer_service_name: String [1 ..] = "defer";
        /// The service that keeps logs of what was asked to be reported.
        trace_service_name: String [1 ..] = "trace";
        /// The service that returns mail unseen.
        error_service_name: String [1 ..] = "error";
        /// The service that knows which mail waits for which domain.
        flush_service_name: String [1 ..] = "flush";
        /// The service that takes local mail in.
        pickup_service_name: String [1 ..] = "pickup";
        /// The service that writes the log file.
        postlog_service_name: String [1 ..] = "postlog";
        /// The service that reads tables for others.
        proxymap_service_name: String [1 ..] = "proxymap";
        /// The service that reads and writes tables for others.
        proxywrite_service_name: String [1 ..] = "proxywrite";
        /// The service that manages the queue.
        queue_service_name: String [1 ..] = "qmgr";
        /// The service that rewrites and resolves addresses.
        rewrite_service_name: String [1 ..] = "rewrite";
        /// The service that lists the queue.
        showq_service_name: String [1 ..] = "showq";
        /// The service that keeps TLS sessions and random bytes.
        tlsmgr_service_name: String [1 ..] = "tlsmgr";
        /// The service that speaks TLS for others.
        tlsproxy_service_name: String [1 ..] = "tlsproxy";
        /// The service that looks clients up in block lists.
        dnsblog_service_name: String [1 ..] = "dnsblog";
        /// The service that postscreen(8) hands clients to.
        smtpd_service_name: String [1 ..] = "smtpd";
        /// The service that remembers which addresses exist.
        address_verify_service_name: String [1 ..] = "verify";
        /// The service that keeps open connections for others.
        connection_cache_service_name: String [1 ..] = "scache";
    }

    /// How many processes serve.
    pub struct Process {
        /// How many clients a service takes at once when master.cf does not say.
        default_process_limit: usize [1 ..] = "100";
        /// How long a service rests whose program fails.
        service_throttle_time: Duration [1 ..] = "60s";
        /// The services that are not started although master.cf has them, as name/type or type.
        master_service_disable: Words = "";
        /// Not empty while a service is overloaded; set by master(8).
        stress: String = "";
    }
}
