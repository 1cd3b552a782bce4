//! Making queue files: checks, rewriting, copies.

use crate::table::params;
use crate::value::{TableList, Words};

params! {
    /// Headers that are added, changed or looked for.
    pub struct Headers {
        /// Whether missing headers are added to mail from strangers too.
        always_add_missing_headers: bool = "no";
        /// The To: header of messages without any recipient header.
        undisclosed_recipients_header: String = "";
        /// How many Received: headers make a message loop.
        hopcount_limit: usize [1 ..] = "50";
        /// Whether a MIME encoding header of the message decides what its body is.
        detect_8bit_encoding_header: bool = "yes";
        /// Whether 8-bit mail is turned into 7-bit when it is received.
        force_mime_input_conversion: bool = "no";
        /// The character set of full names that are encoded in headers.
        full_name_encoding_charset: String [1 ..] = "utf-8";
        /// The characters that make a message refused.
        message_reject_characters: String = "";
        /// The characters that are removed from messages.
        message_strip_characters: String = "";
        /// Whether carriage returns and line feeds that end no line become spaces.
        cleanup_replace_stray_cr_lf: bool = "yes";
        /// What happens when headers do not end in an empty line.
        non_empty_end_of_header_action: String [1 ..] = "fix_quietly";
    }

    /// Patterns that messages are looked through for.
    pub struct Checks {
        /// Patterns for message headers, and what to do about them; see header_checks(5).
        header_checks: TableList = "";
        /// Patterns for MIME headers, and what to do about them; see header_checks(5).
        mime_header_checks: TableList = "$header_checks";
        /// Patterns for headers of messages within messages; see header_checks(5).
        nested_header_checks: TableList = "$header_checks";
        /// Patterns for body lines, and what to do about them; see header_checks(5).
        body_checks: TableList = "";
        /// How many bytes of each MIME part are checked.
        body_checks_size_limit: usize = "51200";
    }

    /// Addresses that become others.
    pub struct Mapping {
        /// Tables that replace addresses in headers and envelope; see canonical(5).
        canonical_maps: TableList = "";
        /// Tables that replace sender addresses, before canonical_maps; see canonical(5).
        sender_canonical_maps: TableList = "";
        /// Tables that replace recipient addresses, before canonical_maps; see canonical(5).
        recipient_canonical_maps: TableList = "";
        /// The addresses that canonical_maps apply to.
        canonical_classes: Words [1 ..] = "envelope_sender, envelope_recipient, header_sender, header_recipient";
        /// The addresses that sender_canonical_maps apply to.
        sender_canonical_classes: Words [1 ..] = "envelope_sender, header_sender";
        /// The addresses that recipient_canonical_maps apply to.
        recipient_canonical_classes: Words [1 ..] = "envelope_recipient, header_recipient";
        /// The mappings that keep an address extension that they did not match.
        propagate_unmatched_extensions: Words = "canonical, virtual";
        /// The domains under which subdomains are cut off addresses, so that user@host.example.com becomes
        /// user@example.com.
        masquerade_domains: Words = "";
        /// The addresses that masquerade_domains apply to.
        masquerade_classes: Words = "envelope_sender, header_sender, header_recipient";
        /// The users whose addresses masquerade_domains leave alone.
        masquerade_exceptions: Words = "";
    }

    /// Virtual aliases.
    pub struct Virtual {
        /// Tables that replace recipients, in any domain; see virtual(5).
        virtual_alias_maps: TableList = "$virtual_maps";
        /// The most addresses that one recipient may become.
        virtual_alias_expansion_limit: usize [1 ..] = "1000";
        /// How deep virtual aliases may refer to each other.
        virtual_alias_recursion_limit: usize [1 ..] = "1000";
        /// The longest address that a virtual alias may give, in bytes.
        virtual_alias_address_length_limit: usize [1 ..] = "1000";
        /// How many addresses are remembered to find duplicates; zero is no bound.
        duplicate_filter_limit: usize = "1000";
    }

    /// Recipients that are added.
    pub struct Copies {
        /// An address that gets a copy of all mail.
        always_bcc: String = "";
        /// Tables that give an address for copies, by sender.
        sender_bcc_maps: TableList = "";
        /// Tables that give an address for copies, by recipient.
        recipient_bcc_maps: TableList = "";
    }
}
