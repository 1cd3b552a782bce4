//! Asking for delivery now: of everything, of one message, of what waits for one site.

use std::io;
use std::path::Path;

use command::Fatal;
use config::Settings;
use config::params::core::{Ipc, Submission};
use config::params::services::Sockets;
use ipc::now;
use mail::QueueId;
use records::flush::{Flusher, Reply, Request};

use crate::allowed;

/// Forget dead destinations, look at all mail, look at deferred mail.
const EVERYTHING: &[u8] = b"FAD";

/// `-f`
pub(crate) fn all(settings: &Settings) -> Result<(), Fatal> {
    check(settings)?;
    let service = settings.get::<Sockets>()?.queue_service_name;
    let socket = Path::new("public").join(service);
    match ipc::wake(&socket, EVERYTHING) {
        Ok(()) => Ok(()),
        // It has more calls waiting than it can take: it is awake.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => {
            let reason = sys::reason(&error);
            maillog::warning!("unable to look up {}: {reason}", socket.display());
            Err(unavailable("Cannot flush mail queue - mail system is down"))
        }
    }
}

/// `-i`
pub(crate) fn message(settings: &Settings, id: &str) -> Result<(), Fatal> {
    check(settings)?;
    let Some(id) = QueueId::new(id) else {
        return Err(Fatal::new(format!(
            "Cannot flush queue ID - invalid name: \"{id}\""
        )));
    };
    match ask(settings, &Request::SendMessage(id))? {
        Reply::Done => Ok(()),
        Reply::Unknown | Reply::Bad | Reply::Failed => {
            Err(unavailable("Cannot flush queue ID: see the mail log"))
        }
    }
}

/// `-s`
pub(crate) fn site(settings: &Settings, site: &str) -> Result<(), Fatal> {
    check(settings)?;
    if !is_site(site) {
        let text = format!("Cannot flush mail queue - invalid destination: \"{site}\"");
        return Err(Fatal::new(text));
    }
    match ask(settings, &Request::SendSite(site.to_ascii_lowercase()))? {
        Reply::Done => Ok(()),
        Reply::Unknown => Err(unavailable(&format!(
            "Flush service is not configured for destination \"{site}\""
        ))),
        Reply::Bad | Reply::Failed => Err(unavailable("Cannot flush mail queue: see the mail log")),
    }
}

fn ask(settings: &Settings, request: &Request) -> Result<Reply, Fatal> {
    let service = settings.get::<Sockets>()?.flush_service_name;
    let socket = Path::new("public").join(service);
    if let Err(error) = std::fs::metadata(&socket) {
        let reason = sys::reason(&error);
        maillog::warning!("connect to {}: {reason}", socket.display());
        return Err(unavailable("Cannot flush mail queue - mail system is down"));
    }
    let flusher = Flusher::new(socket, settings.get::<Ipc>()?.ipc_timeout);
    now(flusher.ask(request)).map_err(|error| {
        if error.is_closed() {
            unavailable("Cannot flush mail queue - mail system is down")
        } else {
            unavailable(&format!("Cannot flush mail queue: {error}"))
        }
    })
}

fn check(settings: &Settings) -> Result<(), Fatal> {
    let list = settings.get::<Submission>()?.authorized_flush_users;
    allowed::check(settings, &list, "flush the mail queue")
}

fn unavailable(text: &str) -> Fatal {
    Fatal::new(text)
}

/// A domain name, or an address literal in brackets.
fn is_site(site: &str) -> bool {
    let inside = site
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(literal) = inside {
        let address = literal.strip_prefix("IPv6:").unwrap_or(literal);
        return address.parse::<std::net::IpAddr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() < 64
            && label.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte >= 0x80
            })
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let numeric = site
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    site.len() < 256 && !numeric && site.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_domains_or_literals() {
        for good in [
            "example.test",
            "a",
            "[192.0.2.1]",
            "[IPv6:2001:db8::1]",
            "x_y.test",
        ] {
            assert!(is_site(good), "{good}");
        }
        for bad in [
            "",
            "bad_!",
            "a..b",
            ".a",
            "192.0.2.1",
            "[192.0.2]",
            "[x]",
            "-a.b",
        ] {
            assert!(!is_site(bad), "{bad}");
        }
    }
}
