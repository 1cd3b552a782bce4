//! The bounce, defer and trace logs: one entry for each recipient, as `name=value` lines between empty lines.
//!
//! An entry is appended whole or not at all, under a lock, and synced before anybody hears of it. Reading tolerates the old
//! form (`<address>: reason`) that the reference writes above each entry for programs of old releases.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use mail::outcome::{Action, Dsn};
use mail::{Address, DsnStatus, Notify, QueueId, Recipient};

use crate::{Folder, Layout};

/// What is known about one recipient's delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The recipient.
    pub recipient: Recipient,
    /// What became of it.
    pub dsn: Dsn,
}

/// Append an entry; the file is made when it does not exist. `old_form` adds the line for programs of old releases
/// (main.cf `backwards_bounce_logfile_compatibility`).
pub fn append(
    layout: &Layout,
    folder: Folder,
    id: &QueueId,
    entry: &Entry,
    old_form: bool,
) -> io::Result<()> {
    let path = layout.path(folder, id);
    let file = layout.with_subfolders(folder, &path, || {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
    })?;
    file.lock()?;
    let length = file.metadata()?.len();
    let written = (&file)
        .write_all(&entry.to_text(old_form))
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // Best effort: the caller reports the failure that came first.
        let _ = file.set_len(length);
    }
    written
}

/// Open a log to read it; `None` when there is none.
pub fn open(layout: &Layout, folder: Folder, id: &QueueId) -> io::Result<Option<File>> {
    absent_is_none(File::open(layout.path(folder, id)))
}

/// Remove a log, if there is one; says whether there was.
pub fn remove(layout: &Layout, folder: Folder, id: &QueueId) -> io::Result<bool> {
    absent_is_none(layout.remove(folder, id)).map(|removed| removed.is_some())
}

fn absent_is_none<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Take all entries from the bytes of a log. Entries of the old form have no status; they get the one that the kind of
/// log suggests.
#[must_use]
pub fn parse(bytes: &[u8], status: DsnStatus) -> Vec<Entry> {
    bytes
        .split(|&b| b == b'\n')
        .map(<[u8]>::trim_ascii_start)
        .collect::<Vec<_>>()
        .split(|line| line.is_empty())
        .filter_map(|lines| Entry::from_lines(lines, status))
        .collect()
}

impl Entry {
    fn to_text(&self, old_form: bool) -> Vec<u8> {
        let mut text = vec![b'\n'];
        let Self { recipient, dsn } = self;
        if old_form {
            text.push(b'<');
            push_printable(&mut text, recipient.address.as_bytes());
            text.extend_from_slice(b">: ");
            push_printable(&mut text, &dsn.reason);
            text.push(b'\n');
        }
        push_line(
            &mut text,
            "recipient",
            or_unknown(recipient.address.as_bytes()),
        );
        let original = recipient.original.as_bytes();
        if !original.is_empty() && !original.eq_ignore_ascii_case(recipient.address.as_bytes()) {
            push_line(&mut text, "original_recipient", original);
        }
        if recipient.offset > 0 {
            push_line(&mut text, "offset", recipient.offset.to_string().as_bytes());
        }
        push_unless_empty(&mut text, "dsn_orig_rcpt", &recipient.dsn_orcpt);
        if recipient.dsn_notify != Notify::UNSET {
            let bits = recipient.dsn_notify.bits().to_string();
            push_line(&mut text, "notify_flags", bits.as_bytes());
        }
        push_line(&mut text, "status", dsn.status.to_string().as_bytes());
        if let Some(action) = dsn.action {
            push_line(&mut text, "action", action.as_str().as_bytes());
        }
        push_unless_empty(&mut text, "diag_type", &dsn.diagnostic_type);
        push_unless_empty(&mut text, "diag_text", &dsn.diagnostic_text);
        push_unless_empty(&mut text, "mta_type", &dsn.mta_type);
        push_unless_empty(&mut text, "mta_mname", &dsn.mta_name);
        push_unless_empty(&mut text, "reason", &dsn.reason);
        text.push(b'\n');
        text
    }

    fn from_lines(lines: &[&[u8]], status: DsnStatus) -> Option<Self> {
        let mut entry = Self {
            recipient: Recipient::default(),
            dsn: Dsn::new(status, ""),
        };
        for line in lines {
            if !entry.old_line(line) {
                entry.new_line(line);
            }
        }
        (!entry.recipient.address.is_null() || !entry.dsn.reason.is_empty()).then_some(entry)
    }

    /// Take `<address>: reason`, perhaps with `(expanded from <address>)`; says whether the line has that form.
    fn old_line(&mut self, line: &[u8]) -> bool {
        let Some((address, rest)) = bracketed(line) else {
            return false;
        };
        self.recipient.address = Address::new(address).unwrap_or_default();
        let mut rest = rest.trim_ascii_start();
        if let Some((original, after)) = rest.strip_prefix(b"(expanded from ").and_then(bracketed) {
            self.recipient.original = Address::new(original).unwrap_or_default();
            rest = after.strip_prefix(b")").unwrap_or(after);
        }
        let reason = rest.strip_prefix(b":").unwrap_or(rest).trim_ascii_start();
        self.dsn.reason = reason.to_vec();
        true
    }

    fn new_line(&mut self, line: &[u8]) {
        let Some(equals) = line.iter().position(|&b| b == b'=') else {
            return;
        };
        let (name, value) = line.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        let digits = || std::str::from_utf8(value).unwrap_or_default().trim();
        let Self { recipient, dsn } = self;
        match name {
            b"recipient" => recipient.address = Address::new(value).unwrap_or_default(),
            b"original_recipient" => recipient.original = Address::new(value).unwrap_or_default(),
            b"offset" => recipient.offset = digits().parse().unwrap_or_default(),
            b"dsn_orig_rcpt" => recipient.dsn_orcpt = value.to_vec(),
            b"notify_flags" => {
                let bits = digits().parse().unwrap_or_default();
                recipient.dsn_notify = Notify::from_bits(bits).unwrap_or_default();
            }
            b"status" => dsn.status = DsnStatus::parse(value).unwrap_or(dsn.status),
            b"action" => dsn.action = Action::parse(value),
            b"diag_type" => dsn.diagnostic_type = value.to_vec(),
            b"diag_text" => dsn.diagnostic_text = value.to_vec(),
            b"mta_type" => dsn.mta_type = value.to_vec(),
            b"mta_mname" => dsn.mta_name = value.to_vec(),
            b"reason" => dsn.reason = value.to_vec(),
            // Programs of newer releases may note more than we know.
            _ => {}
        }
    }
}

/// Split `<text>rest`.
fn bracketed(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = line.strip_prefix(b"<")?;
    let end = inner
        .windows(2)
        .position(|pair| matches!(pair, b">:" | b">)" | b"> "))?;
    let (text, rest) = inner.split_at_checked(end)?;
    Some((text, rest.get(1..)?))
}

const fn or_unknown(address: &[u8]) -> &[u8] {
    if address.is_empty() {
        b"MAILER-DAEMON"
    } else {
        address
    }
}

fn push_unless_empty(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    if !value.is_empty() {
        push_line(text, name, value);
    }
}

fn push_line(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    text.extend_from_slice(name.as_bytes());
    text.push(b'=');
    push_printable(text, value);
    text.push(b'\n');
}

/// A line break within a value would begin another line, so what cannot be printed becomes `?`.
fn push_printable(text: &mut Vec<u8>, value: &[u8]) {
    text.extend(
        value
            .iter()
            .map(|&b| if b < b' ' || b == 0x7F { b'?' } else { b }),
    );
}
