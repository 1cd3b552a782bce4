//! Receiving mail over SMTP.

use std::time::Duration;

use crate::table::params;
use crate::value::{Raw, TableList, Words};

params! {
    /// What a client may do in one session.
    pub struct Limits {
        /// Errors after which replies are delayed.
        smtpd_soft_error_limit: usize [1 ..] = "10";
        /// Errors after which the client is disconnected.
        smtpd_hard_error_limit: usize [1 ..] = "${stress?{1}:{20}}";
        /// Commands without effect after which each counts as an error.
        smtpd_junk_command_limit: usize [1 ..] = "${stress?{1}:{100}}";
        /// How long replies are delayed.
        smtpd_error_sleep_time: Duration = "1s";
        /// The most recipients of a message.
        smtpd_recipient_limit: usize [1 ..] = "1000";
        /// How many recipients beyond that are refused before each counts as an error.
        smtpd_recipient_overshoot_limit: usize [1 ..] = "1000";
        /// How many lines of a session are kept for a report to postmaster.
        smtpd_history_flush_threshold: usize [1 ..] = "100";
    }

    /// How long a client may take.
    pub struct Timeouts {
        /// To send a command or take a reply.
        smtpd_timeout: Duration [1 ..] = "${stress?{10}:{300}}s";
        /// To complete a TLS handshake.
        smtpd_starttls_timeout: Duration [1 ..] = "${stress?{10}:{300}}s";
        /// Whether the time counts for a whole command or reply.
        smtpd_per_request_deadline: bool = "${smtpd_per_record_deadline?{$smtpd_per_record_deadline}:{${stress?{yes}:{no}}}}";
        /// With such deadlines, the bytes per second that give a client more time.
        smtpd_min_data_rate: usize [1 ..] = "500";
        /// To send the line of the PROXY protocol.
        smtpd_upstream_proxy_timeout: Duration [1 ..] = "5s";
    }

    /// How often a client may come (anvil(8)).
    pub struct Rates {
        /// The most sessions of one client at once.
        smtpd_client_connection_count_limit: usize = "50";
        /// The most sessions of one client per time unit.
        smtpd_client_connection_rate_limit: usize = "0";
        /// The most messages of one client per time unit.
        smtpd_client_message_rate_limit: usize = "0";
        /// The most recipients of one client per time unit.
        smtpd_client_recipient_rate_limit: usize = "0";
        /// The most new TLS sessions of one client per time unit.
        smtpd_client_new_tls_session_rate_limit: usize = "0";
        /// The most AUTH commands of one client per time unit.
        smtpd_client_auth_rate_limit: usize = "0";
        /// The clients that these limits do not apply to.
        smtpd_client_event_limit_exceptions: Words = "${smtpd_client_connection_limit_exceptions:$mynetworks}";
        /// How many bits of an IPv4 address make one client.
        smtpd_client_ipv4_prefix_length: u8 [0..32] = "32";
        /// How many bits of an IPv6 address make one client.
        smtpd_client_ipv6_prefix_length: u8 [0..128] = "84";
    }

    /// What happens before the first command.
    pub struct Greeting {
        /// The text after 220.
        smtpd_banner: String [1 ..] = "$myhostname ESMTP $mail_name";
        /// Whether the client's name is looked up.
        smtpd_peername_lookup: bool = "yes";
        /// Whether the client's port is logged.
        smtpd_client_port_logging: bool = "no";
        /// Whether Received: headers leave the client out.
        smtpd_hide_client_session: bool = "no";
        /// The protocol of a proxy in front: haproxy, or empty.
        smtpd_upstream_proxy_protocol: String = "";
    }

    /// Which commands are understood, and how strictly.
    pub struct Commands {
        /// Whether HELO or EHLO must come first.
        smtpd_helo_required: bool = "no";
        /// Whether VRFY is refused.
        disable_vrfy_command: bool = "no";
        /// Whether addresses must be in angle brackets and without phrases.
        strict_rfc821_envelopes: bool = "no";
        /// Commands that are answered but do nothing.
        smtpd_noop_commands: Words = "";
        /// Commands that end the session.
        smtpd_forbidden_commands: Words = "CONNECT GET POST regexp:{{/^[^A-Z]/ Bogus}}";
        /// Rewrites commands before they are read.
        smtpd_command_filter: TableList = "";
        /// Rewrites refusals.
        smtpd_reject_filter_maps: TableList = "";
        /// Keywords that EHLO does not announce.
        smtpd_discard_ehlo_keywords: Words = "";
        /// Such keywords by client address.
        smtpd_discard_ehlo_keyword_address_maps: TableList = "";
        /// Whether a client that talks out of turn is disconnected.
        smtpd_forbid_unauth_pipelining: bool = "yes";
        /// What happens to lines that end in LF alone.
        smtpd_forbid_bare_newline: String [1 ..] = "normalize";
        /// The clients that may end lines so.
        smtpd_forbid_bare_newline_exclusions: Words = "$mynetworks";
        /// The code of the refusal.
        smtpd_forbid_bare_newline_reject_code: u16 [500 .. 599] = "550";
        /// Whether the queue file is made at the first good recipient.
        smtpd_delay_open_until_valid_rcpt: bool = "yes";
    }

    /// Clients that may say who they speak for.
    pub struct Trust {
        /// The clients that may use XCLIENT.
        smtpd_authorized_xclient_hosts: Words = "";
        /// The clients that may use XFORWARD.
        smtpd_authorized_xforward_hosts: Words = "";
        /// The clients that may use XVERP.
        smtpd_authorized_verp_clients: Words = "$authorized_verp_clients";
        /// The clients whose headers are completed as those of local mail.
        local_header_rewrite_clients: Words = "permit_inet_interfaces";
        /// Fingerprints of client certificates that may relay.
        relay_clientcerts: TableList = "";
    }

    /// Who may do what, stage by stage.
    pub struct Restrictions {
        /// When a client connects.
        smtpd_client_restrictions: Words = "";
        /// At HELO or EHLO.
        smtpd_helo_restrictions: Words = "";
        /// At MAIL FROM.
        smtpd_sender_restrictions: Words = "";
        /// At RCPT TO, on relaying.
        smtpd_relay_restrictions: Words = "${{$compatibility_level} <level {1} ? {} : {permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination}}";
        /// At RCPT TO, after that.
        smtpd_recipient_restrictions: Words = "";
        /// At DATA.
        smtpd_data_restrictions: Words = "";
        /// At the end of the message.
        smtpd_end_of_data_restrictions: Words = "";
        /// At ETRN.
        smtpd_etrn_restrictions: Words = "";
        /// Names of lists of restrictions.
        smtpd_restriction_classes: Words = "";
        /// Whether smtpd_relay_restrictions come first.
        smtpd_relay_before_recipient_restrictions: bool = "${{$compatibility_level} <level {3.6} ? {no} : {yes}}";
        /// Whether client, HELO and sender restrictions wait for RCPT TO.
        smtpd_delay_reject: bool = "yes";
    }

    /// How restrictions work.
    pub struct Access {
        /// Whether sender-specified routing is allowed to others.
        allow_untrusted_routing: bool = "no";
        /// The primary mail servers that permit_mx_backup is for.
        permit_mx_backup_networks: Words = "";
        /// What the empty sender is looked up as.
        smtpd_null_access_lookup_key: String = "<>";
        /// The permitting actions that are logged.
        smtpd_log_access_permit_actions: Words = "";
        /// Changes what DNS says.
        smtpd_dns_reply_filter: TableList = "";
        /// The characters that $name expansions may have in replies.
        smtpd_expansion_filter: Raw [1 ..] = "\\t\\40!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
        /// A text after every refusal.
        smtpd_reject_footer: Raw = "";
        /// Such texts by refusal.
        smtpd_reject_footer_maps: TableList = "";
        /// Which logins own a sender address.
        smtpd_sender_login_maps: TableList = "";
        /// Whether senders that are not known here are refused.
        smtpd_reject_unlisted_sender: bool = "no";
        /// Whether recipients that are not known here are refused.
        smtpd_reject_unlisted_recipient: bool = "yes";
        /// The users of mydestination.
        local_recipient_maps: TableList = "proxy:unix:passwd.byname $alias_maps";
        /// The users of relay_domains.
        relay_recipient_maps: TableList = "";
    }

    /// DNS block lists.
    pub struct BlockLists {
        /// The text of a refusal.
        default_rbl_reply: Raw [1 ..] = "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}";
        /// Such texts by list.
        rbl_reply_maps: TableList = "";
        /// The lists of the old reject_maps_rbl.
        maps_rbl_domains: Words = "";
    }

    /// The reply codes of refusals.
    pub struct RejectCodes {
        /// By reject.
        reject_code: u16 = "554";
        /// By defer.
        defer_code: u16 = "450";
        /// By a table.
        access_map_reject_code: u16 = "554";
        /// By a table that says defer.
        access_map_defer_code: u16 = "450";
        /// By reject_invalid_helo_hostname.
        invalid_hostname_reject_code: u16 = "501";
        /// By reject_non_fqdn_...
        non_fqdn_reject_code: u16 = "504";
        /// By a DNS block list.
        maps_rbl_reject_code: u16 = "554";
        /// By reject_multi_recipient_bounce.
        multi_recipient_bounce_reject_code: u16 = "550";
        /// By reject_plaintext_session.
        plaintext_reject_code: u16 = "450";
        /// By reject_unauth_destination.
        relay_domains_reject_code: u16 = "554";
        /// By reject_unknown_sender_domain and its like.
        unknown_address_reject_code: u16 = "450";
        /// By reject_unknown_client_hostname.
        unknown_client_reject_code: u16 = "450";
        /// By reject_unknown_helo_hostname.
        unknown_hostname_reject_code: u16 = "450";
        /// For users that mydestination does not have.
        unknown_local_recipient_reject_code: u16 = "550";
        /// For users that relay_domains do not have.
        unknown_relay_recipient_reject_code: u16 = "550";
        /// For users that virtual_alias_domains do not have.
        unknown_virtual_alias_reject_code: u16 = "550";
        /// For users that virtual_mailbox_domains do not have.
        unknown_virtual_mailbox_reject_code: u16 = "550";
        /// By reject_unverified_recipient while the probe is under way.
        unverified_recipient_defer_code: u16 [200 .. 499] = "450";
        /// By reject_unverified_recipient.
        unverified_recipient_reject_code: u16 [200 .. 599] = "450";
        /// By reject_unverified_sender while the probe is under way.
        unverified_sender_defer_code: u16 [200 .. 499] = "450";
        /// By reject_unverified_sender.
        unverified_sender_reject_code: u16 [200 .. 599] = "450";
    }

    /// What temporary failures lead to, and texts of refusals.
    pub struct RejectActions {
        /// When a check cannot be made.
        reject_tempfail_action: String [1 ..] = "defer_if_permit";
        /// When a sender or recipient domain cannot be looked up.
        unknown_address_tempfail_action: String [1 ..] = "$reject_tempfail_action";
        /// When a HELO name cannot be looked up.
        unknown_helo_hostname_tempfail_action: String [1 ..] = "$reject_tempfail_action";
        /// When a recipient cannot be probed.
        unverified_recipient_tempfail_action: String [1 ..] = "$reject_tempfail_action";
        /// When a sender cannot be probed.
        unverified_sender_tempfail_action: String [1 ..] = "$reject_tempfail_action";
        /// The text of reject_unverified_recipient.
        unverified_recipient_reject_reason: String = "";
        /// The text of reject_unverified_sender.
        unverified_sender_reject_reason: String = "";
    }

    /// Policy servers.
    pub struct Policy {
        /// The action when a server fails.
        smtpd_policy_service_default_action: String [1 ..] = "451 4.3.5 Server configuration problem";
        /// What is sent as policy_context.
        smtpd_policy_service_policy_context: String = "";
        /// How long an idle connection is kept.
        smtpd_policy_service_max_idle: Duration [1 ..] = "300s";
        /// How long a connection is used at most.
        smtpd_policy_service_max_ttl: Duration [1 ..] = "1000s";
        /// The most requests on one connection; zero is no bound.
        smtpd_policy_service_request_limit: usize = "0";
        /// How long to wait before trying again.
        smtpd_policy_service_retry_delay: Duration [1 ..] = "1s";
        /// How long to wait for a server.
        smtpd_policy_service_timeout: Duration [1 ..] = "100s";
        /// How often a request is tried.
        smtpd_policy_service_try_limit: usize [1 ..] = "2";
    }

    /// A filter before the queue.
    pub struct Proxy {
        /// Where the filter listens.
        smtpd_proxy_filter: String = "";
        /// The name it is greeted with.
        smtpd_proxy_ehlo: String = "$myhostname";
        /// How it is used.
        smtpd_proxy_options: Words = "";
        /// How long to wait for it.
        smtpd_proxy_timeout: Duration [1 ..] = "100s";
    }

    /// Which filters SMTP clients' mail goes through.
    pub struct Milters {
        /// The filters.
        smtpd_milters: Words = "";
        /// The filters by client address.
        smtpd_milter_maps: TableList = "";
    }

    /// Logging in.
    pub struct Sasl {
        /// Whether AUTH is offered.
        smtpd_sasl_auth_enable: bool = "no";
        /// Who checks passwords: cyrus or dovecot.
        smtpd_sasl_type: String [1 ..] = "cyrus";
        /// Where that is.
        smtpd_sasl_path: String [1 ..] = "smtpd";
        /// The name of the service that is logged in to.
        smtpd_sasl_service: String [1 ..] = "smtp";
        /// The realm of logins without one.
        smtpd_sasl_local_domain: String = "";
        /// The mechanisms that are not offered without TLS.
        smtpd_sasl_security_options: Words = "noanonymous";
        /// The mechanisms that are not offered under TLS.
        smtpd_sasl_tls_security_options: Words = "$smtpd_sasl_security_options";
        /// The mechanisms that are offered by name.
        smtpd_sasl_mechanism_filter: Words = "!external, static:rest";
        /// The clients that AUTH is not offered to.
        smtpd_sasl_exceptions_networks: Words = "";
        /// Whether Received: headers name the login.
        smtpd_sasl_authenticated_header: bool = "no";
        /// The longest answer of a client, in bytes.
        smtpd_sasl_response_limit: usize [12288 ..] = "12288";
        /// Whether AUTH= is announced too, for old clients.
        broken_sasl_auth_clients: bool = "no";
        /// Where the Cyrus library looks for its configuration.
        cyrus_sasl_config_path: Words = "";
    }

    /// Whether and how TLS is offered.
    pub struct Tls {
        /// none, may or encrypt.
        smtpd_tls_security_level: String = "";
        /// Whether sessions start with TLS.
        smtpd_tls_wrappermode: bool = "no";
        /// Whether AUTH is only offered under TLS.
        smtpd_tls_auth_only: bool = "no";
        /// Whether Received: headers tell of TLS.
        smtpd_tls_received_header: bool = "no";
        /// How much is logged.
        smtpd_tls_loglevel: String = "0";
        /// The same by client.
        smtpd_tls_loglevel_maps: TableList = "";
        /// The largest trace of a session, in bytes.
        smtpd_tls_trace_size_limit: usize = "102400";
        /// Whether clients are asked for a certificate.
        smtpd_tls_ask_ccert: bool = "no";
        /// Whether clients must have a trusted certificate.
        smtpd_tls_req_ccert: bool = "no";
        /// How long a chain of certificates may be.
        smtpd_tls_ccert_verifydepth: usize = "9";
        /// The digest of certificate fingerprints.
        smtpd_tls_fingerprint_digest: String [1 ..] = "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}";
        /// Whether raw public keys are used.
        smtpd_tls_enable_rpk: bool = "no";
        /// Whether a session id is given even without a cache.
        smtpd_tls_always_issue_session_ids: bool = "yes";
        /// Where sessions are kept.
        smtpd_tls_session_cache_database: String = "";
        /// How long sessions are kept.
        smtpd_tls_session_cache_timeout: Duration [0..8640000] = "3600s";
        /// Whether TLS is offered; outdated.
        smtpd_use_tls: bool = "no";
        /// Whether TLS is required; outdated.
        smtpd_enforce_tls: bool = "no";
    }

    /// Keys and certificates.
    pub struct TlsFiles {
        /// Files with keys and their certificate chains.
        smtpd_tls_chain_files: Words = "";
        /// The RSA certificate.
        smtpd_tls_cert_file: String = "";
        /// The RSA key.
        smtpd_tls_key_file: String = "$smtpd_tls_cert_file";
        /// The ECDSA certificate.
        smtpd_tls_eccert_file: String = "";
        /// The ECDSA key.
        smtpd_tls_eckey_file: String = "$smtpd_tls_eccert_file";
        /// The DSA certificate; outdated.
        smtpd_tls_dcert_file: String = "";
        /// The DSA key; outdated.
        smtpd_tls_dkey_file: String = "$smtpd_tls_dcert_file";
        /// The certificate authorities, in one file.
        smtpd_tls_ca_file as "smtpd_tls_CAfile": String = "";
        /// The certificate authorities, in a directory.
        smtpd_tls_ca_path as "smtpd_tls_CApath": String = "";
        /// Parameters of the DH key exchange; outdated.
        smtpd_tls_dh1024_param_file: String = "";
        /// Parameters of the export DH key exchange; outdated.
        smtpd_tls_dh512_param_file: String = "";
    }

    /// What TLS may negotiate.
    pub struct TlsCiphers {
        /// The versions of TLS when it is optional.
        smtpd_tls_protocols: String = ">=TLSv1";
        /// The versions of TLS when it is required.
        smtpd_tls_mandatory_protocols: String = ">=TLSv1";
        /// The lowest cipher grade when TLS is optional.
        smtpd_tls_ciphers: String [1 ..] = "medium";
        /// The lowest cipher grade when TLS is required.
        smtpd_tls_mandatory_ciphers: String [1 ..] = "medium";
        /// The ciphers that are never used.
        smtpd_tls_exclude_ciphers: Words = "";
        /// The ciphers that are not used when TLS is required.
        smtpd_tls_mandatory_exclude_ciphers: Words = "";
        /// The strength of elliptic curves.
        smtpd_tls_eecdh_grade: String [1 ..] = "auto";
    }
}
