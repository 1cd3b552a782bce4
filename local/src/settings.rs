//! What main.cf says about local delivery.

use std::ffi::OsString;
use std::time::Duration;

use config::{Error, Settings, params};
use delivery::{LockMethod, Locking};
use lookup::{Maps, OpenOptions, Purpose};
use mail::rewrite::Rules;
use sys::command::Identity;

use crate::rights;

/// Parameters, and the tables that they name, opened.
pub(crate) struct Config {
    /// The service's own name, which addresses of this machine resolve to.
    pub(crate) service: String,
    pub(crate) rootless: bool,
    pub(crate) myhostname: String,
    pub(crate) delimiters: Vec<u8>,
    pub(crate) owner_request_special: bool,
    pub(crate) original_recipient: bool,
    /// Where extensions go along that a name in a table left out: `alias`, `forward`, `include`.
    pub(crate) propagate: config::Words,
    pub(crate) duplicate_limit: usize,
    pub(crate) rules: Rules,
    pub(crate) aliases: params::local::Aliases,
    pub(crate) mailbox: params::local::Mailbox,
    pub(crate) forwarding: params::local::Forwarding,
    pub(crate) commands: params::local::Commands,
    pub(crate) alias_maps: Maps,
    pub(crate) mailbox_transport_maps: Maps,
    pub(crate) mailbox_command_maps: Maps,
    pub(crate) fallback_transport_maps: Maps,
    pub(crate) locking: Locking,
    /// Who commands and files are for, where nobody else is.
    pub(crate) default_privs: Identity,
    /// Variables that every command gets.
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) ipc_timeout: Duration,
    pub(crate) rewrite_socket: String,
}

impl Config {
    pub(crate) fn load(
        settings: &Settings,
        service: &str,
        rootless: bool,
    ) -> Result<Self, LoadError> {
        let names: params::core::Names = settings.get()?;
        let compatibility: params::core::Compatibility = settings.get()?;
        let cleanup: params::cleanup::Mapping = settings.get()?;
        let virtuals: params::cleanup::Virtual = settings.get()?;
        let limits: params::core::Limits = settings.get()?;
        let services: params::services::Sockets = settings.get()?;
        let ipc: params::core::Ipc = settings.get()?;
        let aliases: params::local::Aliases = settings.get()?;
        let mailbox: params::local::Mailbox = settings.get()?;
        let forwarding: params::local::Forwarding = settings.get()?;
        // The service is trusted with less than root is, and so are senders of mail.
        let options = OpenOptions::from_settings(settings)?.for_purpose(Purpose::Rights);
        let open = |title: &str, list: &config::TableList| Maps::open(title, list, &options);
        Ok(Self {
            service: service.to_owned(),
            rootless,
            rules: lookup::mapping::rules(settings)?,
            delimiters: names.recipient_delimiter.into_bytes(),
            myhostname: names.myhostname,
            owner_request_special: compatibility.owner_request_special,
            original_recipient: compatibility.enable_original_recipient,
            propagate: cleanup.propagate_unmatched_extensions,
            duplicate_limit: virtuals.duplicate_filter_limit,
            alias_maps: open("alias_maps", &aliases.alias_maps),
            mailbox_transport_maps: open(
                "mailbox_transport_maps",
                &forwarding.mailbox_transport_maps,
            ),
            mailbox_command_maps: open("mailbox_command_maps", &forwarding.mailbox_command_maps),
            fallback_transport_maps: open(
                "fallback_transport_maps",
                &forwarding.fallback_transport_maps,
            ),
            locking: locking(settings, &mailbox.mailbox_delivery_lock)?,
            default_privs: rights::default_privs(settings, rootless)?,
            environment: environment(&limits.export_environment),
            commands: settings.get()?,
            aliases,
            mailbox,
            forwarding,
            ipc_timeout: ipc.ipc_timeout,
            rewrite_socket: format!("private/{}", services.rewrite_service_name),
        })
    }
}

impl Config {
    /// The first table whose file was replaced since it was opened, as `type:name`.
    pub(crate) fn changed(&self) -> Option<&str> {
        [
            &self.alias_maps,
            &self.mailbox_transport_maps,
            &self.mailbox_command_maps,
            &self.fallback_transport_maps,
        ]
        .into_iter()
        .find_map(Maps::changed)
    }
}

fn locking(settings: &Settings, words: &config::Words) -> Result<Locking, LoadError> {
    let files: params::core::Files = settings.get()?;
    let methods = words.iter().map(|word| {
        LockMethod::parse(word).ok_or_else(|| {
            LoadError(format!(
                "mailbox_delivery_lock: unknown lock method: {word}"
            ))
        })
    });
    Ok(Locking {
        methods: methods.collect::<Result<_, _>>()?,
        attempts: u32::try_from(files.deliver_lock_attempts).unwrap_or(u32::MAX),
        delay: files.deliver_lock_delay,
        stale: files.stale_lock_time,
    })
}

/// `NAME` is our own value of it, `NAME=value` another.
fn environment(words: &config::Words) -> Vec<(OsString, OsString)> {
    let export = |word: &String| match word.trim_matches(['{', '}']).trim().split_once('=') {
        Some((name, value)) => Some((name.trim().into(), value.trim().into())),
        None => std::env::var_os(word).map(|value| (word.into(), value)),
    };
    words
        .iter()
        .filter_map(export)
        .chain([("PATH".into(), "/usr/bin:/bin".into())])
        .collect()
}

/// Why there can be no delivery.
#[derive(Debug)]
pub(crate) struct LoadError(pub(crate) String);

impl From<Error> for LoadError {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}
