//! Delivery to users of this machine, and what other delivery agents share with it.

use std::time::Duration;

use crate::table::params;
use crate::value::{Raw, TableList, Words};

params! {
    /// Names that stand for others.
    pub struct Aliases {
        /// The tables that local(8) looks aliases up in.
        alias_maps: TableList = "$default_database_type:/etc/aliases";
        /// The tables that newaliases(1) makes.
        alias_database: TableList = "$default_database_type:/etc/aliases";
        /// Where the destination |command may stand: alias, forward, include.
        allow_mail_to_commands: String = "alias, forward";
        /// Where the destination /file/name may stand: alias, forward, include.
        allow_mail_to_files: Words = "alias, forward";
        /// Whether the owner of a list becomes the sender as the address in the alias, not as the alias.
        expand_owner_alias: bool = "no";
        /// Whether an alias without an owner gives mail its own sender back.
        reset_owner_alias: bool = "no";
        /// Whether the Delivered-To: address stays that of the first delivery.
        frozen_delivered_to: bool = "yes";
    }

    /// Where users' mail is kept.
    pub struct Mailbox {
        /// Where mailboxes are.
        mail_spool_directory: String = "/var/mail";
        /// The mailbox under the user's home; Maildir style if it ends in a slash.
        home_mailbox: String = "";
        /// The largest mailbox or Maildir file, in bytes; zero is no bound.
        mailbox_size_limit: u64 = "51200000";
        /// How mailboxes are locked.
        mailbox_delivery_lock: Words [1 ..] = "fcntl, dotlock";
        /// Whether a mailbox must belong to its user.
        strict_mailbox_ownership: bool = "yes";
        /// Whether mail waits until the user's home is there.
        require_home_directory: bool = "no";
        /// Whether the user is told of new mail.
        biff: bool = "yes";
        /// Whether mailboxes are locked as SUN's mailtool does; outdated.
        sun_mailtool_compatibility: bool = "no";
    }

    /// What users may do with their mail.
    pub struct Forwarding {
        /// Where .forward files are looked for.
        forward_path: Raw = "$home/.forward${recipient_delimiter}${extension}, $home/.forward";
        /// The command that delivers mail in place of a mailbox.
        mailbox_command: Raw = "";
        /// Tables that give mailbox_command by user.
        mailbox_command_maps: TableList = "";
        /// The transport that takes over from local(8) after alias expansion, for every recipient.
        mailbox_transport: String = "";
        /// Tables that give mailbox_transport by recipient.
        mailbox_transport_maps: TableList = "";
        /// The transport for recipients whom local(8) finds neither as alias nor as user.
        fallback_transport: String = "";
        /// Tables that give fallback_transport by recipient.
        fallback_transport_maps: TableList = "";
        /// Who gets mail for recipients whom local(8) finds neither as alias nor as user.
        luser_relay: Raw = "";
        /// To what kinds of delivery a Delivered-To: header is added.
        prepend_delivered_header: Words = "command, file, forward";
    }

    /// How commands run for users.
    pub struct Commands {
        /// How long a command may take.
        command_time_limit: Duration [1 ..] = "1000s";
        /// Where commands are run.
        command_execution_directory: Raw = "";
        /// The shell that runs every command.
        local_command_shell: String = "";
        /// The characters that $name expansions may have in commands.
        command_expansion_filter: String [1 ..] = "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        /// The characters that $name expansions may have in forward_path.
        forward_expansion_filter: String [1 ..] = "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        /// The characters that $name expansions may have in command_execution_directory.
        execution_directory_expansion_filter: String [1 ..] = "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    }

    /// Changing what deliveries come to.
    pub struct Status {
        /// Replaces delivery status codes and texts, for every agent.
        default_delivery_status_filter: TableList = "";
        /// Replaces delivery status codes and texts of local(8).
        local_delivery_status_filter: TableList = "$default_delivery_status_filter";
        /// Replaces delivery status codes and texts of pipe(8).
        pipe_delivery_status_filter: TableList = "$default_delivery_status_filter";
        /// Replaces delivery status codes and texts of virtual(8).
        virtual_delivery_status_filter: TableList = "$default_delivery_status_filter";
    }
}
