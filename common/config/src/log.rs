//! Opening a program's log the way main.cf says: syslog, or postlogd when there is a maillog_file.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use crate::params::core::{Directories, Logging};
use crate::params::services::Sockets;
use crate::{Error, Settings};

/// The programs that write maillog_file themselves while postlogd(8) is down: they run before it, or tell why it is
/// not there. Others leave files alone whose folder may be anybody's.
const WRITERS: [&str; 8] = [
    "master",
    "postfix",
    "postfix-non-bdb-script",
    "postfix-script",
    "postfix-tls-script",
    "postlog",
    "postmulti",
    "postsuper",
];

/// Those of them whose standard output is for nothing but the log.
const CONTROL: [&str; 3] = ["master", "postfix", "postfix-script"];

/// The modes that a log file may have, for the sake of who is to read it.
const MODES: [u32; 3] = [0o600, 0o640, 0o644];

/// Open the log of a program. `to_stderr`: a person is watching, so lines also go to standard error.
///
/// Lines are tagged `syslog_name/process_name`, or with MAIL_LOGTAG instead of the former, as postfix(1) sets it. A
/// set-gid program trusts no environment, and appends to no log file by itself unless root runs it.
pub fn open_log(settings: &Settings, process_name: &str, to_stderr: bool) -> Result<(), Error> {
    let tag = tag(settings, process_name)?;
    open(settings, process_name, tag, process_name, to_stderr)
}

/// Open the log of postlog(1), which logs in the name of others: under this tag, or as itself.
pub fn open_log_as(
    settings: &Settings,
    process_name: &str,
    own: Option<String>,
) -> Result<(), Error> {
    let tag = own.map_or_else(|| tag(settings, process_name), Ok)?;
    open(settings, process_name, tag.clone(), &tag, true)
}

/// Whether the lines of a control program also go to standard error: a person is watching, or nobody else listens.
#[must_use]
pub fn is_for_stderr(settings: &Settings) -> bool {
    let file = settings.text("maillog_file").ok().flatten();
    let heard = file.is_some_and(|file| !file.is_empty()) || Path::new("/dev/log").exists();
    !heard || std::io::stderr().is_terminal()
}

/// The log file and the mode of a new one; `None` when the log goes to syslog.
pub fn maillog_file(settings: &Settings) -> Result<Option<(PathBuf, u32)>, Error> {
    let logging: Logging = settings.get()?;
    let path = logging.maillog_file;
    if path.is_empty() {
        return Ok(None);
    }
    let prefixes = logging.maillog_file_prefixes;
    if !prefixes.iter().any(|prefix| path.starts_with(prefix)) {
        return Err(Error::LogFile { path });
    }
    let mode = u32::from_str_radix(&logging.maillog_file_permissions, 8)
        .ok()
        .filter(|mode| MODES.contains(mode))
        .ok_or_else(|| Error::Value {
            file: settings.directory().join("main.cf"),
            name: "maillog_file_permissions".to_owned(),
            what: "expected 0600, 0640 or 0644",
            value: logging.maillog_file_permissions,
        })?;
    Ok(Some((PathBuf::from(path), mode)))
}

fn tag(settings: &Settings, process_name: &str) -> Result<String, Error> {
    let logging: Logging = settings.get()?;
    Ok(match std::env::var("MAIL_LOGTAG") {
        Ok(tag) if !tag.is_empty() && !sys::rights::is_set_id() => format!("{tag}/{process_name}"),
        _ => format!("{}/{process_name}", logging.syslog_name),
    })
}

fn open(
    settings: &Settings,
    process_name: &str,
    tag: String,
    shown: &str,
    to_stderr: bool,
) -> Result<(), Error> {
    let destination = match maillog_file(settings)? {
        None => maillog::Destination::Syslog {
            socket: PathBuf::from("/dev/log"),
            facility: settings.get::<Logging>()?.syslog_facility,
        },
        Some((path, mode)) if process_name == "postlogd" => {
            maillog::Destination::File { path, mode }
        }
        Some((path, mode)) => {
            let queue = settings.get::<Directories>()?.queue_directory;
            let service = settings.get::<Sockets>()?.postlog_service_name;
            // What stands on standard output is the result of a command, but not of those that start the mail system of a
            // container.
            let writers = if path.starts_with("/dev") {
                CONTROL.as_slice()
            } else {
                WRITERS.as_slice()
            };
            let may_write = writers.contains(&process_name);
            let trusted = !sys::rights::is_set_id() || sys::rights::real_ids().0 == 0;
            maillog::Destination::Postlog {
                socket: Path::new(&queue).join("public").join(service),
                fallback: (may_write && trusted).then_some((path, mode)),
            }
        }
    };
    maillog::open(maillog::Options {
        tag,
        shown: shown.to_owned(),
        destination,
        to_stderr,
    });
    Ok(())
}
