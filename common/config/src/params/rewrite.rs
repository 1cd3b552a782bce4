//! Rewriting addresses and finding their way.

use crate::table::params;
use crate::value::{TableList, Words};

params! {
    /// How incomplete and old-fashioned addresses are completed.
    pub struct Syntax {
        /// Whether user%domain becomes user@domain.
        allow_percent_hack: bool = "yes";
        /// Whether an address without domain gets @$myorigin.
        append_at_myorigin: bool = "yes";
        /// Whether a domain without dot gets .$mydomain.
        append_dot_mydomain: bool = "${{$compatibility_level} <level {1} ? {yes} : {no}}";
        /// Whether site!user becomes user@site.
        swap_bangpath: bool = "yes";
        /// The domain that incomplete addresses get in headers from strangers; empty leaves them.
        remote_header_rewrite_domain: String = "";
        /// Who gets mail for the empty address.
        empty_address_recipient: String [1 ..] = "MAILER-DAEMON";
    }

    /// What an address means.
    pub struct Resolving {
        /// Whether an address may start with a hyphen.
        allow_min_user: bool = "no";
        /// Whether routes are found inside a quoted local part.
        resolve_dequoted_address: bool = "yes";
        /// Whether user@ is mail for this machine.
        resolve_null_domain: bool = "no";
        /// Whether user@1.2.3.4 is user@[1.2.3.4].
        resolve_numeric_domain: bool = "no";
        /// Whether replies about unknown users name the table.
        show_user_unknown_table_name: bool = "yes";
    }

    /// Which transport delivers, and where to.
    pub struct Routing {
        /// Tables that choose transport and next hop by recipient; see transport(5).
        transport_maps: TableList = "";
        /// The transport, and next hop, for mydestination and the addresses of this machine.
        local_transport: String [1 ..] = "local:$myhostname";
        /// The transport, and next hop, for virtual_mailbox_domains.
        virtual_transport: String [1 ..] = "virtual";
        /// The transport, and next hop, for relay_domains.
        relay_transport: String [1 ..] = "relay";
        /// The transport, and next hop, for destinations of no other class.
        default_transport: String [1 ..] = "smtp";
        /// Tables that choose default_transport by sender.
        sender_dependent_default_transport_maps: TableList = "";
        /// Tables that choose relayhost by sender.
        sender_dependent_relayhost_maps: TableList = "";
        /// What the empty sender is looked up as in sender_dependent_default_transport_maps.
        empty_address_default_transport_maps_lookup_key: String [1 ..] = "<>";
        /// What the empty sender is looked up as in sender_dependent_relayhost_maps.
        empty_address_relayhost_maps_lookup_key: String [1 ..] = "<>";
        /// Tables that tell new addresses of users who moved; see relocated(5).
        relocated_maps: TableList = "";
        /// Whether texts from relocated_maps are put after the standard words.
        relocated_prefix_enable: bool = "yes";
    }

    /// Virtual domains.
    pub struct Classes {
        /// The domains whose addresses all forward to others.
        virtual_alias_domains: Words = "$virtual_alias_maps";
        /// The domains whose mail goes to virtual_transport.
        virtual_mailbox_domains: Words = "$virtual_mailbox_maps";
    }
}
