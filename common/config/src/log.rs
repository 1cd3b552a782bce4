//! Opening a program's log the way main.cf says: syslog, or postlogd when there is a maillog_file.

use std::path::{Path, PathBuf};

use crate::params::core::{Directories, Logging};
use crate::params::services::Sockets;
use crate::{Error, Settings};

/// Open the log of a program. `to_stderr`: a person is watching, so lines also go to standard error.
///
/// Lines are tagged `syslog_name/process_name`, or with MAIL_LOGTAG instead of the former, as postfix(1) sets it. A
/// set-gid program trusts no environment and appends to no log file by itself.
pub fn open_log(settings: &Settings, process_name: &str, to_stderr: bool) -> Result<(), Error> {
    let logging: Logging = settings.get()?;
    let set_id = sys::rights::is_set_id();
    let tag = match std::env::var("MAIL_LOGTAG") {
        Ok(tag) if !tag.is_empty() && !set_id => format!("{tag}/{process_name}"),
        _ => format!("{}/{process_name}", logging.syslog_name),
    };
    let destination = if logging.maillog_file.is_empty() {
        maillog::Destination::Syslog {
            socket: PathBuf::from("/dev/log"),
            facility: logging.syslog_facility,
        }
    } else if process_name == "postlogd" {
        maillog::Destination::File(PathBuf::from(logging.maillog_file))
    } else {
        let queue = settings.get::<Directories>()?.queue_directory;
        let service = settings.get::<Sockets>()?.postlog_service_name;
        maillog::Destination::Postlog {
            socket: Path::new(&queue).join("public").join(service),
            fallback: (!set_id).then(|| PathBuf::from(logging.maillog_file)),
        }
    };
    maillog::open(maillog::Options {
        tag,
        destination,
        to_stderr,
    });
    Ok(())
}
