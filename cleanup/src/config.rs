//! What main.cf says, as cleanup uses it.

use config::{Settings, Words, params};
use lookup::match_list::Parents;
use lookup::{AddressMapping, Maps, MatchList, OpenOptions};
use mail::mime;
use mail::rewrite::Rules;
use service::Fatal;

use crate::masquerade::Masquerade;

/// Settings that are plain values.
pub(crate) struct Config {
    pub(crate) names: params::core::Names,
    pub(crate) headers: params::cleanup::Headers,
    pub(crate) aliases: params::cleanup::Virtual,
    pub(crate) always_bcc: Vec<u8>,
    pub(crate) always_add_missing_headers: bool,
    pub(crate) message_size_limit: u64,
    pub(crate) message_drop_headers: Vec<String>,
    pub(crate) token_limit: usize,
    pub(crate) obsolete_from: bool,
    pub(crate) walk: mime::Options,
    pub(crate) enable_original_recipient: bool,
    pub(crate) enable_long_queue_ids: bool,
    pub(crate) smtputf8_enable: bool,
    pub(crate) delay_warning_seconds: u64,
    pub(crate) empty_address_recipient: Vec<u8>,
    pub(crate) propagate_canonical: bool,
    pub(crate) propagate_virtual: bool,
    /// How addresses in envelopes, and in headers of our own users, are completed.
    pub(crate) local_rules: Rules,
    /// How addresses in headers of strangers are completed; `None` leaves them.
    pub(crate) remote_rules: Option<Rules>,
}

/// Tables, opened before the jail.
pub(crate) struct Tables {
    pub(crate) canonical: Canonical,
    pub(crate) virtual_alias: Maps,
    pub(crate) sender_bcc: Maps,
    pub(crate) recipient_bcc: Maps,
    pub(crate) addresses: AddressMapping,
    pub(crate) masquerade: Masquerade,
}

/// The three canonical parameters.
pub(crate) struct Canonical {
    pub(crate) sender: ClassMaps,
    pub(crate) recipient: ClassMaps,
    pub(crate) both: ClassMaps,
}

/// Tables and the kinds of address they are for.
pub(crate) struct ClassMaps {
    pub(crate) maps: Maps,
    pub(crate) classes: Classes,
}

/// Kinds of address: `envelope_sender` and so on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Classes {
    pub(crate) envelope_sender: bool,
    pub(crate) envelope_recipient: bool,
    pub(crate) header_sender: bool,
    pub(crate) header_recipient: bool,
}

/// One of those kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    EnvelopeSender,
    EnvelopeRecipient,
    HeaderSender,
    HeaderRecipient,
}

impl Classes {
    fn read(parameter: &str, words: &Words) -> Result<Self, Fatal> {
        let mut classes = Self::default();
        for word in words.iter() {
            match word.as_str() {
                "envelope_sender" => classes.envelope_sender = true,
                "envelope_recipient" => classes.envelope_recipient = true,
                "header_sender" => classes.header_sender = true,
                "header_recipient" => classes.header_recipient = true,
                _ => return Err(Fatal::new(format!("unknown {parameter} value: {word}"))),
            }
        }
        Ok(classes)
    }

    pub(crate) const fn contain(self, class: Class) -> bool {
        match class {
            Class::EnvelopeSender => self.envelope_sender,
            Class::EnvelopeRecipient => self.envelope_recipient,
            Class::HeaderSender => self.header_sender,
            Class::HeaderRecipient => self.header_recipient,
        }
    }
}

impl Config {
    pub(crate) fn load(settings: &Settings) -> Result<Self, Fatal> {
        let names: params::core::Names = settings.get()?;
        let headers: params::cleanup::Headers = settings.get()?;
        let mapping: params::cleanup::Mapping = settings.get()?;
        let copies: params::cleanup::Copies = settings.get()?;
        let mime: params::core::Mime = settings.get()?;
        let syntax: params::rewrite::Syntax = settings.get()?;
        let compatibility: params::core::Compatibility = settings.get()?;
        let folders: params::queue::Folders = settings.get()?;
        let notices: params::core::Notices = settings.get()?;
        let smtputf8: params::core::Smtputf8 = settings.get()?;
        let times: params::qmgr::Times = settings.get()?;
        let local_rules = lookup::mapping::rules(settings)?;
        let remote = syntax.remote_header_rewrite_domain.as_bytes();
        let propagates = |what: &str| {
            mapping
                .propagate_unmatched_extensions
                .iter()
                .any(|word| word == what)
        };
        Ok(Self {
            aliases: settings.get()?,
            always_bcc: copies.always_bcc.into_bytes(),
            always_add_missing_headers: headers.always_add_missing_headers,
            message_size_limit: mime.message_size_limit,
            message_drop_headers: mime
                .message_drop_headers
                .iter()
                .map(|name| name.trim_end_matches(':').to_owned())
                .collect(),
            token_limit: mime.header_address_token_limit,
            obsolete_from: notices.header_from_format == "obsolete",
            walk: walk_options(&mime, headers.force_mime_input_conversion),
            enable_original_recipient: compatibility.enable_original_recipient,
            enable_long_queue_ids: folders.enable_long_queue_ids,
            smtputf8_enable: smtputf8.smtputf8_enable,
            delay_warning_seconds: times.delay_warning_time.as_secs(),
            empty_address_recipient: syntax.empty_address_recipient.into_bytes(),
            propagate_canonical: propagates("canonical"),
            propagate_virtual: propagates("virtual"),
            remote_rules: (!remote.is_empty()).then(|| local_rules.remote(remote)),
            local_rules,
            names,
            headers,
        })
    }
}

const fn walk_options(mime: &params::core::Mime, downgrade: bool) -> mime::Options {
    mime::Options {
        disable: mime.disable_mime_input_processing,
        nesting_limit: mime.mime_nesting_limit,
        boundary_length_limit: mime.mime_boundary_length_limit,
        header_size_limit: mime.header_size_limit,
        check_headers: mime.strict_7bit_headers || mime.strict_8bitmime,
        check_bodies: mime.strict_8bitmime_body || mime.strict_8bitmime,
        check_domains: mime.strict_mime_encoding_domain,
        downgrade,
    }
}

impl Tables {
    pub(crate) fn open(settings: &Settings) -> Result<Self, Fatal> {
        let options = OpenOptions::from_settings(settings)?;
        let mapping: params::cleanup::Mapping = settings.get()?;
        let aliases: params::cleanup::Virtual = settings.get()?;
        let copies: params::cleanup::Copies = settings.get()?;
        let addresses =
            AddressMapping::open(settings, &options).map_err(|e| Fatal::new(e.to_string()))?;
        let open = |title: &str, list: &config::TableList| Maps::open(title, list, &options);
        Ok(Self {
            canonical: Canonical {
                sender: ClassMaps {
                    maps: open("sender_canonical_maps", &mapping.sender_canonical_maps),
                    classes: Classes::read(
                        "sender_canonical_classes",
                        &mapping.sender_canonical_classes,
                    )?,
                },
                recipient: ClassMaps {
                    maps: open(
                        "recipient_canonical_maps",
                        &mapping.recipient_canonical_maps,
                    ),
                    classes: Classes::read(
                        "recipient_canonical_classes",
                        &mapping.recipient_canonical_classes,
                    )?,
                },
                both: ClassMaps {
                    maps: open("canonical_maps", &mapping.canonical_maps),
                    classes: Classes::read("canonical_classes", &mapping.canonical_classes)?,
                },
            },
            virtual_alias: open("virtual_alias_maps", &aliases.virtual_alias_maps),
            sender_bcc: open("sender_bcc_maps", &copies.sender_bcc_maps),
            recipient_bcc: open("recipient_bcc_maps", &copies.recipient_bcc_maps),
            addresses,
            masquerade: Masquerade::new(
                &mapping.masquerade_domains,
                MatchList::open(
                    "masquerade_exceptions",
                    &mapping.masquerade_exceptions.to_string(),
                    Parents::Dotted,
                    &options,
                ),
                Classes::read("masquerade_classes", &mapping.masquerade_classes)?,
            ),
        })
    }

    /// The first table whose file was replaced since it was opened, as `type:name`.
    pub(crate) fn changed(&self) -> Option<&str> {
        [
            &self.canonical.sender.maps,
            &self.canonical.recipient.maps,
            &self.canonical.both.maps,
            &self.virtual_alias,
            &self.sender_bcc,
            &self.recipient_bcc,
        ]
        .into_iter()
        .find_map(Maps::changed)
        .or_else(|| self.addresses.changed())
        .or_else(|| self.masquerade.changed())
    }
}
