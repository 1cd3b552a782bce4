//! What main.cf says about the queue manager.

use std::time::Duration;

use config::{Settings, params};
use queue::Layout;

/// The settings that are used after the start.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) times: Times,
    pub(crate) limits: Limits,
    pub(crate) services: Services,
    pub(crate) layout: Layout,
    pub(crate) filter_nexthop: Vec<u8>,
    pub(crate) double_bounce: Vec<u8>,
    pub(crate) defer_transports: Vec<String>,
}

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) queue_run_delay: Duration,
    pub(crate) minimal_backoff: Duration,
    pub(crate) maximal_backoff: Duration,
    pub(crate) lifetime: Duration,
    pub(crate) bounce_lifetime: Duration,
    pub(crate) transport_retry: Duration,
    pub(crate) ipc: Duration,
    pub(crate) agent: Duration,
    pub(crate) clog_warning: Duration,
}

/// How much is kept in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) messages: usize,
    pub(crate) recipients: usize,
    pub(crate) recipients_of_message: usize,
}

/// Names of services.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) bounce: String,
    pub(crate) defer: String,
    pub(crate) trace: String,
    pub(crate) rewrite: String,
    pub(crate) error: String,
}

impl Config {
    pub(crate) fn read(settings: &Settings) -> Result<Self, config::Error> {
        for name in without_effect(settings) {
            maillog::warning!("{name}: this setting has no effect yet");
        }
        let times: params::qmgr::Times = settings.get()?;
        let limits: params::qmgr::Limits = settings.get()?;
        let supervision: params::qmgr::Supervision = settings.get()?;
        let sockets: params::services::Sockets = settings.get()?;
        let folders: params::queue::Folders = settings.get()?;
        let filters: params::core::Filters = settings.get()?;
        let names: params::core::Names = settings.get()?;
        let process: params::core::Limits = settings.get()?;
        let hashed = folders.hash_queue_names.iter().map(String::as_str);
        Ok(Self {
            times: Times {
                queue_run_delay: times.queue_run_delay,
                minimal_backoff: times.minimal_backoff_time,
                maximal_backoff: times.maximal_backoff_time.max(times.minimal_backoff_time),
                lifetime: times.maximal_queue_lifetime,
                bounce_lifetime: times.bounce_queue_lifetime,
                transport_retry: times.transport_retry_time,
                ipc: supervision.qmgr_ipc_timeout,
                agent: process.daemon_timeout,
                clog_warning: supervision.qmgr_clog_warn_time,
            },
            limits: Limits {
                messages: limits.qmgr_message_active_limit,
                recipients: limits.qmgr_message_recipient_limit,
                recipients_of_message: limits.qmgr_message_recipient_minimum,
            },
            services: Services {
                bounce: sockets.bounce_service_name,
                defer: sockets.defer_service_name,
                trace: sockets.trace_service_name,
                rewrite: sockets.rewrite_service_name,
                error: sockets.error_service_name,
            },
            layout: Layout::new(hashed, folders.hash_queue_depth),
            filter_nexthop: filters.default_filter_nexthop.into_bytes(),
            double_bounce: names.double_bounce_sender.into_bytes(),
            defer_transports: supervision.defer_transports.to_vec(),
        })
    }
}

/// What main.cf sets although nothing reads it yet (docs/differences.md).
fn without_effect(settings: &Settings) -> Vec<&str> {
    let names = settings.main_cf().names();
    let idle = |name: &&str| {
        IDLE.contains(name) || IDLE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
    };
    names.into_iter().filter(idle).collect()
}

const IDLE: [&str; 2] = [
    "confirm_delay_cleared",
    "destination_concurrency_feedback_debug",
];

/// Of the preemptive scheduler, in whose place messages take turns, and of its limits of recipients in memory.
const IDLE_SUFFIXES: [&str; 7] = [
    "_delivery_slot_cost",
    "_delivery_slot_loan",
    "_delivery_slot_discount",
    "_minimum_delivery_slots",
    "_extra_recipient_limit",
    "_recipient_refill_limit",
    "_recipient_refill_delay",
];

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use config::{Loader, MainCf};

    use super::*;

    #[test]
    fn what_has_no_effect_is_said() {
        let text = b"qmgr_message_active_limit = 5\nsmtp_delivery_slot_cost = 3\nconfirm_delay_cleared = yes\n";
        let main = MainCf::parse(Path::new("main.cf"), text).unwrap();
        let settings = Loader::new("qmgr").over(PathBuf::from("/etc/postfix"), main);
        let mut names = without_effect(&settings);
        names.sort_unstable();
        assert_eq!(names, ["confirm_delay_cleared", "smtp_delivery_slot_cost"]);
    }
}
