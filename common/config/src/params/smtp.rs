//! What the SMTP and the LMTP client have in common: each field is smtp_... and lmtp_... in main.cf.

use std::time::Duration;

use crate::table::client_params;
use crate::value::{TableList, Words};

client_params! {
    /// How long a server may take.
    pub struct Timeouts {
        /// To accept a connection; zero leaves it to the system.
        connect_timeout: Duration = "30s" | "0s";
        /// To greet, and to answer HELO, EHLO or LHLO.
        helo_timeout as "smtp_helo_timeout" | "lmtp_lhlo_timeout": Duration [1 ..] = "300s";
        /// To answer XFORWARD.
        xforward_timeout: Duration [1 ..] = "300s";
        /// To answer MAIL FROM.
        mail_timeout: Duration [1 ..] = "300s";
        /// To answer RCPT TO.
        rcpt_timeout: Duration [1 ..] = "300s";
        /// To answer DATA.
        data_init_timeout: Duration [1 ..] = "120s";
        /// To take a piece of the message.
        data_xfer_timeout: Duration [1 ..] = "180s";
        /// To answer the end of the message.
        data_done_timeout: Duration [1 ..] = "600s";
        /// To answer RSET.
        rset_timeout: Duration [1 ..] = "20s";
        /// To answer QUIT.
        quit_timeout: Duration [1 ..] = "300s";
        /// To complete a TLS handshake.
        starttls_timeout: Duration [1 ..] = "300s";
        /// Whether the time counts for a whole command, reply or message.
        per_request_deadline: bool = "${smtp_per_record_deadline?{$smtp_per_record_deadline}:{no}}" | "${lmtp_per_record_deadline?{$lmtp_per_record_deadline}:{no}}";
        /// With such deadlines, the bytes per second that give a server more time.
        min_data_rate: usize [1 ..] = "500";
    }

    /// Finding and reaching a server.
    pub struct Destinations {
        /// How names are looked up: dns, native.
        host_lookup: Words [1 ..] = "dns";
        /// Whether DNS is used, and whether DNSSEC.
        dns_support_level: String = "";
        /// Options of the resolver.
        dns_resolver_options: Words = "";
        /// Changes what DNS says.
        dns_reply_filter: TableList = "";
        /// Which version of the Internet protocol comes first.
        address_preference: String [1 ..] = "any";
        /// Whether both versions get a share of the addresses tried.
        balance_inet_protocols: bool = "yes";
        /// Whether servers of equal preference are tried in random order.
        randomize_addresses: bool = "yes";
        /// The most addresses that are tried; zero is no bound.
        mx_address_limit: usize = "5";
        /// The most sessions that are tried; zero is no bound.
        mx_session_limit: usize = "2";
        /// Whether mail waits when no server has an address.
        defer_if_no_mx_address_found: bool = "no";
        /// Servers to try when the destination cannot be reached.
        fallback_relay: Words = "$fallback_relay" | "";
        /// The port that servers listen on.
        tcp_port: String = "smtp" | "24";
        /// The IPv4 address that is sent from.
        bind_address: String = "";
        /// The IPv6 address that is sent from.
        bind_address6: String = "";
        /// Whether mail waits when that address cannot be used.
        bind_address_enforce: bool = "no";
    }

    /// How a server is spoken to.
    pub struct Protocol {
        /// The name in HELO, EHLO or LHLO.
        helo_name as "smtp_helo_name" | "lmtp_lhlo_name": String [1 ..] = "$myhostname";
        /// Keywords of the server that are ignored.
        discard_ehlo_keywords as "smtp_discard_ehlo_keywords" | "lmtp_discard_lhlo_keywords": Words = "";
        /// Such keywords by server address.
        discard_ehlo_keyword_address_maps as "smtp_discard_ehlo_keyword_address_maps" | "lmtp_discard_lhlo_keyword_address_maps": TableList = "";
        /// Whether a server that greets with 5xx is passed over.
        skip_5xx_greeting: bool = "yes";
        /// Whether the session ends without waiting for the answer to QUIT.
        skip_quit_response: bool = "yes" | "no";
        /// Whether addresses are quoted as the standard says.
        quote_rfc821_envelope: bool = "yes";
        /// The longest line that is sent, in bytes; zero is no bound.
        line_length_limit: usize = "998";
        /// Whether XFORWARD is sent.
        send_xforward_command: bool = "no";
        /// The command that an address probe ends at: rcpt or data.
        address_verify_target: String [1 ..] = "rcpt";
        /// Changes replies of the server.
        reply_filter: TableList = "";
        /// Replaces delivery status codes and texts.
        delivery_status_filter: TableList = "$default_delivery_status_filter";
        /// The workarounds for Cisco PIX firewalls.
        pix_workarounds: Words = "disable_esmtp,delay_dotcrlf";
        /// Such workarounds by server address.
        pix_workaround_maps: TableList = "";
        /// How long a message must have waited for the workarounds to be used.
        pix_workaround_threshold_time: Duration = "500s";
        /// How long to wait before the end of the message is sent.
        pix_workaround_delay_time: Duration [1 ..] = "10s";
    }

    /// What happens to messages on their way out.
    pub struct Content {
        /// Other addresses for mail that leaves.
        generic_maps: TableList = "";
        /// Patterns for message headers.
        header_checks: TableList = "";
        /// Patterns for MIME headers.
        mime_header_checks: TableList = "";
        /// Patterns for headers of messages within messages.
        nested_header_checks: TableList = "";
        /// Patterns for body lines.
        body_checks: TableList = "";
    }

    /// Sessions that serve more than one message.
    pub struct Reuse {
        /// Whether sessions are kept when more mail waits.
        connection_cache_on_demand: bool = "yes";
        /// The destinations whose sessions are always kept.
        connection_cache_destinations: Words = "";
        /// How long an idle session is kept.
        connection_cache_time_limit: Duration [1 ..] = "2s";
        /// How long a session is used at most.
        connection_reuse_time_limit: Duration [1 ..] = "300s";
        /// The most messages of one session; zero is no bound.
        connection_reuse_count_limit: usize = "0";
    }

    /// Logging in to servers.
    pub struct Sasl {
        /// Whether AUTH is used.
        sasl_auth_enable: bool = "no";
        /// Logins and passwords by server or sender.
        sasl_password_maps: TableList = "";
        /// What parts login and password.
        sasl_password_result_delimiter: String [1 .. 1] = ":";
        /// Which implementation is used.
        sasl_type: String [1 ..] = "cyrus";
        /// What that implementation is told.
        sasl_path: String = "";
        /// The mechanisms that are used.
        sasl_mechanism_filter: Words = "";
        /// The mechanisms that are not used without TLS.
        sasl_security_options: Words = "noplaintext, noanonymous";
        /// The mechanisms that are not used under TLS.
        sasl_tls_security_options: Words = "$smtp_sasl_security_options" | "$lmtp_sasl_security_options";
        /// The mechanisms that are not used under TLS with a verified server.
        sasl_tls_verified_security_options: Words = "$smtp_sasl_tls_security_options" | "$lmtp_sasl_tls_security_options";
        /// Whether mail waits when a login fails.
        sasl_auth_soft_bounce: bool = "yes";
        /// Where failed logins are remembered.
        sasl_auth_cache_name: String = "";
        /// How long failed logins are remembered.
        sasl_auth_cache_time: Duration = "90d";
        /// Whether logins depend on the sender.
        sender_dependent_authentication: bool = "no";
        /// Whether MAIL FROM has AUTH=<>.
        send_dummy_mail_auth: bool = "no";
    }

    /// Whether and how TLS is used.
    pub struct Tls {
        /// The level: none, may, encrypt, dane, dane-only, fingerprint, verify, secure.
        tls_security_level: String = "${{$compatibility_level} <level {3.11} ? {} : {may}}" | "";
        /// Levels and more by destination.
        tls_policy_maps: TableList = "";
        /// Whether sessions start with TLS.
        tls_wrappermode: bool = "no";
        /// Whether sessions under TLS are kept, through tlsproxy(8).
        tls_connection_reuse: bool = "no";
        /// The name that is asked for in the handshake.
        tls_servername: String = "";
        /// How long a chain of certificates may be.
        tls_scert_verifydepth: usize = "9";
        /// The names that a certificate must have at level verify.
        tls_verify_cert_match: Words [1 ..] = "hostname";
        /// The names that a certificate must have at level secure.
        tls_secure_cert_match: Words [1 ..] = "nexthop, dot-nexthop" | "nexthop";
        /// The fingerprints of servers at level fingerprint.
        tls_fingerprint_cert_match: Words = "";
        /// The digest of certificate fingerprints.
        tls_fingerprint_digest: String [1 ..] = "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}";
        /// Files with certificates that are trusted in place of the authorities.
        tls_trust_anchor_file: Words = "";
        /// Whether TLSA records are looked up for hosts in unsigned zones.
        tls_force_insecure_host_tlsa_lookup: bool = "no";
        /// Whether raw public keys are used.
        tls_enable_rpk: bool = "no";
        /// Whether MTA-STS policies restrict the names of servers.
        tls_enforce_sts_mx_patterns: bool = "yes";
        /// Whether a reply that came before the handshake ended is noticed.
        tls_block_early_mail_reply: bool = "no";
        /// Whether servers that offer TLS are logged when it is not used.
        tls_note_starttls_offer: bool = "no";
        /// What REQUIRETLS asks of which destination.
        requiretls_policy: Words = "inline:{{${domain_to_ascii{$mydomain}}=opportunistic}, {.${domain_to_ascii{$mydomain}}=opportunistic}, {localhost=opportunistic}}, cidr:{{0.0.0.0/0 opportunistic}, {::/0 opportunistic}}, enforce" | "opportunistic";
        /// Whether the name in the certificate is that of the alias; outdated.
        cname_overrides_servername: bool = "no";
        /// Whether TLS is used; outdated.
        use_tls: bool = "no";
        /// Whether TLS is required; outdated.
        enforce_tls: bool = "no";
        /// Levels by destination; outdated.
        tls_per_site: TableList = "";
        /// Whether the name in the certificate must match; outdated.
        tls_enforce_peername: bool = "yes";
    }

    /// Sessions and logs of TLS.
    pub struct TlsSession {
        /// Where sessions are kept.
        tls_session_cache_database: String = "";
        /// How long sessions are kept.
        tls_session_cache_timeout: Duration [0..8640000] = "3600s";
        /// How much is logged.
        tls_loglevel: String = "0";
        /// The same by server.
        tls_loglevel_maps: TableList = "";
        /// The largest trace of a session, in bytes.
        tls_trace_size_limit: usize = "102400";
        /// Whether delivery lines tell of TLS.
        log_tls_feature_status: bool = "yes";
        /// Whether failures are reported (RFC 8460).
        tlsrpt_enable: bool = "no";
        /// Where the reporter listens.
        tlsrpt_socket_name: String = "";
        /// Whether reused sessions are left out.
        tlsrpt_skip_reused_handshakes: bool = "no";
    }

    /// Keys and certificates.
    pub struct TlsFiles {
        /// Files with keys and their certificate chains.
        tls_chain_files: Words = "";
        /// The RSA certificate.
        tls_cert_file: String = "";
        /// The RSA key.
        tls_key_file: String = "$smtp_tls_cert_file" | "$lmtp_tls_cert_file";
        /// The ECDSA certificate.
        tls_eccert_file: String = "";
        /// The ECDSA key.
        tls_eckey_file: String = "$smtp_tls_eccert_file" | "$lmtp_tls_eccert_file";
        /// The DSA certificate; outdated.
        tls_dcert_file: String = "";
        /// The DSA key; outdated.
        tls_dkey_file: String = "$smtp_tls_dcert_file" | "$lmtp_tls_dcert_file";
        /// The certificate authorities, in one file.
        tls_ca_file as "smtp_tls_CAfile" | "lmtp_tls_CAfile": String = "";
        /// The certificate authorities, in a directory.
        tls_ca_path as "smtp_tls_CApath" | "lmtp_tls_CApath": String = "";
    }

    /// What TLS may negotiate.
    pub struct TlsCiphers {
        /// The versions of TLS when it is optional.
        tls_protocols: String = ">=TLSv1";
        /// The versions of TLS when it is required.
        tls_mandatory_protocols: String = ">=TLSv1";
        /// The lowest cipher grade when TLS is optional.
        tls_ciphers: String [1 ..] = "medium";
        /// The lowest cipher grade when TLS is required.
        tls_mandatory_ciphers: String [1 ..] = "medium";
        /// The ciphers that are never used.
        tls_exclude_ciphers: Words = "";
        /// The ciphers that are not used when TLS is required.
        tls_mandatory_exclude_ciphers: Words = "";
    }
}
