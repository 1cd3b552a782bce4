//! Parameters that every program knows: who we are, where things are, and how processes and their talk are limited.

use std::time::Duration;

use crate::table::params;
use crate::value::{TableList, Words};

params! {
    /// What this mail system calls itself.
    pub struct Names {
        /// The Internet name of this mail system.
        myhostname: String = "";
        /// The domain that this machine's name is in.
        mydomain: String = "";
        /// The domain that addresses without one get, and that local mail seems to come from.
        myorigin: String [1 ..] = "$myhostname";
        /// The name of the mail system in greetings and Received: headers.
        mail_name: String [1 ..] = "Ferropost";
        /// The version that is shown in greetings, milters and reports.
        mail_version: String [1 ..] = "3.12.0-ferropost-0.1.0";
        /// The day of the release, as yyyymmdd.
        mail_release_date: String [1 ..] = "20261120";
        /// The characters that part a user name from its extension.
        recipient_delimiter: String = "";
        /// The local part from which mail is sent that nobody is told about when it cannot be delivered.
        double_bounce_sender: String [1 ..] = "double-bounce";
    }

    /// Which mail is for this machine, and which is passed on.
    pub struct Domains {
        /// The domains whose mail is delivered by the local transport.
        mydestination: String = "$myhostname, localhost.$mydomain, localhost";
        /// The remote domains that mail is accepted for.
        relay_domains: String = "${{$compatibility_level} <level {2} ? {$mydestination} : {}}";
        /// The next hop of mail for other machines; empty delivers directly.
        relayhost: String = "";
        /// The features whose domain lists match subdomains too, without a leading dot.
        parent_domain_matches_subdomains: String = "debug_peer_list,fast_flush_domains,mynetworks,permit_mx_backup_networks,qmqpd_authorized_clients,relay_domains,smtpd_access_maps";
    }

    /// The addresses of this machine and of those it trusts.
    pub struct Networks {
        /// The networks of clients that are trusted more than strangers.
        mynetworks: String = "";
        /// How mynetworks is made from this machine's addresses when it is not set: host, subnet or class.
        mynetworks_style: String [1 ..] = "${{$compatibility_level} <level {2} ? {subnet} : {host}}";
        /// The addresses on which mail is received.
        inet_interfaces: String = "all";
        /// The versions of the Internet protocol that are used.
        inet_protocols: String = "all";
        /// The outside addresses of proxies and address translators through which mail comes here.
        proxy_interfaces: String = "";
        /// Port names that need no lookup in the services database.
        known_tcp_ports: String = "lmtp=24, smtp=25, smtps=submissions=465, submission=587";
    }

    /// Where files are.
    pub struct Directories {
        /// Where main.cf and master.cf are.
        config_directory: String [1 ..] = "/etc/postfix";
        /// Where the queue is, and the root directory of jailed daemons.
        queue_directory: String [1 ..] = "/var/spool/postfix";
        /// Where the daemon programs are.
        daemon_directory: String [1 ..] = "/usr/lib/postfix/sbin";
        /// Where the administrator's commands are.
        command_directory: String [1 ..] = "/usr/sbin";
        /// Where daemons keep their own files, such as caches.
        data_directory: String [1 ..] = "/var/lib/postfix";
        /// Where the files are that describe the installation.
        meta_directory: String [1 ..] = "/etc/postfix";
        /// Where lock and process id files are, under the queue directory.
        process_id_directory: String [1 ..] = "pid";
        /// Where shared libraries and plugins are, or no.
        shlib_directory: String [1 ..] = "no";
        /// Other configuration directories that users may name to set-gid commands.
        alternate_config_directories: String = "";
    }

    /// The users and groups of the mail system.
    pub struct Identity {
        /// The user that owns the queue and that most daemons run as.
        mail_owner: String [1 ..] = "postfix";
        /// The group of the set-gid commands that submit mail and look at the queue.
        setgid_group: String [1 ..] = "postdrop";
        /// The user whose rights are used for commands and files when there is no recipient to act for.
        default_privs: String [1 ..] = "nobody";
    }

    /// How long a process lives and how patient it is.
    pub struct Limits {
        /// How long a daemon process waits for work before it leaves.
        max_idle: Duration [1 ..] = "100s";
        /// How many clients a place of a daemon process serves before the process leaves.
        max_use: usize [1 ..] = "100";
        /// How long a daemon may work on one thing before it is taken for stuck.
        daemon_timeout: Duration [1 ..] = "18000s";
        /// How long a leaving daemon may take to finish what is under way.
        application_event_drain_time: Duration [1 ..] = "100s";
        /// Whether a daemon refuses to start when a table cannot be opened.
        daemon_table_open_error_is_fatal: bool = "no";
        /// How often a process tries to fork.
        fork_attempts: usize [1 ..] = "5";
        /// How long to wait between attempts to fork.
        fork_delay: Duration [1 ..] = "1s";
        /// How long to wait when waking a daemon.
        trigger_timeout: Duration [1 ..] = "10s";
        /// The environment variables that programs take over, or set with name=value.
        import_environment: Words = "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ XAUTHORITY DISPLAY LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME XDG_RUNTIME_DIR";
        /// The environment variables that commands outside the mail system get.
        export_environment: Words = "TZ MAIL_CONFIG LANG";
    }

    /// Talk between the programs of the mail system.
    pub struct Ipc {
        /// How long an unused connection to another program is kept.
        ipc_idle: Duration [1 ..] = "5s";
        /// How long a connection to another program is used at most.
        ipc_ttl: Duration [1 ..] = "1000s";
        /// How long to wait for another program of the mail system.
        ipc_timeout: Duration [1 ..] = "3600s";
    }

    /// Which behaviour of older versions is kept.
    pub struct Compatibility {
        /// The version whose stock values are used where newer ones are not compatible.
        compatibility_level: String = "0";
        /// Whether refusals are made temporary, so that mail stays queued while a setup is tested.
        soft_bounce: bool = "no";
        /// Whether daemons warn of settings that are probably mistakes.
        helpful_warnings: bool = "yes";
        /// Whether logs say allowlist and denylist.
        respectful_logging: bool = "${{$compatibility_level} <level {3.6} ? {no} : {yes}}";
        /// Whether owner-list and list-request addresses are special.
        owner_request_special: bool = "yes";
        /// Whether the original address of each recipient is kept with the message.
        enable_original_recipient: bool = "yes";
        /// Whether international domain names follow the older IDNA2003 rules.
        enable_idna2003_compatibility: bool = "no";
        /// Whether finished queue files are kept in the saved queue.
        dont_remove: usize = "0";
        /// A code with which tests provoke faults.
        fault_injection_code: u16 = "0";
        /// The name of the running program; cannot be set.
        process_name: String = "";
        /// The process id of the running program; cannot be set.
        process_id: String = "";
        /// The name of the running service in master.cf; cannot be set.
        service_name: String = "";
    }

    /// International mail addresses (RFC 6531).
    pub struct Smtputf8 {
        /// Whether addresses and headers may be in UTF-8.
        smtputf8_enable: bool = "${{$compatibility_level} <level {1} ? {no} : {yes}}";
        /// Whether UTF-8 is only accepted from clients that ask for SMTPUTF8.
        strict_smtputf8: bool = "no";
        /// The kinds of mail that are looked through to see whether they need SMTPUTF8.
        smtputf8_autodetect_classes: Words [1 ..] = "sendmail, verify";
    }

    /// Messages that must not travel without TLS (RFC 8689).
    pub struct RequireTls {
        /// Whether REQUIRETLS is offered and obeyed.
        requiretls_enable: bool = "yes";
        /// Whether a report about a REQUIRETLS message leaves out its body.
        requiretls_redact_dsn: bool = "yes";
        /// Whether a header remembers REQUIRETLS across programs that know nothing of it.
        requiretls_esmtp_header: bool = "yes";
        /// Whether a "TLS-Required: no" header is obeyed.
        tls_required_enable: bool = "yes";
    }

    /// How messages are taken apart.
    pub struct Mime {
        /// The longest header that is looked at, in bytes; the rest goes to the body.
        header_size_limit: usize [1 ..] = "102400";
        /// The most tokens of one address header that are rewritten.
        header_address_token_limit: usize [1 ..] = "10240";
        /// The longest line that is kept whole, in bytes.
        line_length_limit: usize [512 ..] = "2048";
        /// How deep multipart structures are followed.
        mime_nesting_limit: usize [1 ..] = "100";
        /// How many bytes of a MIME boundary are compared.
        mime_boundary_length_limit: usize [1 ..] = "2048";
        /// Whether received messages are taken as plain header and body.
        disable_mime_input_processing: bool = "no";
        /// Whether 8-bit mail is sent as it is to servers that did not announce 8BITMIME.
        disable_mime_output_conversion: bool = "no";
        /// Whether mail with 8-bit text in headers is refused.
        strict_7bit_headers: bool = "no";
        /// Whether strict_7bit_headers and strict_8bitmime_body are both in force.
        strict_8bitmime: bool = "no";
        /// Whether 8-bit bodies without a matching MIME declaration are refused.
        strict_8bitmime_body: bool = "no";
        /// Whether an encoding that is not allowed for message or multipart is refused.
        strict_mime_encoding_domain: bool = "no";
        /// The headers that are removed from every message.
        message_drop_headers: Words = "bcc, content-length, resent-bcc, return-path";
        /// The largest message that is accepted, in bytes with envelope; zero is no limit.
        message_size_limit: u64 = "10240000";
    }

    /// Looking up names.
    pub struct Dns {
        /// Whether the SMTP and LMTP clients do without DNS; outdated.
        disable_dns_lookups: bool = "no";
        /// Whether a workaround for negative answers of the resolver library is used.
        dns_ncache_ttl_fix_enable: bool = "no";
        /// The query with which it is found out whether the resolver validates answers.
        dnssec_probe: String = "ns:.";
        /// The size of TCP buffers, for broken routers, in bytes; zero leaves it to the system.
        tcp_windowsize: usize = "0";
        /// Whether the SASL authorization identity is sent to the server.
        send_cyrus_sasl_authzid: bool = "no";
    }

    /// Log lines.
    pub struct Logging {
        /// The facility of log lines.
        syslog_facility: String [1 ..] = "mail";
        /// The name that log lines start with, before the name of the program.
        syslog_name: String [1 ..] = "${multi_instance_name?{$multi_instance_name}:{postfix}}";
        /// Whether logged addresses are quoted as in messages (external) or not (internal).
        info_log_address_format: String [1 ..] = "external";
        /// How many digits after the decimal point are logged of delays.
        delay_logging_resolution_limit: usize [0 .. 6] = "2";
        /// The file that postlogd(8) writes the log to; empty uses syslog.
        maillog_file: String = "";
        /// Where the log file may be.
        maillog_file_prefixes: Words [1 ..] = "/var, /dev/stdout";
        /// What is put after the name of a rotated log file, for strftime.
        maillog_file_rotate_suffix: String [1 ..] = "%Y%m%d-%H%M%S";
        /// The program that compresses rotated log files.
        maillog_file_compressor: String [1 ..] = "gzip";
        /// The mode of a new log file: 0600, 0640 or 0644.
        maillog_file_permissions: String [1 ..] = "0600";
        /// How long postlogd(8) may work on one thing before it is taken for stuck.
        postlogd_watchdog_timeout: Duration [10 ..] = "10s";
    }

    /// Finding faults.
    pub struct Debug {
        /// How much more is logged for a peer in debug_peer_list.
        debug_peer_level: usize [1 ..] = "2";
        /// The remote systems whose sessions are logged in detail.
        debug_peer_list: Words = "";
        /// The command that a daemon started with -D runs to be debugged.
        debugger_command: String = "";
    }

    /// Sender addresses that name their recipient.
    pub struct Verp {
        /// The two characters around the recipient in a VERP sender address.
        default_verp_delimiters: String [2 .. 2] = "+=";
        /// The characters that clients may choose as VERP delimiters.
        verp_delimiter_filter: String [1 ..] = "-=+";
        /// Whether one report tells of all recipients even with VERP senders.
        disable_verp_bounces: bool = "no";
    }

    /// Mail that goes through a content filter.
    pub struct Filters {
        /// The transport and destination that filters mail after it is queued.
        content_filter: String = "";
        /// What input processing is left out: address mapping, header and body checks, milters and so on.
        receive_override_options: Words = "";
        /// The kinds of mail made by the mail system that are inspected and filtered too.
        internal_mail_filter_classes: Words = "";
        /// The destination of a content filter that names none.
        default_filter_nexthop: String = "";
    }

    /// Locks on files.
    pub struct Files {
        /// How often a lock on a mailbox or a bounce log is tried.
        deliver_lock_attempts: usize [1 ..] = "20";
        /// How long to wait between such attempts.
        deliver_lock_delay: Duration [1 ..] = "1s";
        /// The age from which a dot lock file is taken for left over.
        stale_lock_time: Duration [1 ..] = "500s";
        /// Whether bounce logs also have the lines that very old versions read.
        backwards_bounce_logfile_compatibility: bool = "yes";
    }

    /// Whom problems are reported to.
    pub struct Notices {
        /// The kinds of problems that postmaster is told about.
        notify_classes: Words = "resource, software";
        /// Who is told of mail that was not delivered for want of resources, or of faults and protocol errors.
        error_notice_recipient: String [1 ..] = "postmaster";
        /// Who is told of delayed mail.
        delay_notice_recipient: String [1 ..] = "postmaster";
        /// Who gets copies of undeliverable mail and of SMTP sessions with refusals.
        bounce_notice_recipient: String [1 ..] = "postmaster";
        /// Who gets undeliverable mail that cannot be returned either.
        second_bounce_notice_recipient as "2bounce_notice_recipient": String [1 ..] = "postmaster";
        /// Whether From: headers that we write have the name before (standard) or after (obsolete) the address.
        header_from_format: String [1 ..] = "standard";
    }

    /// Who may give mail to the sendmail command, and as whom.
    pub struct Submission {
        /// The users that may submit mail with sendmail(1) and postdrop(1).
        authorized_submit_users: Words = "static:anyone";
        /// Which envelope senders a local user may submit mail with.
        local_login_sender_maps: TableList = "static:*";
        /// What the empty sender is looked up as in local_login_sender_maps.
        empty_address_local_login_sender_maps_lookup_key: String = "<>";
        /// Whether sendmail(1) turns CR LF of its input into LF: always, strict or never.
        sendmail_fix_line_endings: String [1 ..] = "always";
        /// The users that may list the queue.
        authorized_mailq_users: Words = "static:anyone";
        /// The users that may flush the queue.
        authorized_flush_users: Words = "static:anyone";
    }
}
