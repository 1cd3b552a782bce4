//! One message of the list: what its queue file says, and why its recipients wait.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;

use mail::quote::quote_822;
use mail::{DsnStatus, Recipient};
use queue::logfile::{self, Entry};
use queue::scan::Found;
use queue::{Folder, Letter, Reader, claim};

use crate::{Showq, wire};

/// Recipients beyond this many are not listed.
const MAX_RECIPIENTS: usize = 100_000;
/// Bytes of a log that are read.
const MAX_LOG: u64 = 16 * 1024 * 1024;

/// Append a message's attributes; nothing when its file is gone or no queue file.
pub(crate) fn describe(showq: &Showq, folder: Folder, found: &Found, out: &mut Vec<u8>) {
    let Ok(file) = File::open(&found.path) else {
        return;
    };
    let Ok(metadata) = file.metadata() else {
        return;
    };
    if claim::standing(&metadata) != claim::Standing::Ready {
        return;
    }
    let letter = match Letter::read(&mut Reader::new(&file), MAX_RECIPIENTS) {
        Ok(letter) => letter,
        Err(error) => {
            maillog::warning!("{}: {}: {error}; not listed", folder.name(), found.id);
            return;
        }
    };
    head(showq, folder, found, &letter, &metadata, out);
    recipients(showq, folder, found, &letter, out);
    out.push(wire::END);
}

fn head(
    showq: &Showq,
    folder: Folder,
    found: &Found,
    letter: &Letter,
    metadata: &Metadata,
    out: &mut Vec<u8>,
) {
    let arrival = if letter.arrival.seconds > 0 {
        letter.arrival.seconds
    } else {
        metadata.mtime()
    };
    let size = if letter.size.message_size > 0 {
        letter.size.message_size
    } else {
        metadata.len()
    };
    let expire = if metadata.mode() & claim::FORCE_EXPIRE == 0 {
        "0"
    } else {
        "1"
    };
    let sender = if letter.sender.is_null() {
        Cow::Borrowed(showq.null_sender.as_bytes())
    } else {
        quote_822(letter.sender.as_bytes())
    };
    wire::attribute(out, "queue_name", folder.name().as_bytes());
    wire::attribute(out, "queue_id", found.id.as_str().as_bytes());
    wire::attribute(out, "time", arrival.to_string().as_bytes());
    wire::attribute(out, "size", size.to_string().as_bytes());
    wire::attribute(out, "forced_expire", expire.as_bytes());
    wire::attribute(out, "sender", &sender);
}

/// First those whose fate is in a log, then the others of the file.
fn recipients(showq: &Showq, folder: Folder, found: &Found, letter: &Letter, out: &mut Vec<u8>) {
    let mut listed = HashSet::new();
    if folder != Folder::Maildrop {
        for (log, class) in [(Folder::Bounce, "bounce"), (Folder::Defer, "defer")] {
            for entry in entries(showq, log, found) {
                if listed.insert(entry.recipient.address.clone()) {
                    recipient(&entry.recipient, Some((class, &entry)), out);
                }
            }
        }
    }
    for waiting in letter
        .recipients
        .iter()
        .filter(|waiting| !listed.contains(&waiting.address))
    {
        recipient(waiting, None, out);
    }
}

fn recipient(recipient: &Recipient, logged: Option<(&str, &Entry)>, out: &mut Vec<u8>) {
    let reason = logged.map_or(&[][..], |(_, entry)| &entry.dsn.reason);
    wire::attribute(out, "recipient", &quote_822(recipient.address.as_bytes()));
    wire::attribute(out, "reason", reason);
    if !recipient.original.is_null() && recipient.original != recipient.address {
        let original = quote_822(recipient.original.as_bytes());
        wire::attribute(out, "original_recipient", &original);
    }
    if let Some((class, _)) = logged {
        wire::attribute(out, "log_class", class.as_bytes());
    }
}

fn entries(showq: &Showq, log: Folder, found: &Found) -> Vec<Entry> {
    let status = if log == Folder::Bounce {
        DsnStatus::new(5, 0, 0)
    } else {
        DsnStatus::new(4, 0, 0)
    };
    let mut bytes = Vec::new();
    match logfile::open(&showq.layout, log, &found.id) {
        Ok(Some(file)) => match file.take(MAX_LOG).read_to_end(&mut bytes) {
            Ok(_) => logfile::parse(&bytes, status),
            Err(_) => Vec::new(),
        },
        Ok(None) => Vec::new(),
        Err(error) => {
            maillog::warning!(
                "open {} log of {}: {error}; reasons are not listed",
                log.name(),
                found.id
            );
            Vec::new()
        }
    }
}
