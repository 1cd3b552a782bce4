//! Keeping spam robots away from smtpd(8).

use std::time::Duration;

use crate::table::params;
use crate::value::{Raw, TableList, Words};

params! {
    /// Which clients are tested before they may talk.
    pub struct Tests {
        /// Clients that postscreen(8) lets through or refuses at once, as network tables and permit_mynetworks.
        postscreen_access_list: Words = "permit_mynetworks";
        /// The own addresses on which a client can pass the tests.
        postscreen_allowlist_interfaces: Words = "${postscreen_whitelist_interfaces?{$postscreen_whitelist_interfaces}:{static:all}}";
        /// What happens to clients that postscreen_access_list refuses: ignore, enforce or drop.
        postscreen_denylist_action: String [1 ..] = "${postscreen_blacklist_action?{$postscreen_blacklist_action}:{ignore}}";
        /// How long postscreen(8) waits for a client to talk before its turn.
        postscreen_greet_wait: Duration [1 ..] = "${stress?{2}:{6}}s";
        /// What happens to clients that talk before the greeting: ignore, enforce or drop.
        postscreen_greet_action: String [1 ..] = "ignore";
        /// The first line of the greeting, which tempts clients to talk before the second; empty disables the test.
        postscreen_greet_banner: String = "$smtpd_banner";
        /// How long a client that kept silent is not tested again.
        postscreen_greet_ttl: Duration [1 ..] = "1d";
    }

    /// DNS block lists.
    pub struct BlockLists {
        /// The DNS lists that postscreen(8) asks, with filters and weights (list=127.0.0.[2..9]*2).
        postscreen_dnsbl_sites: Words = "";
        /// The score from DNS lists at which postscreen(8) blocks a client.
        postscreen_dnsbl_threshold: usize [1 ..] = "1";
        /// The score at which a client is spared other tests; a negative number, or zero for never.
        postscreen_dnsbl_allowlist_threshold: i64 = "${postscreen_dnsbl_whitelist_threshold?{$postscreen_dnsbl_whitelist_threshold}:{0}}";
        /// What happens to clients that reach postscreen_dnsbl_threshold: ignore, enforce or drop.
        postscreen_dnsbl_action: String [1 ..] = "ignore";
        /// How long postscreen(8) waits for DNS lists.
        postscreen_dnsbl_timeout: Duration [1 ..] = "10s";
        /// The shortest time for which the answer of a DNS list counts.
        postscreen_dnsbl_min_ttl: Duration [1 ..] = "60s";
        /// The longest time for which the answer of a DNS list counts.
        postscreen_dnsbl_max_ttl: Duration [1 ..] = "${postscreen_dnsbl_ttl?{$postscreen_dnsbl_ttl}:{1}}h";
        /// A table that replaces names of DNS lists in refusals, such as those that contain a password.
        postscreen_dnsbl_reply_map: TableList = "";
    }

    /// Tests that need a conversation.
    pub struct Deep {
        /// Whether postscreen(8) tests whether a client sends several commands at once.
        postscreen_pipelining_enable: bool = "no";
        /// What happens to clients that send several commands at once: ignore, enforce or drop.
        postscreen_pipelining_action: String [1 ..] = "enforce";
        /// How long a client that passed the pipelining test is not tested again.
        postscreen_pipelining_ttl: Duration [1 ..] = "30d";
        /// Whether postscreen(8) tests whether a client sends postscreen_forbidden_commands.
        postscreen_non_smtp_command_enable: bool = "no";
        /// What happens to clients that send postscreen_forbidden_commands: ignore, enforce or drop.
        postscreen_non_smtp_command_action: String [1 ..] = "drop";
        /// How long a client that passed the command test is not tested again.
        postscreen_non_smtp_command_ttl: Duration [1 ..] = "30d";
        /// Whether postscreen(8) tests whether a client ends lines with LF alone.
        postscreen_bare_newline_enable: bool = "no";
        /// What happens to clients that end lines with LF alone: ignore, enforce or drop.
        postscreen_bare_newline_action: String [1 ..] = "ignore";
        /// How long a client that passed the line end test is not tested again.
        postscreen_bare_newline_ttl: Duration [1 ..] = "30d";
    }

    /// How postscreen(8) talks itself.
    pub struct Session {
        /// The most commands of a session that postscreen(8) handles itself.
        postscreen_command_count_limit: usize [1 ..] = "20";
        /// How long a client of postscreen(8) may take for a command.
        postscreen_command_time_limit: Duration [1 ..] = "${stress?{10}:{300}}s";
        /// Tables that replace a command line of the client before postscreen(8) reads it.
        postscreen_command_filter: TableList = "";
        /// Commands that no mail client sends, for the command test of postscreen(8).
        postscreen_forbidden_commands: Words = "$smtpd_forbidden_commands";
        /// Whether postscreen(8) refuses the VRFY command.
        postscreen_disable_vrfy_command: bool = "$disable_vrfy_command";
        /// Whether clients of postscreen(8) must send HELO or EHLO before MAIL.
        postscreen_helo_required: bool = "$smtpd_helo_required";
        /// The keywords that postscreen(8) does not announce in its reply to EHLO.
        postscreen_discard_ehlo_keywords: Words = "$smtpd_discard_ehlo_keywords";
        /// Tables, asked with the client's address, with keywords that postscreen(8) does not announce.
        postscreen_discard_ehlo_keyword_address_maps: TableList = "$smtpd_discard_ehlo_keyword_address_maps";
        /// The characters that $name expansions may bring into replies of postscreen(8).
        postscreen_expansion_filter: Raw [1 ..] = "$smtpd_expansion_filter";
        /// A text that follows each refusal of postscreen(8).
        postscreen_reject_footer: Raw = "$smtpd_reject_footer";
        /// Tables that give postscreen_reject_footer by the reply of postscreen(8).
        postscreen_reject_footer_maps: TableList = "$smtpd_reject_footer_maps";
    }

    /// How many clients are looked at.
    pub struct Limits {
        /// The most sessions that one client may have with postscreen(8) at the same time.
        postscreen_client_connection_count_limit: usize = "$smtpd_client_connection_count_limit";
        /// The most clients that postscreen(8) tests at the same time.
        postscreen_pre_queue_limit: usize [10 ..] = "$default_process_limit";
        /// The most clients that may wait for smtpd(8) after postscreen(8) passed them.
        postscreen_post_queue_limit: usize [5 ..] = "$default_process_limit";
        /// The protocol by which a proxy in front of postscreen(8) tells who the client is: haproxy, or empty.
        postscreen_upstream_proxy_protocol: String = "";
        /// How long postscreen(8) waits for the first line of the proxy in front of it.
        postscreen_upstream_proxy_timeout: Duration [1 ..] = "5s";
        /// How long postscreen(8) may work on one thing before it is taken for stuck.
        postscreen_watchdog_timeout: Duration [10 ..] = "10s";
    }

    /// Remembering who passed.
    pub struct Cache {
        /// The table in which postscreen(8) remembers clients that passed its tests.
        postscreen_cache_map: String = "$default_cache_db_type:$data_directory/postscreen_cache";
        /// How often postscreen(8) removes outdated results from its table; zero never.
        postscreen_cache_cleanup_interval: Duration = "12h";
        /// How long postscreen(8) keeps outdated results.
        postscreen_cache_retention_time: Duration [1 ..] = "7d";
    }

    /// TLS of postscreen(8), stock values as smtpd(8) has them.
    pub struct Tls {
        /// As smtpd_tls_CAfile, for postscreen(8).
        postscreen_tls_ca_file as "postscreen_tls_CAfile": String = "$smtpd_tls_CAfile";
        /// As smtpd_tls_CApath, for postscreen(8).
        postscreen_tls_ca_path as "postscreen_tls_CApath": String = "$smtpd_tls_CApath";
        /// As smtpd_tls_always_issue_session_ids, for postscreen(8).
        postscreen_tls_always_issue_session_ids: bool = "$smtpd_tls_always_issue_session_ids";
        /// As smtpd_tls_ask_ccert, for postscreen(8).
        postscreen_tls_ask_ccert: bool = "$smtpd_tls_ask_ccert";
        /// As smtpd_tls_ccert_verifydepth, for postscreen(8).
        postscreen_tls_ccert_verifydepth: usize = "$smtpd_tls_ccert_verifydepth";
        /// As smtpd_tls_cert_file, for postscreen(8).
        postscreen_tls_cert_file: String = "$smtpd_tls_cert_file";
        /// As smtpd_tls_chain_files, for postscreen(8).
        postscreen_tls_chain_files: Words = "$smtpd_tls_chain_files";
        /// As smtpd_tls_ciphers, for postscreen(8).
        postscreen_tls_ciphers: String [1 ..] = "$smtpd_tls_ciphers";
        /// As smtpd_tls_dcert_file, for postscreen(8).
        postscreen_tls_dcert_file: String = "$smtpd_tls_dcert_file";
        /// As smtpd_tls_dh1024_param_file, for postscreen(8).
        postscreen_tls_dh1024_param_file: String = "$smtpd_tls_dh1024_param_file";
        /// As smtpd_tls_dh512_param_file, for postscreen(8).
        postscreen_tls_dh512_param_file: String = "$smtpd_tls_dh512_param_file";
        /// As smtpd_tls_dkey_file, for postscreen(8).
        postscreen_tls_dkey_file: String = "$smtpd_tls_dkey_file";
        /// As smtpd_tls_eccert_file, for postscreen(8).
        postscreen_tls_eccert_file: String = "$smtpd_tls_eccert_file";
        /// As smtpd_tls_eckey_file, for postscreen(8).
        postscreen_tls_eckey_file: String = "$smtpd_tls_eckey_file";
        /// As smtpd_tls_eecdh_grade, for postscreen(8).
        postscreen_tls_eecdh_grade: String [1 ..] = "$smtpd_tls_eecdh_grade";
        /// As smtpd_tls_enable_rpk, for postscreen(8).
        postscreen_tls_enable_rpk: bool = "$smtpd_tls_enable_rpk";
        /// As smtpd_tls_exclude_ciphers, for postscreen(8).
        postscreen_tls_exclude_ciphers: Words = "$smtpd_tls_exclude_ciphers";
        /// As smtpd_tls_fingerprint_digest, for postscreen(8).
        postscreen_tls_fingerprint_digest: String [1 ..] = "$smtpd_tls_fingerprint_digest";
        /// As smtpd_tls_key_file, for postscreen(8).
        postscreen_tls_key_file: String = "$smtpd_tls_key_file";
        /// As smtpd_tls_loglevel, for postscreen(8).
        postscreen_tls_loglevel: String = "$smtpd_tls_loglevel";
        /// As smtpd_tls_loglevel_maps, for postscreen(8).
        postscreen_tls_loglevel_maps: TableList = "$smtpd_tls_loglevel_maps";
        /// As smtpd_tls_mandatory_ciphers, for postscreen(8).
        postscreen_tls_mandatory_ciphers: String [1 ..] = "$smtpd_tls_mandatory_ciphers";
        /// As smtpd_tls_mandatory_exclude_ciphers, for postscreen(8).
        postscreen_tls_mandatory_exclude_ciphers: Words = "$smtpd_tls_mandatory_exclude_ciphers";
        /// As smtpd_tls_mandatory_protocols, for postscreen(8).
        postscreen_tls_mandatory_protocols: String = "$smtpd_tls_mandatory_protocols";
        /// As smtpd_tls_protocols, for postscreen(8).
        postscreen_tls_protocols: String = "$smtpd_tls_protocols";
        /// As smtpd_tls_req_ccert, for postscreen(8).
        postscreen_tls_req_ccert: bool = "$smtpd_tls_req_ccert";
        /// As smtpd_tls_security_level, for postscreen(8).
        postscreen_tls_security_level: String = "$smtpd_tls_security_level";
        /// As smtpd_tls_trace_size_limit, for postscreen(8).
        postscreen_tls_trace_size_limit: usize = "$smtpd_tls_trace_size_limit";
        /// As smtpd_use_tls, for postscreen(8).
        postscreen_use_tls: bool = "$smtpd_use_tls";
        /// As smtpd_enforce_tls, for postscreen(8).
        postscreen_enforce_tls: bool = "$smtpd_enforce_tls";
        /// As smtpd_starttls_timeout, for postscreen(8).
        postscreen_starttls_timeout: Duration [1 ..] = "$smtpd_starttls_timeout";
    }
}
