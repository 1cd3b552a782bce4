//! Mail filters that speak the milter protocol.

use std::time::Duration;

use crate::table::params;
use crate::value::{TableList, Words};

params! {
    /// Which filters mail goes through.
    pub struct Filters {
        /// The filters for mail that did not come through smtpd(8).
        non_smtpd_milters: Words = "";
        /// What happens when a filter fails.
        milter_default_action: String [1 ..] = "shutdown";
        /// The version of the protocol, with options.
        milter_protocol: String [1 ..] = "6";
        /// Patterns for headers that filters add.
        milter_header_checks: TableList = "";
    }

    /// How long filters may take.
    pub struct Timeouts {
        /// To connect and agree.
        milter_connect_timeout: Duration [1 ..] = "30s";
        /// To answer an SMTP command.
        milter_command_timeout: Duration [1 ..] = "30s";
        /// To look at a message.
        milter_content_timeout: Duration [1 ..] = "300s";
    }

    /// What filters are told.
    pub struct Macros {
        /// The value of {daemon_name}.
        milter_macro_daemon_name: String [1 ..] = "$myhostname";
        /// The value of v.
        milter_macro_v: String [1 ..] = "$mail_name $mail_version";
        /// Values of macros that have none.
        milter_macro_defaults: Words = "";
        /// Macros sent when a client connects.
        milter_connect_macros: Words = "j {daemon_name} {daemon_addr} v _";
        /// Macros sent at HELO or EHLO.
        milter_helo_macros: Words = "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}";
        /// Macros sent at MAIL FROM.
        milter_mail_macros: Words = "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}";
        /// Macros sent at RCPT TO.
        milter_rcpt_macros: Words = "i {rcpt_addr} {rcpt_host} {rcpt_mailer}";
        /// Macros sent at DATA.
        milter_data_macros: Words = "i";
        /// Macros sent at an unknown command.
        milter_unknown_command_macros: Words = "";
        /// Macros sent after the headers.
        milter_end_of_header_macros: Words = "i";
        /// Macros sent after the message.
        milter_end_of_data_macros: Words = "i";
    }
}
