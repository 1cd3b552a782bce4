//! Speaking TLS for other programs.

use std::time::Duration;

use crate::table::params;
use crate::value::{TableList, Words};

params! {
    /// How tlsproxy(8) is watched.
    pub struct Watchdog {
        /// How long tlsproxy(8) may work on one thing before it is taken for stuck.
        tlsproxy_watchdog_timeout: Duration [10 ..] = "10s";
    }

    /// The server side, for smtpd(8) and postscreen(8); stock values as smtpd(8) has them.
    pub struct Server {
        /// As smtpd_tls_CAfile, for the server side of tlsproxy(8).
        tlsproxy_tls_ca_file as "tlsproxy_tls_CAfile": String = "$smtpd_tls_CAfile";
        /// As smtpd_tls_CApath, for the server side of tlsproxy(8).
        tlsproxy_tls_ca_path as "tlsproxy_tls_CApath": String = "$smtpd_tls_CApath";
        /// As smtpd_tls_always_issue_session_ids, for the server side of tlsproxy(8).
        tlsproxy_tls_always_issue_session_ids: bool = "$smtpd_tls_always_issue_session_ids";
        /// As smtpd_tls_ask_ccert, for the server side of tlsproxy(8).
        tlsproxy_tls_ask_ccert: bool = "$smtpd_tls_ask_ccert";
        /// As smtpd_tls_ccert_verifydepth, for the server side of tlsproxy(8).
        tlsproxy_tls_ccert_verifydepth: usize = "$smtpd_tls_ccert_verifydepth";
        /// As smtpd_tls_cert_file, for the server side of tlsproxy(8).
        tlsproxy_tls_cert_file: String = "$smtpd_tls_cert_file";
        /// As smtpd_tls_chain_files, for the server side of tlsproxy(8).
        tlsproxy_tls_chain_files: Words = "$smtpd_tls_chain_files";
        /// As smtpd_tls_ciphers, for the server side of tlsproxy(8).
        tlsproxy_tls_ciphers: String [1 ..] = "$smtpd_tls_ciphers";
        /// As smtpd_tls_dcert_file, for the server side of tlsproxy(8).
        tlsproxy_tls_dcert_file: String = "$smtpd_tls_dcert_file";
        /// As smtpd_tls_dh1024_param_file, for the server side of tlsproxy(8).
        tlsproxy_tls_dh1024_param_file: String = "$smtpd_tls_dh1024_param_file";
        /// As smtpd_tls_dh512_param_file, for the server side of tlsproxy(8).
        tlsproxy_tls_dh512_param_file: String = "$smtpd_tls_dh512_param_file";
        /// As smtpd_tls_dkey_file, for the server side of tlsproxy(8).
        tlsproxy_tls_dkey_file: String = "$smtpd_tls_dkey_file";
        /// As smtpd_tls_eccert_file, for the server side of tlsproxy(8).
        tlsproxy_tls_eccert_file: String = "$smtpd_tls_eccert_file";
        /// As smtpd_tls_eckey_file, for the server side of tlsproxy(8).
        tlsproxy_tls_eckey_file: String = "$smtpd_tls_eckey_file";
        /// As smtpd_tls_eecdh_grade, for the server side of tlsproxy(8).
        tlsproxy_tls_eecdh_grade: String [1 ..] = "$smtpd_tls_eecdh_grade";
        /// As smtpd_tls_enable_rpk, for the server side of tlsproxy(8).
        tlsproxy_tls_enable_rpk: bool = "$smtpd_tls_enable_rpk";
        /// As smtpd_tls_exclude_ciphers, for the server side of tlsproxy(8).
        tlsproxy_tls_exclude_ciphers: Words = "$smtpd_tls_exclude_ciphers";
        /// As smtpd_tls_fingerprint_digest, for the server side of tlsproxy(8).
        tlsproxy_tls_fingerprint_digest: String [1 ..] = "$smtpd_tls_fingerprint_digest";
        /// As smtpd_tls_key_file, for the server side of tlsproxy(8).
        tlsproxy_tls_key_file: String = "$smtpd_tls_key_file";
        /// As smtpd_tls_loglevel, for the server side of tlsproxy(8).
        tlsproxy_tls_loglevel: String = "$smtpd_tls_loglevel";
        /// As smtpd_tls_mandatory_ciphers, for the server side of tlsproxy(8).
        tlsproxy_tls_mandatory_ciphers: String [1 ..] = "$smtpd_tls_mandatory_ciphers";
        /// As smtpd_tls_mandatory_exclude_ciphers, for the server side of tlsproxy(8).
        tlsproxy_tls_mandatory_exclude_ciphers: Words = "$smtpd_tls_mandatory_exclude_ciphers";
        /// As smtpd_tls_mandatory_protocols, for the server side of tlsproxy(8).
        tlsproxy_tls_mandatory_protocols: String = "$smtpd_tls_mandatory_protocols";
        /// As smtpd_tls_protocols, for the server side of tlsproxy(8).
        tlsproxy_tls_protocols: String = "$smtpd_tls_protocols";
        /// As smtpd_tls_req_ccert, for the server side of tlsproxy(8).
        tlsproxy_tls_req_ccert: bool = "$smtpd_tls_req_ccert";
        /// As smtpd_tls_security_level, for the server side of tlsproxy(8).
        tlsproxy_tls_security_level: String = "$smtpd_tls_security_level";
        /// As smtpd_use_tls, for the server side of tlsproxy(8).
        tlsproxy_use_tls: bool = "$smtpd_use_tls";
        /// As smtpd_enforce_tls, for the server side of tlsproxy(8).
        tlsproxy_enforce_tls: bool = "$smtpd_enforce_tls";
    }

    /// The client side, for smtp(8); stock values as smtp(8) has them.
    pub struct Client {
        /// As smtp_tls_CAfile, for the client side of tlsproxy(8).
        tlsproxy_client_ca_file as "tlsproxy_client_CAfile": String = "$smtp_tls_CAfile";
        /// As smtp_tls_CApath, for the client side of tlsproxy(8).
        tlsproxy_client_ca_path as "tlsproxy_client_CApath": String = "$smtp_tls_CApath";
        /// As smtp_tls_cert_file, for the client side of tlsproxy(8).
        tlsproxy_client_cert_file: String = "$smtp_tls_cert_file";
        /// As smtp_tls_chain_files, for the client side of tlsproxy(8).
        tlsproxy_client_chain_files: Words = "$smtp_tls_chain_files";
        /// As smtp_tls_dcert_file, for the client side of tlsproxy(8).
        tlsproxy_client_dcert_file: String = "$smtp_tls_dcert_file";
        /// As smtp_tls_dkey_file, for the client side of tlsproxy(8).
        tlsproxy_client_dkey_file: String = "$smtp_tls_dkey_file";
        /// As smtp_tls_eccert_file, for the client side of tlsproxy(8).
        tlsproxy_client_eccert_file: String = "$smtp_tls_eccert_file";
        /// As smtp_tls_eckey_file, for the client side of tlsproxy(8).
        tlsproxy_client_eckey_file: String = "$smtp_tls_eckey_file";
        /// As smtp_enforce_tls, for the client side of tlsproxy(8).
        tlsproxy_client_enforce_tls: bool = "$smtp_enforce_tls";
        /// As smtp_tls_fingerprint_digest, for the client side of tlsproxy(8).
        tlsproxy_client_fingerprint_digest: String [1 ..] = "$smtp_tls_fingerprint_digest";
        /// As smtp_tls_key_file, for the client side of tlsproxy(8).
        tlsproxy_client_key_file: String = "$smtp_tls_key_file";
        /// As smtp_tls_loglevel, for the client side of tlsproxy(8).
        tlsproxy_client_loglevel: String = "$smtp_tls_loglevel";
        /// As smtp_tls_per_site, for the client side of tlsproxy(8).
        tlsproxy_client_per_site: TableList = "$smtp_tls_per_site";
        /// As smtp_tls_policy_maps, for the client side of tlsproxy(8).
        tlsproxy_client_policy_maps: TableList = "${tlsproxy_client_policy?{$tlsproxy_client_policy}:{$smtp_tls_policy_maps}}";
        /// As smtp_tls_scert_verifydepth, for the client side of tlsproxy(8).
        tlsproxy_client_scert_verifydepth: usize = "$smtp_tls_scert_verifydepth";
        /// As smtp_tls_security_level, for the client side of tlsproxy(8).
        tlsproxy_client_security_level: String = "${tlsproxy_client_level?{$tlsproxy_client_level}:{$smtp_tls_security_level}}";
        /// As smtp_use_tls, for the client side of tlsproxy(8).
        tlsproxy_client_use_tls: bool = "$smtp_use_tls";
    }
}
