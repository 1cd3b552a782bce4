//! What main.cf says, as values.
//!
//! The typed groups of `config` as they are, and beside them what is read out of their words once, here. A mistake in
//! any of them stops the daemon with the parameter's name.

use std::time::Duration;

use ::config::params::core::{Compatibility, Names, Smtputf8};
use ::config::params::rewrite::Resolving;
use ::config::params::smtpd::{
    Access, Commands, Greeting, Limits, RejectActions, RejectCodes, Restrictions,
};
use ::config::params::{core, services, smtpd};
use ::config::{Error, Settings, Words};
use lookup::match_list::Parents;
use records::cleanup::Flags;

use crate::content::BareLf;
use crate::keywords::Keywords;

/// The settings of a daemon.
pub struct Config {
    pub names: Names,
    pub compatibility: Compatibility,
    pub smtputf8: Smtputf8,
    pub greeting: Greeting,
    pub commands: Commands,
    pub limits: Limits,
    pub codes: RejectCodes,
    pub actions: RejectActions,
    pub access: Access,
    pub resolving: Resolving,
    pub content: ContentSettings,
    pub time: TimeLimits,
    pub stages: Stages,
    pub old: Old,
    /// `default_rbl_reply`.
    pub default_rbl_reply: String,
    /// How access tables are asked for parents of domains.
    pub access_parents: Parents,
    /// `smtpd_discard_ehlo_keywords`.
    pub discarded: Keywords,
    /// `smtpd_forbid_bare_newline`.
    pub bare_lf: BareLf,
}

/// How letters are taken.
pub struct ContentSettings {
    /// `message_size_limit`; 0 is no limit.
    pub size_limit: u64,
    /// `line_length_limit`.
    pub line_limit: usize,
    /// `queue_minfree`.
    pub minfree: u64,
    /// `content_filter`.
    pub filter: String,
    /// What cleanup is asked to do (`receive_override_options`).
    pub flags: Flags,
}

/// How long clients may take.
#[derive(Clone, Copy)]
pub struct TimeLimits {
    /// `smtpd_timeout`.
    pub each: Duration,
    /// Whether it is for a whole request, and how many bytes a second may take longer
    /// (`smtpd_per_request_deadline`, `smtpd_min_data_rate`).
    pub request_rate: Option<u32>,
}

/// Which checks are made when.
#[derive(Clone, Copy)]
pub struct Stages {
    /// `smtpd_delay_reject`.
    pub delay_reject: bool,
    /// `smtpd_relay_before_recipient_restrictions`.
    pub relay_before_recipient: bool,
    /// Whether unlisted addresses are refused without a word in the lists.
    pub unknown_recipients: bool,
}

/// Which parameters have stock values of older versions (compatibility_level); what they lead to is logged.
#[derive(Clone, Copy)]
pub struct Old {
    pub relay_restrictions: bool,
    pub relay_before_recipient: bool,
    pub mynetworks_style: bool,
    pub relay_domains: bool,
    pub smtputf8_enable: bool,
}

impl Old {
    fn load(settings: &Settings) -> Result<Self, Error> {
        let networks = settings.set("mynetworks").is_none();
        Ok(Self {
            relay_restrictions: settings.keeps_old("smtpd_relay_restrictions")?,
            relay_before_recipient: settings
                .keeps_old("smtpd_relay_before_recipient_restrictions")?,
            mynetworks_style: networks && settings.keeps_old("mynetworks_style")?,
            relay_domains: settings.keeps_old("relay_domains")?,
            smtputf8_enable: settings.keeps_old("smtputf8_enable")?,
        })
    }
}

impl Config {
    /// Read the settings.
    pub fn load(settings: &Settings) -> Result<Self, String> {
        let text = |error: Error| error.to_string();
        let commands: Commands = settings.get().map_err(text)?;
        let restrictions: Restrictions = settings.get().map_err(text)?;
        let overrides = Overrides::load(settings)?;
        let timeouts: smtpd::Timeouts = settings.get().map_err(text)?;
        let domains: core::Domains = settings.get().map_err(text)?;
        let block_lists: smtpd::BlockLists = settings.get().map_err(text)?;
        let discarded = keywords(&commands.smtpd_discard_ehlo_keywords)?;
        let bare_lf = bare_lf(&commands.smtpd_forbid_bare_newline)?;
        Ok(Self {
            names: settings.get().map_err(text)?,
            compatibility: settings.get().map_err(text)?,
            smtputf8: settings.get().map_err(text)?,
            greeting: settings.get().map_err(text)?,
            commands,
            limits: settings.get().map_err(text)?,
            codes: settings.get().map_err(text)?,
            actions: settings.get().map_err(text)?,
            access: settings.get().map_err(text)?,
            resolving: settings.get().map_err(text)?,
            content: ContentSettings::load(settings, &overrides).map_err(text)?,
            time: TimeLimits {
                each: timeouts.smtpd_timeout,
                request_rate: timeouts
                    .smtpd_per_request_deadline
                    .then(|| u32::try_from(timeouts.smtpd_min_data_rate).unwrap_or(u32::MAX)),
            },
            stages: Stages {
                delay_reject: restrictions.smtpd_delay_reject,
                relay_before_recipient: restrictions.smtpd_relay_before_recipient_restrictions,
                unknown_recipients: !overrides.no_unknown_recipient_checks,
            },
            old: Old::load(settings).map_err(text)?,
            default_rbl_reply: block_lists.default_rbl_reply.0,
            access_parents: parents(&domains, "smtpd_access_maps"),
            discarded,
            bare_lf,
        })
    }
}

impl ContentSettings {
    fn load(settings: &Settings, overrides: &Overrides) -> Result<Self, Error> {
        let mime: core::Mime = settings.get()?;
        let files: ::config::params::queue::Files = settings.get()?;
        let filters: core::Filters = settings.get()?;
        let smtputf8: Smtputf8 = settings.get()?;
        let mut flags = Flags::EXTERNAL.without(overrides.without);
        let classes = &smtputf8.smtputf8_autodetect_classes;
        if classes.has("all") || classes.has("smtpd") {
            flags = flags.with(Flags::AUTO_UTF8);
        }
        Ok(Self {
            size_limit: mime.message_size_limit,
            line_limit: mime.line_length_limit,
            minfree: files.queue_minfree,
            filter: filters.content_filter,
            flags,
        })
    }
}

/// `receive_override_options`.
struct Overrides {
    no_unknown_recipient_checks: bool,
    without: Flags,
}

impl Overrides {
    fn load(settings: &Settings) -> Result<Self, String> {
        let filters: core::Filters = settings.get().map_err(|error: Error| error.to_string())?;
        let mut overrides = Self {
            no_unknown_recipient_checks: false,
            without: Flags::default(),
        };
        for word in filters.receive_override_options.iter() {
            let without = match word.to_ascii_lowercase().as_str() {
                "no_unknown_recipient_checks" => {
                    overrides.no_unknown_recipient_checks = true;
                    Flags::default()
                }
                "no_address_mappings" => Flags::MAP.with(Flags::BCC),
                "no_header_body_checks" => Flags::FILTER,
                "no_milters" => Flags::MILTER,
                _ => {
                    return Err(format!(
                        "unknown receive_override_options value \"{word}\" in \"{word}\""
                    ));
                }
            };
            overrides.without = overrides.without.with(without);
        }
        Ok(overrides)
    }
}

/// Whether a list with bare domain names means their subdomains too (`parent_domain_matches_subdomains`).
pub fn parents(domains: &core::Domains, list: &str) -> Parents {
    let words = Words::from(domains.parent_domain_matches_subdomains.as_str());
    if words.has(list) {
        Parents::Bare
    } else {
        Parents::Dotted
    }
}

/// The sockets of the services that smtpd talks to, relative to the queue directory.
pub struct Sockets {
    pub cleanup: String,
    pub rewrite: String,
    pub flush: String,
}

impl Sockets {
    /// Read the names.
    pub fn load(settings: &Settings) -> Result<Self, Error> {
        let names: services::Sockets = settings.get()?;
        Ok(Self {
            cleanup: format!("public/{}", names.cleanup_service_name),
            rewrite: format!("private/{}", names.rewrite_service_name),
            flush: format!("public/{}", names.flush_service_name),
        })
    }
}

/// A list of EHLO keywords, as a parameter or a table names them.
pub fn keywords(words: &Words) -> Result<Keywords, String> {
    Keywords::parse(words.iter().map(String::as_str))
        .map_err(|word| format!("unknown EHLO keyword \"{word}\" in smtpd_discard_ehlo_keywords"))
}

fn bare_lf(text: &str) -> Result<BareLf, String> {
    match text.to_ascii_lowercase().as_str() {
        "no" => Ok(BareLf::Accept),
        "yes" | "normalize" => Ok(BareLf::Normalize),
        "note" => Ok(BareLf::Note),
        "reject" => Ok(BareLf::Reject),
        _ => Err(format!(
            "bad value for smtpd_forbid_bare_newline: \"{text}\""
        )),
    }
}
