//! Opening a program's log the way main.cf says: syslog, or postlogd when there is a maillog_file.

use std::path::{Path, PathBuf};

use crate::params::core::{Directories, Logging};
use crate::params::services::Sockets;
use crate::{Error, Settings};

/// Open the log of a program. `to_stderr`: a person is watching, so lines also go to standard error.
///
/// Lines are tagged `syslog_name/process_name`; commands that postfix(1) runs take the tag from MAIL_LOGTAG.
pub fn open_log(settings: &Settings, process_name: &str, to_stderr: bool) -> Result<(), Error> {
    let logging: Logging = settings.get()?;
    let tag = match std::env::var("MAIL_LOGTAG") {
        Ok(tag)
            if !tag.is_empty()
                && process_name.starts_with("post")
                && process_name != "postlogd" =>
        {
            format!("{tag}/{process_name}")
        }
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
            fallback: Some(PathBuf::from(logging.maillog_file)),
        }
    };
    maillog::open(maillog::Options {
        tag,
        destination,
        to_stderr,
    });
    Ok(())
}
