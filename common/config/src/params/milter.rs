//! Mail filters that speak the milter protocol.

use std::time::Duration;

use crate::table::params;
use crate::value::{TableList, Words};

params! {
    /// Which filters mail goes through.
    pub struct Filters {
        /// The mail filters (milters) for mail that did not come through smtpd(8).
        non_smtpd_milters: Words = "";
        /// What happens to mail when a milter cannot be asked: shutdown, accept, reject, tempfail or quarantine.
        milter_default_action: String [1 ..] = "shutdown";
        /// The version of the milter protocol, with options.
        milter_protocol: String [1 ..] = "6";
        /// Patterns, as header_checks(5), for headers that milters add.
        milter_header_checks: TableList = "";
    }

    /// How long filters may take.
    pub struct Timeouts {
        /// How long to wait for a milter to take the connection and agree on the protocol.
        milter_connect_timeout: Duration [1 ..] = "30s";
        /// How long to wait for a milter's answer to an SMTP command.
        milter_command_timeout: Duration [1 ..] = "30s";
        /// How long to wait for a milter that looks at a message.
        milter_content_timeout: Duration [1 ..] = "300s";
    }

    /// What filters are told.
    pub struct Macros {
        /// The value of the milter macro {daemon_name}.
        milter_macro_daemon_name: String [1 ..] = "$myhostname";
        /// The value of the milter macro v.
        milter_macro_v: String [1 ..] = "$mail_name $mail_version";
        /// Values, as name=value, of milter macros that have none.
        milter_macro_defaults: Words = "";
        /// The macros that milters are sent when a client connects.
        milter_connect_macros: Words = "j {daemon_name} {daemon_addr} v _";
        /// The macros that milters are sent at HELO or EHLO.
        milter_helo_macros: Words = "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}";
        /// The macros that milters are sent at MAIL FROM.
        milter_mail_macros: Words = "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}";
        /// The macros that milters are sent at RCPT TO.
        milter_rcpt_macros: Words = "i {rcpt_addr} {rcpt_host} {rcpt_mailer}";
        /// The macros that milters are sent at DATA.
        milter_data_macros: Words = "i";
        /// The macros that milters are sent at a command that is not known.
        milter_unknown_command_macros: Words = "";
        /// The macros that milters are sent after the headers.
        milter_end_of_header_macros: Words = "i";
        /// The macros that milters are sent after the message.
        milter_end_of_data_macros: Words = "i";
    }
}
