//! The queue manager: when what is delivered, and how much at once.

use std::time::Duration;

use crate::table::params;
use crate::value::Words;

params! {
    /// When mail is tried again, and for how long.
    pub struct Times {
        /// How often the deferred queue is looked through.
        queue_run_delay: Duration [1 ..] = "300s";
        /// The shortest time between attempts to deliver a message.
        minimal_backoff_time: Duration [1 ..] = "300s";
        /// The longest time between attempts to deliver a message.
        maximal_backoff_time: Duration [1 ..] = "4000s";
        /// How long mail is tried before it is returned.
        maximal_queue_lifetime: Duration [0 .. 8640000] = "5d";
        /// How long reports are tried before they are dropped.
        bounce_queue_lifetime: Duration [0 .. 8640000] = "5d";
        /// After what time senders are told that mail is delayed; zero never.
        delay_warning_time: Duration = "0h";
        /// Whether senders that were told of a delay are told when mail is delivered.
        confirm_delay_cleared: bool = "no";
        /// How long a failing delivery agent is left alone.
        transport_retry_time: Duration [1 ..] = "60s";
        /// How long new mail waits when it comes in faster than it is delivered.
        in_flow_delay: Duration [0 .. 10] = "1s";
    }

    /// How much the queue manager keeps in memory.
    pub struct Limits {
        /// The most messages in the active queue.
        qmgr_message_active_limit: usize [1 ..] = "20000";
        /// The most recipients kept in memory.
        qmgr_message_recipient_limit: usize [1 ..] = "20000";
        /// How many recipients of a message are kept in memory at least.
        qmgr_message_recipient_minimum: usize [1 ..] = "10";
        /// How much of the delivery resources one list message may take, in percent; used by the old queue manager.
        qmgr_fudge_factor: usize [10 .. 100] = "100";
        /// The most address probes that may be under way.
        address_verify_pending_request_limit: usize [1 ..] = "5000";
    }

    /// How the queue manager is watched.
    pub struct Supervision {
        /// How long the queue manager may work on one thing before it is taken for stuck.
        qmgr_daemon_timeout: Duration [1 ..] = "1000s";
        /// How long the queue manager waits for other programs.
        qmgr_ipc_timeout: Duration [1 ..] = "60s";
        /// How often the log tells which destination fills the active queue; zero never.
        qmgr_clog_warn_time: Duration = "300s";
        /// Whether concurrency feedback is logged.
        destination_concurrency_feedback_debug: bool = "no";
        /// The transports whose mail waits until it is flushed.
        defer_transports: Words = "";
    }

    /// Stock values of the limits of each transport; each exists as <transport>_... too.
    pub struct Scheduling {
        /// How many deliveries to a destination start at once.
        initial_destination_concurrency: usize [1 ..] = "5";
        /// The most deliveries to one destination at once.
        default_destination_concurrency_limit: usize = "20";
        /// The most recipients in one delivery.
        default_destination_recipient_limit: usize = "50";
        /// By how much a success raises the concurrency of a destination.
        default_destination_concurrency_positive_feedback: String [1 ..] = "1";
        /// By how much a failure lowers the concurrency of a destination.
        default_destination_concurrency_negative_feedback: String [1 ..] = "1";
        /// How many rounds of failed deliveries make a destination dead.
        default_destination_concurrency_failed_cohort_limit: usize = "1";
        /// How long to wait between deliveries to one destination.
        default_destination_rate_delay: Duration = "0s";
        /// How long to wait between deliveries of one transport.
        default_transport_rate_delay: Duration = "0s";
        /// The most recipients of one transport in memory.
        default_recipient_limit: usize = "20000";
        /// The most recipients in memory beyond that, for messages that overtake others.
        default_extra_recipient_limit: usize = "1000";
        /// How many recipients are read from a queue file at once when it is taken up again.
        default_recipient_refill_limit: usize [1 ..] = "100";
        /// How long to wait at most before more recipients are read.
        default_recipient_refill_delay: Duration [1 ..] = "5s";
        /// How many recipients of a message must be delivered before another may overtake it.
        default_delivery_slot_cost: usize = "5";
        /// How many such places are lent to a message that overtakes.
        default_delivery_slot_loan: usize = "3";
        /// How much sooner a message may overtake, in percent.
        default_delivery_slot_discount: usize [0 .. 100] = "50";
        /// How many places a message must have earned before it can be overtaken.
        default_minimum_delivery_slots: usize = "3";
        /// The most deliveries to one local recipient at once.
        local_destination_concurrency_limit: usize = "2";
        /// The most recipients in one local delivery.
        local_destination_recipient_limit: usize = "1";
    }
}
