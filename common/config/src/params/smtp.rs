//! What the SMTP and the LMTP client have in common: each field is smtp_... and lmtp_... in main.cf.

use std::time::Duration;

use crate::table::client_params;
use crate::value::{TableList, Words};

client_params! {
    /// How long a server may take.
    pub struct Timeouts {
        /// How long the client waits for a server to accept the connection; zero leaves it to the system.
        connect_timeout: Duration = "30s" | "0s";
        /// How long the client waits for the greeting of a server, and for its reply to HELO, EHLO or LHLO.
        helo_timeout as "smtp_helo_timeout" | "lmtp_lhlo_timeout": Duration [1 ..] = "300s";
        /// How long the client waits for the reply to XFORWARD.
        xforward_timeout: Duration [1 ..] = "300s";
        /// How long the client waits for the reply to MAIL FROM.
        mail_timeout: Duration [1 ..] = "300s";
        /// How long the client waits for the reply to RCPT TO.
        rcpt_timeout: Duration [1 ..] = "300s";
        /// How long the client waits for the reply to DATA.
        data_init_timeout: Duration [1 ..] = "120s";
        /// How long the client waits for a server to take a piece of the message.
        data_xfer_timeout: Duration [1 ..] = "180s";
        /// How long the client waits for the reply to the end of the message.
        data_done_timeout: Duration [1 ..] = "600s";
        /// How long the client waits for the reply to RSET.
        rset_timeout: Duration [1 ..] = "20s";
        /// How long the client waits for the reply to QUIT.
        quit_timeout: Duration [1 ..] = "300s";
        /// How long a server may take to complete the TLS handshake.
        starttls_timeout: Duration [1 ..] = "300s";
        /// Whether the client's timeouts count for a whole command, reply or message, not for each read and write.
        per_request_deadline: bool = "${smtp_per_record_deadline?{$smtp_per_record_deadline}:{no}}" | "${lmtp_per_record_deadline?{$lmtp_per_record_deadline}:{no}}";
        /// With deadlines for whole requests, the number of bytes that give a server one more second.
        min_data_rate: usize [1 ..] = "500";
    }

    /// Finding and reaching a server.
    pub struct Destinations {
        /// How names of servers are looked up, in this order: dns, native (the system's hosts file).
        host_lookup: Words [1 ..] = "dns";
        /// Whether the client uses DNS: disabled, enabled, or dnssec; empty goes by disable_dns_lookups.
        dns_support_level: String = "";
        /// Options of the resolver: res_defnames and res_dnsrch complete names.
        dns_resolver_options: Words = "";
        /// Tables that change what the client hears from DNS.
        dns_reply_filter: TableList = "";
        /// Which version of the Internet protocol is tried first: any, ipv4 or ipv6.
        address_preference: String [1 ..] = "any";
        /// Whether both versions of the Internet protocol get a share of the addresses that are tried.
        balance_inet_protocols: bool = "yes";
        /// Whether servers of equal preference are tried in random order.
        randomize_addresses: bool = "yes";
        /// The most addresses of a destination that are tried; zero is no limit.
        mx_address_limit: usize = "5";
        /// The most sessions that are opened for one delivery; zero is no limit.
        mx_session_limit: usize = "2";
        /// Whether mail waits, not bounces, when no server of a destination has an address.
        defer_if_no_mx_address_found: bool = "no";
        /// Servers to try when a destination cannot be found or reached.
        fallback_relay: Words = "$fallback_relay" | "";
        /// The port that the client connects to where the destination names none.
        tcp_port: String = "smtp" | "24";
        /// The IPv4 address that the client sends from.
        bind_address: String = "";
        /// The IPv6 address that the client sends from.
        bind_address6: String = "";
        /// Whether mail waits when the client cannot send from the address it is told to.
        bind_address_enforce: bool = "no";
    }

    /// How a server is spoken to.
    pub struct Protocol {
        /// The name that the client gives in HELO, EHLO or LHLO.
        helo_name as "smtp_helo_name" | "lmtp_lhlo_name": String [1 ..] = "$myhostname";
        /// The keywords of servers that the client ignores.
        discard_ehlo_keywords as "smtp_discard_ehlo_keywords" | "lmtp_discard_lhlo_keywords": Words = "";
        /// Tables, asked with the server's address, with keywords that the client ignores.
        discard_ehlo_keyword_address_maps as "smtp_discard_ehlo_keyword_address_maps" | "lmtp_discard_lhlo_keyword_address_maps": TableList = "";
        /// Whether the client tries the next server after one that greets with 5xx.
        skip_5xx_greeting: bool = "yes";
        /// Whether the client ends a session without waiting for the reply to QUIT.
        skip_quit_response: bool = "yes" | "no";
        /// Whether the client quotes envelope addresses as the standard says.
        quote_rfc821_envelope: bool = "yes";
        /// The longest line that the client sends, in bytes; longer ones are folded; zero is no limit.
        line_length_limit: usize = "998";
        /// Whether the client tells servers that offer XFORWARD where a message came from.
        send_xforward_command: bool = "no";
        /// The command at which an address probe ends: rcpt or data.
        address_verify_target: String [1 ..] = "rcpt";
        /// Tables that replace a reply of a server before the client reads it.
        reply_filter: TableList = "";
        /// Tables that replace the status code and text of a delivery by this client.
        delivery_status_filter: TableList = "$default_delivery_status_filter";
        /// What the client does against faults of Cisco PIX firewalls: disable_esmtp, delay_dotcrlf.
        pix_workarounds: Words = "disable_esmtp,delay_dotcrlf";
        /// Tables, asked with the server's address, with pix workarounds.
        pix_workaround_maps: TableList = "";
        /// How long a message must have waited before pix workarounds are used for it.
        pix_workaround_threshold_time: Duration = "500s";
        /// With delay_dotcrlf, how long the client waits before it sends the end of the message.
        pix_workaround_delay_time: Duration [1 ..] = "10s";
    }

    /// What happens to messages on their way out.
    pub struct Content {
        /// Tables that replace addresses of this machine by valid ones in mail that leaves; see generic(5).
        generic_maps: TableList = "";
        /// Patterns for message headers, as header_checks(5), for mail that this client sends.
        header_checks: TableList = "";
        /// Patterns for MIME headers, as header_checks(5), for mail that this client sends.
        mime_header_checks: TableList = "";
        /// Patterns for headers of messages within messages, as header_checks(5), for mail that this client sends.
        nested_header_checks: TableList = "";
        /// Patterns for body lines, as header_checks(5), for mail that this client sends.
        body_checks: TableList = "";
    }

    /// Sessions that serve more than one message.
    pub struct Reuse {
        /// Whether the client keeps a session open when more mail waits for the same destination.
        connection_cache_on_demand: bool = "yes";
        /// The destinations whose sessions the client keeps open whether mail waits or not.
        connection_cache_destinations: Words = "";
        /// How long the client keeps a session open that nothing uses.
        connection_cache_time_limit: Duration [1 ..] = "2s";
        /// How long the client uses a session at most.
        connection_reuse_time_limit: Duration [1 ..] = "300s";
        /// The most messages that the client sends in one session; zero is no limit.
        connection_reuse_count_limit: usize = "0";
    }

    /// Logging in to servers.
    pub struct Sasl {
        /// Whether the client logs in to servers (AUTH).
        sasl_auth_enable: bool = "no";
        /// Tables with user:password by server, or by sender with sender_dependent_authentication.
        sasl_password_maps: TableList = "";
        /// The character between user and password in what password tables give.
        sasl_password_result_delimiter: String [1 .. 1] = ":";
        /// Which implementation the client logs in with.
        sasl_type: String [1 ..] = "cyrus";
        /// What the implementation is told to find its configuration.
        sasl_path: String = "";
        /// The mechanisms that the client uses, or with ! does not.
        sasl_mechanism_filter: Words = "";
        /// The kinds of mechanisms that the client does not use without TLS.
        sasl_security_options: Words = "noplaintext, noanonymous";
        /// The kinds of mechanisms that the client does not use under TLS.
        sasl_tls_security_options: Words = "$smtp_sasl_security_options" | "$lmtp_sasl_security_options";
        /// The kinds of mechanisms that the client does not use under TLS with a server whose certificate was verified.
        sasl_tls_verified_security_options: Words = "$smtp_sasl_tls_security_options" | "$lmtp_sasl_tls_security_options";
        /// Whether mail waits, not bounces, when a server refuses the login.
        sasl_auth_soft_bounce: bool = "yes";
        /// The table in which the client remembers logins that failed.
        sasl_auth_cache_name: String = "";
        /// How long the client remembers a login that failed.
        sasl_auth_cache_time: Duration = "90d";
        /// Whether the client looks up its login by the sender before it looks it up by the server.
        sender_dependent_authentication: bool = "no";
        /// Whether MAIL FROM carries AUTH=<> after a login.
        send_dummy_mail_auth: bool = "no";
    }

    /// Whether and how TLS is used.
    pub struct Tls {
        /// How much the client asks of TLS: none, may, encrypt, dane, dane-only, fingerprint, verify or secure.
        tls_security_level: String = "${{$compatibility_level} <level {3.11} ? {} : {may}}" | "";
        /// Tables that give the TLS security level, and what belongs to it, by destination.
        tls_policy_maps: TableList = "";
        /// Whether the client starts sessions with the TLS handshake, without STARTTLS.
        tls_wrappermode: bool = "no";
        /// Whether the client keeps sessions under TLS open, through tlsproxy(8).
        tls_connection_reuse: bool = "no";
        /// The name that the client asks the server for in the TLS handshake (SNI).
        tls_servername: String = "";
        /// How many certificates may be between a server's and its authority's.
        tls_scert_verifydepth: usize = "9";
        /// The names that a server's certificate may have at level verify: hostname, nexthop, dot-nexthop.
        tls_verify_cert_match: Words [1 ..] = "hostname";
        /// The names that a server's certificate may have at level secure: hostname, nexthop, dot-nexthop.
        tls_secure_cert_match: Words [1 ..] = "nexthop, dot-nexthop" | "nexthop";
        /// The fingerprints of servers that are accepted at level fingerprint.
        tls_fingerprint_cert_match: Words = "";
        /// The digest that makes fingerprints of server certificates.
        tls_fingerprint_digest: String [1 ..] = "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}";
        /// Files with certificates or keys that are trusted in place of the authorities.
        tls_trust_anchor_file: Words = "";
        /// Whether TLSA records are looked up for servers whose address DNSSEC does not secure.
        tls_force_insecure_host_tlsa_lookup: bool = "no";
        /// Whether servers may show a raw public key (RFC 7250) where their fingerprint or TLSA record is known.
        tls_enable_rpk: bool = "no";
        /// Whether the names of servers must match the mx patterns of an MTA-STS policy.
        tls_enforce_sts_mx_patterns: bool = "yes";
        /// Whether replies that a server sent before the handshake ended are noticed.
        tls_block_early_mail_reply: bool = "no";
        /// Whether servers that offer TLS are logged when the client does not use it.
        tls_note_starttls_offer: bool = "no";
        /// What the client asks of servers for a message that requires TLS (RFC 8689), by destination.
        requiretls_policy: Words = "inline:{{${domain_to_ascii{$mydomain}}=opportunistic}, {.${domain_to_ascii{$mydomain}}=opportunistic}, {localhost=opportunistic}}, cidr:{{0.0.0.0/0 opportunistic}, {::/0 opportunistic}}, enforce" | "opportunistic";
        /// Whether the name behind an alias is the one looked for in the certificate.
        cname_overrides_servername: bool = "no";
        /// Whether the client uses TLS where it is offered; use the TLS security level may.
        use_tls: bool = "no";
        /// Whether the client requires TLS; use the TLS security level encrypt, verify or secure.
        enforce_tls: bool = "no";
        /// Tables with TLS policies of an old form, by destination; use TLS policy tables.
        tls_per_site: TableList = "";
        /// Whether the server's name must match its certificate; use the TLS security level encrypt or verify.
        tls_enforce_peername: bool = "yes";
    }

    /// Sessions and logs of TLS.
    pub struct TlsSession {
        /// Where the client keeps TLS sessions.
        tls_session_cache_database: String = "";
        /// How long the client may resume a TLS session.
        tls_session_cache_timeout: Duration [0..8640000] = "3600s";
        /// How much the client logs about TLS, from 0 to 4.
        tls_loglevel: String = "0";
        /// Tables that give the client's TLS log level by server.
        tls_loglevel_maps: TableList = "";
        /// The largest trace of a TLS session of the client, in bytes.
        tls_trace_size_limit: usize = "102400";
        /// Whether delivery lines in the log tell how TLS was used (tls=).
        log_tls_feature_status: bool = "yes";
        /// Whether the client tells a TLSRPT collector of TLS successes and failures (RFC 8460).
        tlsrpt_enable: bool = "no";
        /// The socket at which the TLSRPT collector listens, under queue_directory.
        tlsrpt_socket_name: String = "";
        /// Whether the TLSRPT collector is not told of handshakes that resumed a session.
        tlsrpt_skip_reused_handshakes: bool = "no";
    }

    /// Keys and certificates.
    pub struct TlsFiles {
        /// Files that hold keys of the client, each followed by its certificate and those up to the authority.
        tls_chain_files: Words = "";
        /// The file with the RSA certificate of the client; servers rarely ask for it.
        tls_cert_file: String = "";
        /// The file with the key of the client's RSA certificate.
        tls_key_file: String = "$smtp_tls_cert_file" | "$lmtp_tls_cert_file";
        /// The file with the ECDSA certificate of the client.
        tls_eccert_file: String = "";
        /// The file with the key of the client's ECDSA certificate.
        tls_eckey_file: String = "$smtp_tls_eccert_file" | "$lmtp_tls_eccert_file";
        /// The file with a DSA certificate of the client, which nobody uses any more.
        tls_dcert_file: String = "";
        /// The file with the key of the client's DSA certificate.
        tls_dkey_file: String = "$smtp_tls_dcert_file" | "$lmtp_tls_dcert_file";
        /// The file with the certificates of authorities that the client trusts to vouch for servers.
        tls_ca_file as "smtp_tls_CAfile" | "lmtp_tls_CAfile": String = "";
        /// The directory with the certificates of authorities that the client trusts to vouch for servers.
        tls_ca_path as "smtp_tls_CApath" | "lmtp_tls_CApath": String = "";
    }

    /// What TLS may negotiate.
    pub struct TlsCiphers {
        /// The versions of TLS that the client uses where TLS is optional.
        tls_protocols: String = ">=TLSv1";
        /// The versions of TLS that the client uses where TLS is required.
        tls_mandatory_protocols: String = ">=TLSv1";
        /// The lowest grade of ciphers that the client uses where TLS is optional.
        tls_ciphers: String [1 ..] = "medium";
        /// The lowest grade of ciphers that the client uses where TLS is required.
        tls_mandatory_ciphers: String [1 ..] = "medium";
        /// The ciphers that the client never uses.
        tls_exclude_ciphers: Words = "";
        /// The ciphers that the client does not use where TLS is required, beside those it never uses.
        tls_mandatory_exclude_ciphers: Words = "";
    }
}
