//! Receiving mail over SMTP.

use std::time::Duration;

use crate::table::params;
use crate::value::{Raw, TableList, Words};

params! {
    /// What a client may do in one session.
    pub struct Limits {
        /// The number of errors in a session after which smtpd(8) delays its replies.
        smtpd_soft_error_limit: usize [1 ..] = "10";
        /// The number of errors in a session at which smtpd(8) disconnects the client.
        smtpd_hard_error_limit: usize [1 ..] = "${stress?{1}:{20}}";
        /// The number of commands without effect (NOOP, VRFY, RSET, ETRN) after which each further one counts as an
        /// error.
        smtpd_junk_command_limit: usize [1 ..] = "${stress?{1}:{100}}";
        /// How long smtpd(8) delays replies to a client that made errors.
        smtpd_error_sleep_time: Duration = "1s";
        /// The most recipients of one message; the client gets 452 for those beyond.
        smtpd_recipient_limit: usize [1 ..] = "1000";
        /// How many recipients beyond smtpd_recipient_limit are refused before each counts as an error.
        smtpd_recipient_overshoot_limit: usize [1 ..] = "1000";
        /// How many lines of an SMTP session are kept for a report to postmaster.
        smtpd_history_flush_threshold: usize [1 ..] = "100";
    }

    /// How long a client may take.
    pub struct Timeouts {
        /// How long smtpd(8) waits for a client to send a command or take a reply.
        smtpd_timeout: Duration [1 ..] = "${stress?{10}:{300}}s";
        /// How long a client may take to complete the TLS handshake.
        smtpd_starttls_timeout: Duration [1 ..] = "${stress?{10}:{300}}s";
        /// Whether smtpd_timeout counts for a whole command or reply, not for each read and write.
        smtpd_per_request_deadline: bool = "${smtpd_per_record_deadline?{$smtpd_per_record_deadline}:{${stress?{yes}:{no}}}}";
        /// With smtpd_per_request_deadline, the number of bytes that give a client one more second.
        smtpd_min_data_rate: usize [1 ..] = "500";
        /// How long smtpd(8) waits for the first line of the proxy in front of it.
        smtpd_upstream_proxy_timeout: Duration [1 ..] = "5s";
    }

    /// How often a client may come (anvil(8)).
    pub struct Rates {
        /// The most sessions that one client may have at the same time.
        smtpd_client_connection_count_limit: usize = "50";
        /// The most sessions that one client may open in anvil_rate_time_unit; zero is no limit.
        smtpd_client_connection_rate_limit: usize = "0";
        /// The most messages that one client may send in anvil_rate_time_unit; zero is no limit.
        smtpd_client_message_rate_limit: usize = "0";
        /// The most recipients that one client may name in anvil_rate_time_unit; zero is no limit.
        smtpd_client_recipient_rate_limit: usize = "0";
        /// The most full TLS handshakes that one client may do in anvil_rate_time_unit; zero is no limit.
        smtpd_client_new_tls_session_rate_limit: usize = "0";
        /// The most AUTH commands that one client may send in anvil_rate_time_unit; zero is no limit.
        smtpd_client_auth_rate_limit: usize = "0";
        /// The clients to which smtpd_client_*_count_limit and smtpd_client_*_rate_limit do not apply.
        smtpd_client_event_limit_exceptions: Words = "${smtpd_client_connection_limit_exceptions:$mynetworks}";
        /// How many leading bits of an IPv4 address tell one client from another when clients are counted.
        smtpd_client_ipv4_prefix_length: u8 [0..32] = "32";
        /// How many leading bits of an IPv6 address tell one client from another when clients are counted.
        smtpd_client_ipv6_prefix_length: u8 [0..128] = "84";
    }

    /// What happens before the first command.
    pub struct Greeting {
        /// The text after 220 in the greeting of smtpd(8).
        smtpd_banner: String [1 ..] = "$myhostname ESMTP $mail_name";
        /// Whether smtpd(8) looks up the names of its clients.
        smtpd_peername_lookup: bool = "yes";
        /// Whether smtpd(8) logs the client's port beside its address.
        smtpd_client_port_logging: bool = "no";
        /// Whether Received: headers leave out the client's name and address and how the session was secured.
        smtpd_hide_client_session: bool = "no";
        /// The protocol by which a proxy in front of smtpd(8) tells who the client is: haproxy, or empty.
        smtpd_upstream_proxy_protocol: String = "";
    }

    /// Which commands are understood, and how strictly.
    pub struct Commands {
        /// Whether a client must send HELO or EHLO before MAIL.
        smtpd_helo_required: bool = "no";
        /// Whether smtpd(8) refuses the VRFY command.
        disable_vrfy_command: bool = "no";
        /// Whether addresses in MAIL FROM and RCPT TO must be in angle brackets, without comment or phrase.
        strict_rfc821_envelopes: bool = "no";
        /// Commands that smtpd(8) answers with 250 and otherwise ignores.
        smtpd_noop_commands: Words = "";
        /// Commands that end the session with 221, since no mail client sends them.
        smtpd_forbidden_commands: Words = "CONNECT GET POST regexp:{{/^[^A-Z]/ Bogus}}";
        /// Tables that replace a command line of the client before smtpd(8) reads it.
        smtpd_command_filter: TableList = "";
        /// Tables that replace a reply with which smtpd(8) refuses something.
        smtpd_reject_filter_maps: TableList = "";
        /// The keywords that smtpd(8) does not announce in its reply to EHLO.
        smtpd_discard_ehlo_keywords: Words = "";
        /// Tables, asked with the client's address, with keywords that the reply to EHLO leaves out.
        smtpd_discard_ehlo_keyword_address_maps: TableList = "";
        /// Whether a client that sends commands before it may is disconnected.
        smtpd_forbid_unauth_pipelining: bool = "yes";
        /// What happens to lines from clients that end in LF without CR: normalize, reject, note, or no.
        smtpd_forbid_bare_newline: String [1 ..] = "normalize";
        /// The clients to which smtpd_forbid_bare_newline does not apply.
        smtpd_forbid_bare_newline_exclusions: Words = "$mynetworks";
        /// The reply code with which smtpd_forbid_bare_newline = reject refuses a message.
        smtpd_forbid_bare_newline_reject_code: u16 [500 .. 599] = "550";
        /// Whether the queue file of a message is made when the first recipient is accepted, not at MAIL FROM.
        smtpd_delay_open_until_valid_rcpt: bool = "yes";
    }

    /// Clients that may say who they speak for.
    pub struct Trust {
        /// The clients that may use XCLIENT, to speak in another client's name.
        smtpd_authorized_xclient_hosts: Words = "";
        /// The clients that may use XFORWARD, to tell where a message came from.
        smtpd_authorized_xforward_hosts: Words = "";
        /// The clients that may use XVERP, to get one report per recipient.
        smtpd_authorized_verp_clients: Words = "$authorized_verp_clients";
        /// The clients in whose message headers addresses are completed and missing headers are added.
        local_header_rewrite_clients: Words = "permit_inet_interfaces";
        /// Tables of fingerprints of client certificates that permit_tls_clientcerts permits.
        relay_clientcerts: TableList = "";
    }

    /// Who may do what, stage by stage.
    pub struct Restrictions {
        /// What is checked about the client when it connects; see ACCESS RESTRICTIONS.
        smtpd_client_restrictions: Words = "";
        /// What is checked at HELO or EHLO; see ACCESS RESTRICTIONS.
        smtpd_helo_restrictions: Words = "";
        /// What is checked at MAIL FROM; see ACCESS RESTRICTIONS.
        smtpd_sender_restrictions: Words = "";
        /// What is checked at RCPT TO to stop strangers from sending mail through this system; see ACCESS RESTRICTIONS.
        smtpd_relay_restrictions: Words = "${{$compatibility_level} <level {1} ? {} : {permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination}}";
        /// What is checked at RCPT TO to keep unwanted mail out; see ACCESS RESTRICTIONS.
        smtpd_recipient_restrictions: Words = "";
        /// What is checked at DATA; see ACCESS RESTRICTIONS.
        smtpd_data_restrictions: Words = "";
        /// What is checked after the message was received; see ACCESS RESTRICTIONS.
        smtpd_end_of_data_restrictions: Words = "";
        /// What is checked at ETRN; see ACCESS RESTRICTIONS.
        smtpd_etrn_restrictions: Words = "";
        /// Names of parameters that hold lists of restrictions, to be used as restrictions themselves.
        smtpd_restriction_classes: Words = "";
        /// Whether smtpd_relay_restrictions are looked at before smtpd_recipient_restrictions, not after them.
        smtpd_relay_before_recipient_restrictions: bool = "${{$compatibility_level} <level {3.6} ? {no} : {yes}}";
        /// Whether client, HELO and sender restrictions are looked at only at RCPT TO or ETRN.
        smtpd_delay_reject: bool = "yes";
    }

    /// How restrictions work.
    pub struct Access {
        /// Whether mail with sender-specified routing (user%there@here) is passed on for anyone.
        allow_untrusted_routing: bool = "no";
        /// The networks of primary mail servers for which permit_mx_backup permits mail.
        permit_mx_backup_networks: Words = "";
        /// What the empty sender is looked up as in access(5) tables.
        smtpd_null_access_lookup_key: String = "<>";
        /// The permitting actions and restrictions that are logged when they decide.
        smtpd_log_access_permit_actions: Words = "";
        /// Tables that change what smtpd(8) hears from DNS.
        smtpd_dns_reply_filter: TableList = "";
        /// The characters that $name expansions may bring into replies; others become underscores.
        smtpd_expansion_filter: Raw [1 ..] = "\\t\\40!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
        /// A text that follows each refusal in a reply of its own line.
        smtpd_reject_footer: Raw = "";
        /// Tables that give smtpd_reject_footer by the reply.
        smtpd_reject_footer_maps: TableList = "";
        /// Tables that tell which logins own a sender address.
        smtpd_sender_login_maps: TableList = "";
        /// Whether a sender that this system is responsible for but does not know is refused.
        smtpd_reject_unlisted_sender: bool = "no";
        /// Whether a recipient that this system is responsible for but does not know is refused.
        smtpd_reject_unlisted_recipient: bool = "yes";
        /// The tables that list the users of mydestination; empty accepts any.
        local_recipient_maps: TableList = "proxy:unix:passwd.byname $alias_maps";
        /// The tables that list the recipients of relay_domains; empty accepts any.
        relay_recipient_maps: TableList = "";
    }

    /// DNS block lists.
    pub struct BlockLists {
        /// The reply when a DNS block list makes smtpd(8) refuse a client, after $name expansion.
        default_rbl_reply: Raw [1 ..] = "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}";
        /// Tables that give default_rbl_reply by the name of the list.
        rbl_reply_maps: TableList = "";
        /// The block lists of reject_maps_rbl, which is no more.
        maps_rbl_domains: Words = "";
    }

    /// The reply codes of refusals.
    pub struct RejectCodes {
        /// The reply code of the restriction reject.
        reject_code: u16 = "554";
        /// The reply code of the restriction defer.
        defer_code: u16 = "450";
        /// The reply code when an access(5) table says REJECT.
        access_map_reject_code: u16 = "554";
        /// The reply code when an access(5) table says DEFER.
        access_map_defer_code: u16 = "450";
        /// The reply code of reject_invalid_helo_hostname.
        invalid_hostname_reject_code: u16 = "501";
        /// The reply code of reject_non_fqdn_sender, reject_non_fqdn_recipient and reject_non_fqdn_helo_hostname.
        non_fqdn_reject_code: u16 = "504";
        /// The reply code when a DNS block list makes smtpd(8) refuse a client.
        maps_rbl_reject_code: u16 = "554";
        /// The reply code of reject_multi_recipient_bounce.
        multi_recipient_bounce_reject_code: u16 = "550";
        /// The reply code of reject_plaintext_session.
        plaintext_reject_code: u16 = "450";
        /// The reply code of reject_unauth_destination.
        relay_domains_reject_code: u16 = "554";
        /// The reply code of reject_unknown_sender_domain and reject_unknown_recipient_domain.
        unknown_address_reject_code: u16 = "450";
        /// The reply code of reject_unknown_client_hostname and reject_unknown_reverse_client_hostname.
        unknown_client_reject_code: u16 = "450";
        /// The reply code of reject_unknown_helo_hostname.
        unknown_hostname_reject_code: u16 = "450";
        /// The reply code for a user that local_recipient_maps do not list.
        unknown_local_recipient_reject_code: u16 = "550";
        /// The reply code for a recipient that relay_recipient_maps do not list.
        unknown_relay_recipient_reject_code: u16 = "550";
        /// The reply code for an address that virtual_alias_maps do not list, in a domain of virtual_alias_domains.
        unknown_virtual_alias_reject_code: u16 = "550";
        /// The reply code for an address that virtual_mailbox_maps do not list, in a domain of virtual_mailbox_domains.
        unknown_virtual_mailbox_reject_code: u16 = "550";
        /// The reply code of reject_unverified_recipient while the probe is under way or failed for the moment.
        unverified_recipient_defer_code: u16 [200 .. 499] = "450";
        /// The reply code of reject_unverified_recipient when the probe bounced.
        unverified_recipient_reject_code: u16 [200 .. 599] = "450";
        /// The reply code of reject_unverified_sender while the probe is under way or failed for the moment.
        unverified_sender_defer_code: u16 [200 .. 499] = "450";
        /// The reply code of reject_unverified_sender when the probe bounced.
        unverified_sender_reject_code: u16 [200 .. 599] = "450";
    }

    /// What temporary failures lead to, and texts of refusals.
    pub struct RejectActions {
        /// What happens when a check cannot be made for the moment: defer, or defer_if_permit.
        reject_tempfail_action: String [1 ..] = "defer_if_permit";
        /// What happens when the domain of a sender or recipient cannot be looked up for the moment.
        unknown_address_tempfail_action: String [1 ..] = "$reject_tempfail_action";
        /// What happens when the name in HELO or EHLO cannot be looked up for the moment.
        unknown_helo_hostname_tempfail_action: String [1 ..] = "$reject_tempfail_action";
        /// What happens when a recipient cannot be probed for the moment.
        unverified_recipient_tempfail_action: String [1 ..] = "$reject_tempfail_action";
        /// What happens when a sender cannot be probed for the moment.
        unverified_sender_tempfail_action: String [1 ..] = "$reject_tempfail_action";
        /// The text with which reject_unverified_recipient refuses, in place of the one from the probe.
        unverified_recipient_reject_reason: String = "";
        /// The text with which reject_unverified_sender refuses, in place of the one from the probe.
        unverified_sender_reject_reason: String = "";
    }

    /// Policy servers.
    pub struct Policy {
        /// The action when a policy server cannot be asked, as in access(5).
        smtpd_policy_service_default_action: String [1 ..] = "451 4.3.5 Server configuration problem";
        /// The value of the attribute policy_context that policy servers get.
        smtpd_policy_service_policy_context: String = "";
        /// How long an unused connection to a policy server is kept.
        smtpd_policy_service_max_idle: Duration [1 ..] = "300s";
        /// How long a connection to a policy server is used at most.
        smtpd_policy_service_max_ttl: Duration [1 ..] = "1000s";
        /// The most requests on one connection to a policy server; zero is no limit.
        smtpd_policy_service_request_limit: usize = "0";
        /// How long to wait before a policy server is asked again.
        smtpd_policy_service_retry_delay: Duration [1 ..] = "1s";
        /// How long to wait for a policy server.
        smtpd_policy_service_timeout: Duration [1 ..] = "100s";
        /// How often a request to a policy server is tried.
        smtpd_policy_service_try_limit: usize [1 ..] = "2";
    }

    /// A filter before the queue.
    pub struct Proxy {
        /// Where the content filter listens through which smtpd(8) passes mail before it is queued.
        smtpd_proxy_filter: String = "";
        /// The name with which smtpd(8) greets smtpd_proxy_filter.
        smtpd_proxy_ehlo: String = "$myhostname";
        /// How smtpd_proxy_filter is used: speed_adjust receives the whole message before the filter is called.
        smtpd_proxy_options: Words = "";
        /// How long smtpd(8) waits for smtpd_proxy_filter.
        smtpd_proxy_timeout: Duration [1 ..] = "100s";
    }

    /// Which filters SMTP clients' mail goes through.
    pub struct Milters {
        /// The mail filters (milters) for mail that comes by SMTP.
        smtpd_milters: Words = "";
        /// Tables, asked with the client's address, with milters that stand in for smtpd_milters.
        smtpd_milter_maps: TableList = "";
    }

    /// Logging in.
    pub struct Sasl {
        /// Whether smtpd(8) offers clients to log in (AUTH).
        smtpd_sasl_auth_enable: bool = "no";
        /// Which implementation checks logins: cyrus or dovecot.
        smtpd_sasl_type: String [1 ..] = "cyrus";
        /// What the implementation in smtpd_sasl_type needs to be found: a socket, or the name of a configuration file.
        smtpd_sasl_path: String [1 ..] = "smtpd";
        /// The name of the service that clients log in to, as the implementation is told.
        smtpd_sasl_service: String [1 ..] = "smtp";
        /// The realm of a login name that comes without one.
        smtpd_sasl_local_domain: String = "";
        /// The kinds of mechanisms that are not offered in sessions without TLS.
        smtpd_sasl_security_options: Words = "noanonymous";
        /// The kinds of mechanisms that are not offered in sessions under TLS.
        smtpd_sasl_tls_security_options: Words = "$smtpd_sasl_security_options";
        /// The mechanisms, by name or table, that are offered, or with ! are not.
        smtpd_sasl_mechanism_filter: Words = "!external, static:rest";
        /// The clients that AUTH is not offered to.
        smtpd_sasl_exceptions_networks: Words = "";
        /// Whether Received: headers show the name that the client logged in with.
        smtpd_sasl_authenticated_header: bool = "no";
        /// The longest line that a client may send while it logs in, in bytes.
        smtpd_sasl_response_limit: usize [12288 ..] = "12288";
        /// Whether AUTH is also announced as AUTH=, for clients that follow an old draft.
        broken_sasl_auth_clients: bool = "no";
        /// The directories in which the Cyrus library looks for its configuration.
        cyrus_sasl_config_path: Words = "";
    }

    /// Whether and how TLS is offered.
    pub struct Tls {
        /// Whether clients may (may) or must (encrypt) use TLS; none, or empty, for no TLS.
        smtpd_tls_security_level: String = "";
        /// Whether clients start sessions with the TLS handshake, without STARTTLS.
        smtpd_tls_wrappermode: bool = "no";
        /// Whether AUTH is offered under TLS only.
        smtpd_tls_auth_only: bool = "no";
        /// Whether Received: headers tell how the session was encrypted.
        smtpd_tls_received_header: bool = "no";
        /// How much smtpd(8) logs about TLS, from 0 to 4.
        smtpd_tls_loglevel: String = "0";
        /// Tables that give smtpd_tls_loglevel by client.
        smtpd_tls_loglevel_maps: TableList = "";
        /// The largest trace of a TLS session, in bytes.
        smtpd_tls_trace_size_limit: usize = "102400";
        /// Whether clients are asked for a certificate.
        smtpd_tls_ask_ccert: bool = "no";
        /// Whether clients must show a trusted certificate, where TLS is required.
        smtpd_tls_req_ccert: bool = "no";
        /// How many certificates may be between a client's and its authority's.
        smtpd_tls_ccert_verifydepth: usize = "9";
        /// The digest that makes fingerprints of client certificates.
        smtpd_tls_fingerprint_digest: String [1 ..] = "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}";
        /// Whether clients may show a raw public key (RFC 7250) in place of a certificate.
        smtpd_tls_enable_rpk: bool = "no";
        /// Whether clients get a session id even when no sessions are kept, as some clients need.
        smtpd_tls_always_issue_session_ids: bool = "yes";
        /// Where TLS sessions of clients are kept.
        smtpd_tls_session_cache_database: String = "";
        /// How long TLS sessions of clients may be resumed.
        smtpd_tls_session_cache_timeout: Duration [0..8640000] = "3600s";
        /// Whether TLS is offered; use smtpd_tls_security_level = may.
        smtpd_use_tls: bool = "no";
        /// Whether TLS is required; use smtpd_tls_security_level = encrypt.
        smtpd_enforce_tls: bool = "no";
    }

    /// Keys and certificates.
    pub struct TlsFiles {
        /// Files that hold keys, each followed by its certificate and those up to the authority; best in place of the
        /// files below.
        smtpd_tls_chain_files: Words = "";
        /// The file with the RSA certificate of smtpd(8), followed by those up to the authority.
        smtpd_tls_cert_file: String = "";
        /// The file with the key of smtpd_tls_cert_file, without password.
        smtpd_tls_key_file: String = "$smtpd_tls_cert_file";
        /// The file with the ECDSA certificate of smtpd(8), followed by those up to the authority.
        smtpd_tls_eccert_file: String = "";
        /// The file with the key of smtpd_tls_eccert_file, without password.
        smtpd_tls_eckey_file: String = "$smtpd_tls_eccert_file";
        /// The file with a DSA certificate of smtpd(8), which nobody uses any more.
        smtpd_tls_dcert_file: String = "";
        /// The file with the key of smtpd_tls_dcert_file.
        smtpd_tls_dkey_file: String = "$smtpd_tls_dcert_file";
        /// The file with the certificates of authorities that smtpd(8) trusts to vouch for clients.
        smtpd_tls_ca_file as "smtpd_tls_CAfile": String = "";
        /// The directory with the certificates of authorities that smtpd(8) trusts to vouch for clients.
        smtpd_tls_ca_path as "smtpd_tls_CApath": String = "";
        /// Parameters of the finite field key exchange; leave it empty, for the library's own.
        smtpd_tls_dh1024_param_file: String = "";
        /// Parameters of the export key exchange, which is no more.
        smtpd_tls_dh512_param_file: String = "";
    }

    /// What TLS may negotiate.
    pub struct TlsCiphers {
        /// The versions of TLS that smtpd(8) accepts where TLS is optional.
        smtpd_tls_protocols: String = ">=TLSv1";
        /// The versions of TLS that smtpd(8) accepts where TLS is required.
        smtpd_tls_mandatory_protocols: String = ">=TLSv1";
        /// The lowest grade of ciphers that smtpd(8) accepts where TLS is optional.
        smtpd_tls_ciphers: String [1 ..] = "medium";
        /// The lowest grade of ciphers that smtpd(8) accepts where TLS is required.
        smtpd_tls_mandatory_ciphers: String [1 ..] = "medium";
        /// The ciphers that smtpd(8) never uses.
        smtpd_tls_exclude_ciphers: Words = "";
        /// The ciphers that smtpd(8) does not use where TLS is required, beside smtpd_tls_exclude_ciphers.
        smtpd_tls_mandatory_exclude_ciphers: Words = "";
        /// The strength of elliptic curves; leave it at auto.
        smtpd_tls_eecdh_grade: String [1 ..] = "auto";
    }
}
