//! What pickup needs of main.cf, and its connection to cleanup.

use std::path::Path;

use config::params;
use records::cleanup::{Cleaner, Flags};
use service::{Fatal, Start};

/// Settings, read once.
pub(crate) struct Config {
    pub(crate) cleaner: Cleaner,
    /// What cleanup is to do with a new letter.
    pub(crate) flags: Flags,
    /// `transport:nexthop` of `content_filter`; empty without one.
    pub(crate) filter: Vec<u8>,
    pub(crate) myhostname: String,
    pub(crate) mail_name: String,
    /// The user whose files were put back by postsuper(1).
    pub(crate) owner: u32,
}

impl Config {
    pub(crate) fn load(start: &Start) -> Result<Self, Fatal> {
        let settings = &start.settings;
        let sockets: params::services::Sockets = settings.get()?;
        let ipc: params::core::Ipc = settings.get()?;
        let filters: params::core::Filters = settings.get()?;
        let names: params::core::Names = settings.get()?;
        let identity: params::core::Identity = settings.get()?;
        let smtputf8: params::core::Smtputf8 = settings.get()?;
        let socket = Path::new("public").join(sockets.cleanup_service_name);
        let mut flags = Flags::EXTERNAL.with(Flags::BOUNCE);
        for option in filters.receive_override_options.iter() {
            flags = flags.without(overridden(option));
        }
        let detected = &smtputf8.smtputf8_autodetect_classes;
        if smtputf8.smtputf8_enable && (detected.has("sendmail") || detected.has("all")) {
            flags = flags.with(Flags::AUTO_UTF8);
        }
        Ok(Self {
            cleaner: Cleaner::new(socket, ipc.ipc_timeout),
            flags,
            filter: filters.content_filter.into_bytes(),
            myhostname: names.myhostname,
            mail_name: names.mail_name,
            owner: owner(start, &identity.mail_owner)?,
        })
    }
}

/// The processing that a word of `receive_override_options` leaves out.
fn overridden(word: &str) -> Flags {
    match word {
        "no_header_body_checks" => Flags::FILTER,
        "no_address_mappings" => Flags::BCC.with(Flags::MAP),
        "no_milters" => Flags::MILTER,
        _ => Flags::default(),
    }
}

fn owner(start: &Start, name: &str) -> Result<u32, Fatal> {
    if start.rootless {
        return Ok(sys::rights::effective_ids().0);
    }
    let account = sys::users::by_name(name)
        .map_err(|error| Fatal::io(format_args!("look up mail_owner {name}"), &error))?;
    account
        .map(|account| account.uid)
        .ok_or_else(|| Fatal::new(format!("mail_owner {name}: no such user")))
}
