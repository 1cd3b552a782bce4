//! What the programs that postfix(1) starts find in their environment: what import_environment lets through, and where things are.

use std::collections::BTreeMap;
use std::ffi::OsString;

use config::Settings;
use config::params::core::{Directories, Limits, Logging, Names};
use config::params::services::Sockets;

use crate::instance::Watched;

/// The parameters that are handed down under their own names.
const PARAMETERS: [&str; 18] = [
    "command_directory",
    "compatibility_level",
    "daemon_directory",
    "data_directory",
    "html_directory",
    "mail_owner",
    "mailq_path",
    "manpage_directory",
    "meta_directory",
    "newaliases_path",
    "openssl_path",
    "queue_directory",
    "readme_directory",
    "sample_directory",
    "sendmail_path",
    "setgid_group",
    "shlib_directory",
    "config_directory",
];

const PATH: &str = "/bin:/usr/bin:/sbin:/usr/sbin";

/// Names and values.
pub(crate) type Environment = BTreeMap<OsString, OsString>;

/// The environment for programs of this mail system.
pub(crate) fn of(settings: &Settings, watched: Watched) -> Result<Environment, config::Error> {
    let mut environment = Environment::new();
    for word in settings.get::<Limits>()?.import_environment.iter() {
        if let Some((name, value)) = word.split_once('=') {
            environment.insert(name.into(), value.into());
        } else if let Some(value) = std::env::var_os(word) {
            environment.insert(word.into(), value);
        }
    }
    environment.insert("PATH".into(), PATH.into());
    for name in PARAMETERS {
        let value = settings.text(name)?.unwrap_or_default();
        environment.insert(name.into(), value.into());
    }
    let directory = settings.directory();
    environment.insert("config_directory".into(), directory.into());
    environment.insert("MAIL_CONFIG".into(), directory.into());
    let logging: Logging = settings.get()?;
    environment.insert("MAIL_LOGTAG".into(), logging.syslog_name.into());
    if !logging.maillog_file.is_empty() {
        let queue = settings.get::<Directories>()?.queue_directory;
        let service = settings.get::<Sockets>()?.postlog_service_name;
        environment.insert(
            "POSTLOG_SERVICE".into(),
            format!("{queue}/public/{service}").into(),
        );
        let host = settings.get::<Names>()?.myhostname;
        environment.insert("POSTLOG_HOSTNAME".into(), host.into());
    }
    if watched.verbose > 0 {
        environment.insert("MAIL_VERBOSE".into(), OsString::new());
    }
    if watched.debug {
        environment.insert("MAIL_DEBUG".into(), OsString::new());
    }
    Ok(environment)
}
