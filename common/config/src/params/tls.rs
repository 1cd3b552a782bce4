//! TLS, whoever speaks it.

use std::time::Duration;

use crate::table::params;
use crate::value::{TableList, Words};

params! {
    /// How the TLS library is used.
    pub struct Library {
        /// The library's own configuration file.
        tls_config_file: String = "default";
        /// The name of our section in it.
        tls_config_name: String = "";
        /// Whether the system's certificate authorities are trusted in addition.
        tls_append_default_ca as "tls_append_default_CA": bool = "no";
        /// The workarounds for faulty peers that are switched off.
        tls_disable_workarounds: Words = "";
        /// The library options that are switched on.
        tls_ssl_options: Words = "";
        /// Whether a session ends without waiting for the peer's goodbye.
        tls_fast_shutdown_enable: bool = "yes";
        /// Whether *.example.com matches names with more labels.
        tls_wildcard_matches_multiple_labels: bool = "yes";
        /// Whether certificates for servers are accepted from clients.
        tls_trust_server_ccerts: bool = "no";
        /// Keys and certificates by the name that a client asks for.
        tls_server_sni_maps: TableList = "";
    }

    /// What is negotiated.
    pub struct Ciphers {
        /// Whether smtpd(8) chooses ciphers by its own order of preference, not by the client's.
        tls_preempt_cipherlist: bool = "no";
        /// The ciphers of grade high.
        tls_high_cipherlist: String [1 ..] = "aNULL:-aNULL:HIGH:!SEED:!IDEA:!3DES:!RC2:!RC4:!RC5:!kDH:!kECDH:!aDSS:!MD5:@STRENGTH";
        /// The ciphers of grade medium.
        tls_medium_cipherlist: String [1 ..] = "aNULL:-aNULL:HIGH:MEDIUM:!SEED:!IDEA:!3DES:!RC2:!RC4:!RC5:!kDH:!kECDH:!aDSS:!MD5:+RC4:@STRENGTH";
        /// The ciphers of grade low; outdated.
        tls_low_cipherlist: String = "";
        /// The ciphers of grade export; outdated.
        tls_export_cipherlist: String = "";
        /// The ciphers of grade null, which do not encrypt.
        tls_null_cipherlist: String [1 ..] = "eNULL:!kDH:!kECDH:!aDSS:!MD5:!aNULL";
        /// The elliptic curves for key exchange, best first.
        tls_eecdh_auto_curves: Words = "X25519 X448 prime256v1 secp384r1 secp521r1";
        /// The curve of grade strong; outdated.
        tls_eecdh_strong_curve: String = "prime256v1";
        /// The curve of grade ultra; outdated.
        tls_eecdh_ultra_curve: String = "secp384r1";
        /// The finite field groups for key exchange, best first.
        tls_ffdhe_auto_groups: Words = "ffdhe2048 ffdhe3072";
        /// The digests that TLSA records may use, best first.
        tls_dane_digests: Words [1 ..] = "sha512 sha256";
        /// The cipher of session tickets.
        tls_session_ticket_cipher: String = "aes-256-cbc";
    }

    /// Random bytes that tlsmgr(8) gives out.
    pub struct Random {
        /// Where tlsmgr(8) gets randomness from: dev:/file, egd:/socket or /file.
        tls_random_source: String = "dev:/dev/urandom";
        /// How many bytes tlsmgr(8) reads at once from tls_random_source.
        tls_random_bytes: usize [1 ..] = "32";
        /// The file in which tlsmgr(8) keeps randomness for its next start.
        tls_random_exchange_name: String = "${data_directory}/prng_exch";
        /// How often tlsmgr(8) reads tls_random_source again.
        tls_random_reseed_period: Duration [1 ..] = "3600s";
        /// How often tlsmgr(8) writes tls_random_exchange_name.
        tls_random_prng_update_period: Duration [1 ..] = "3600s";
        /// How many random bytes smtpd(8) and smtp(8) ask tlsmgr(8) for at their start.
        tls_daemon_random_bytes: usize [1 ..] = "32";
    }

    /// Recording handshakes.
    pub struct Trace {
        /// How many traces a peer may cause in anvil_rate_time_unit.
        tls_trace_rate_limit: usize = "1";
    }
}
