//! Every parameter, by the part of the mail system that it is about.
//!
//! A new parameter is one entry in the file of its owner; a new file is one line in [`TABLES`].

use crate::table::{Legacy, Pattern, Spec};

pub mod bounce;
pub mod cleanup;
pub mod client;
pub mod core;
pub mod flush;
pub mod helpers;
pub mod instances;
pub mod local;
pub mod master;
pub mod milter;
pub mod postscreen;
pub mod qmgr;
pub mod queue;
pub mod rewrite;
pub mod services;
pub mod smtp;
pub mod smtpd;
pub mod tables;
pub mod tls;
pub mod tlsproxy;
pub mod verify;
pub mod virtual_mail;

/// The rows of every file.
pub(crate) const TABLES: &[&[&[Spec]]] = &[
    bounce::TABLE,
    cleanup::TABLE,
    client::TABLE,
    core::TABLE,
    flush::TABLE,
    helpers::TABLE,
    instances::TABLE,
    local::TABLE,
    master::TABLE,
    milter::TABLE,
    postscreen::TABLE,
    qmgr::TABLE,
    queue::TABLE,
    rewrite::TABLE,
    services::TABLE,
    smtp::TABLE,
    smtpd::TABLE,
    tables::TABLE,
    tls::TABLE,
    tlsproxy::TABLE,
    verify::TABLE,
    virtual_mail::TABLE,
];

/// The names that each transport or service has; a suffix that ends in another one stands before it.
pub(crate) const PATTERNS: &[Pattern] = &[
    Pattern {
        suffix: "destination_concurrency_failed_cohort_limit",
        default: "$default_destination_concurrency_failed_cohort_limit",
        doc: "As default_destination_concurrency_failed_cohort_limit, for one transport.",
    },
    Pattern {
        suffix: "destination_concurrency_negative_feedback",
        default: "$default_destination_concurrency_negative_feedback",
        doc: "As default_destination_concurrency_negative_feedback, for one transport.",
    },
    Pattern {
        suffix: "destination_concurrency_positive_feedback",
        default: "$default_destination_concurrency_positive_feedback",
        doc: "As default_destination_concurrency_positive_feedback, for one transport.",
    },
    Pattern {
        suffix: "initial_destination_concurrency",
        default: "$initial_destination_concurrency",
        doc: "As initial_destination_concurrency, for one transport.",
    },
    Pattern {
        suffix: "destination_concurrency_limit",
        default: "$default_destination_concurrency_limit",
        doc: "As default_destination_concurrency_limit, for one transport.",
    },
    Pattern {
        suffix: "destination_recipient_limit",
        default: "$default_destination_recipient_limit",
        doc: "As default_destination_recipient_limit, for one transport.",
    },
    Pattern {
        suffix: "delivery_slot_discount",
        default: "$default_delivery_slot_discount",
        doc: "As default_delivery_slot_discount, for one transport.",
    },
    Pattern {
        suffix: "destination_rate_delay",
        default: "$default_destination_rate_delay",
        doc: "As default_destination_rate_delay, for one transport.",
    },
    Pattern {
        suffix: "minimum_delivery_slots",
        default: "$default_minimum_delivery_slots",
        doc: "As default_minimum_delivery_slots, for one transport.",
    },
    Pattern {
        suffix: "recipient_refill_delay",
        default: "$default_recipient_refill_delay",
        doc: "As default_recipient_refill_delay, for one transport.",
    },
    Pattern {
        suffix: "recipient_refill_limit",
        default: "$default_recipient_refill_limit",
        doc: "As default_recipient_refill_limit, for one transport.",
    },
    Pattern {
        suffix: "extra_recipient_limit",
        default: "$default_extra_recipient_limit",
        doc: "As default_extra_recipient_limit, for one transport.",
    },
    Pattern {
        suffix: "transport_rate_delay",
        default: "$default_transport_rate_delay",
        doc: "As default_transport_rate_delay, for one transport.",
    },
    Pattern {
        suffix: "delivery_slot_cost",
        default: "$default_delivery_slot_cost",
        doc: "As default_delivery_slot_cost, for one transport.",
    },
    Pattern {
        suffix: "delivery_slot_loan",
        default: "$default_delivery_slot_loan",
        doc: "As default_delivery_slot_loan, for one transport.",
    },
    Pattern {
        suffix: "recipient_limit",
        default: "$default_recipient_limit",
        doc: "As default_recipient_limit, for one transport.",
    },
    Pattern {
        suffix: "time_limit",
        default: "$command_time_limit",
        doc: "How long a command of this pipe(8) or spawn(8) service may take.",
    },
];

/// Old names that still count when the new one is not set.
pub(crate) const LEGACY: &[Legacy] = &[
    Legacy {
        name: "authorized_verp_clients",
        instead: "smtpd_authorized_verp_clients",
    },
    Legacy {
        name: "fallback_relay",
        instead: "smtp_fallback_relay",
    },
    Legacy {
        name: "lmtp_per_record_deadline",
        instead: "lmtp_per_request_deadline",
    },
    Legacy {
        name: "postscreen_blacklist_action",
        instead: "postscreen_denylist_action",
    },
    Legacy {
        name: "postscreen_dnsbl_ttl",
        instead: "postscreen_dnsbl_max_ttl",
    },
    Legacy {
        name: "postscreen_dnsbl_whitelist_threshold",
        instead: "postscreen_dnsbl_allowlist_threshold",
    },
    Legacy {
        name: "postscreen_whitelist_interfaces",
        instead: "postscreen_allowlist_interfaces",
    },
    Legacy {
        name: "smtp_per_record_deadline",
        instead: "smtp_per_request_deadline",
    },
    Legacy {
        name: "smtpd_client_connection_limit_exceptions",
        instead: "smtpd_client_event_limit_exceptions",
    },
    Legacy {
        name: "smtpd_per_record_deadline",
        instead: "smtpd_per_request_deadline",
    },
    Legacy {
        name: "tlsproxy_client_level",
        instead: "tlsproxy_client_security_level",
    },
    Legacy {
        name: "tlsproxy_client_policy",
        instead: "tlsproxy_client_policy_maps",
    },
    Legacy {
        name: "virtual_maps",
        instead: "virtual_alias_maps",
    },
];

/// Names that will go away, and what to do in their place.
pub(crate) const OUTDATED: &[(&str, &str)] = &[
    (
        "authorized_verp_clients",
        "specify \"smtpd_authorized_verp_clients\"",
    ),
    ("disable_dns_lookups", "specify \"smtp_dns_support_level\""),
    ("fallback_relay", "specify \"smtp_fallback_relay\""),
    ("lmtp_cname_overrides_servername", "do not specify"),
    ("lmtp_enforce_tls", "specify \"lmtp_tls_security_level\""),
    (
        "lmtp_per_record_deadline",
        "specify \"lmtp_per_request_deadline\"",
    ),
    (
        "lmtp_tls_enforce_peername",
        "specify \"lmtp_tls_security_level\"",
    ),
    ("lmtp_tls_per_site", "specify \"lmtp_tls_policy_maps\""),
    ("lmtp_use_tls", "specify \"lmtp_tls_security_level\""),
    (
        "postscreen_blacklist_action",
        "specify \"postscreen_denylist_action\"",
    ),
    (
        "postscreen_dnsbl_ttl",
        "specify \"postscreen_dnsbl_max_ttl\"",
    ),
    (
        "postscreen_dnsbl_whitelist_threshold",
        "specify \"postscreen_dnsbl_allowlist_threshold\"",
    ),
    (
        "postscreen_enforce_tls",
        "specify \"postscreen_tls_security_level\"",
    ),
    (
        "postscreen_use_tls",
        "specify \"postscreen_tls_security_level\"",
    ),
    (
        "postscreen_whitelist_interfaces",
        "specify \"postscreen_allowlist_interfaces\"",
    ),
    ("smtp_cname_overrides_servername", "do not specify"),
    ("smtp_enforce_tls", "specify \"smtp_tls_security_level\""),
    (
        "smtp_per_record_deadline",
        "specify \"smtp_per_request_deadline\"",
    ),
    (
        "smtp_tls_enforce_peername",
        "specify \"smtp_tls_security_level\"",
    ),
    ("smtp_tls_per_site", "specify \"smtp_tls_policy_maps\""),
    ("smtp_use_tls", "specify \"smtp_tls_security_level\""),
    (
        "smtpd_client_connection_limit_exceptions",
        "specify \"smtpd_client_event_limit_exceptions\"",
    ),
    ("smtpd_enforce_tls", "specify \"smtpd_tls_security_level\""),
    (
        "smtpd_per_record_deadline",
        "specify \"smtpd_per_request_deadline\"",
    ),
    ("smtpd_tls_dh1024_param_file", "do not specify"),
    ("smtpd_tls_eecdh_grade", "do not specify"),
    ("smtpd_use_tls", "specify \"smtpd_tls_security_level\""),
    (
        "tlsproxy_client_enforce_tls",
        "specify \"tlsproxy_client_security_level\"",
    ),
    (
        "tlsproxy_client_level",
        "specify \"tlsproxy_client_security_level\"",
    ),
    (
        "tlsproxy_client_per_site",
        "specify \"tlsproxy_client_policy_maps\"",
    ),
    (
        "tlsproxy_client_policy",
        "specify \"tlsproxy_client_policy_maps\"",
    ),
    (
        "tlsproxy_client_use_tls",
        "specify \"tlsproxy_client_security_level\"",
    ),
    (
        "tlsproxy_enforce_tls",
        "specify \"tlsproxy_tls_security_level\"",
    ),
    (
        "tlsproxy_use_tls",
        "specify \"tlsproxy_tls_security_level\"",
    ),
    ("virtual_maps", "specify \"virtual_alias_maps\""),
];
