//! Every line that smtpd logs about what clients do, in one place, because tools of others read them.
//!
//! Addresses are shown as `info_log_address_format` says.

use mail::QueueId;

use crate::access::Facts;
use crate::peer::Peer;
use crate::statistics::Statistics;

/// A command line came in; for the verbose log.
pub fn heard(peer: &Peer, line: &[u8]) {
    if maillog::verbose_level() > 0 {
        let line = crate::command::without_secrets(line);
        maillog::verbose!(1, "< {peer}: {}", String::from_utf8_lossy(&line));
    }
}

/// Replies go out; for the verbose log.
pub fn said(peer: &Peer, encoded: &[u8]) {
    if maillog::verbose_level() == 0 {
        return;
    }
    for line in encoded.split(|&byte| byte == b'\n') {
        let line = String::from_utf8_lossy(line.trim_ascii_end());
        if !line.is_empty() {
            maillog::verbose!(1, "> {peer}: {line}");
        }
    }
}

/// The client is there.
pub fn connect(peer: &Peer) {
    maillog::info!("connect from {peer}");
}

/// The client is gone.
pub fn disconnect(peer: &Peer, statistics: &Statistics) {
    maillog::info!("disconnect from {peer}{statistics}");
}

/// The session ended without QUIT: `how` is `lost connection`, `timeout` or `too many errors`.
pub fn broken_off(id: Option<&QueueId>, how: &str, place: &str, peer: &Peer) {
    maillog::info!("{}: {how} after {place} from {peer}", Id(id));
}

/// A stock value of an older version, `setting`, made a difference.
pub fn old_setting(setting: &str, why: std::fmt::Arguments<'_>) {
    maillog::info!("using backwards-compatible default setting {setting} to {why}");
}

/// An address as those lines have it.
pub fn plain(address: &[u8]) -> String {
    let printable = |byte: &u8| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '?',
    };
    address.iter().map(printable).collect()
}

/// A letter begins.
pub fn letter(id: &QueueId, peer: &Peer, origin: Option<(&str, &str)>) {
    match origin {
        None => maillog::info!("{id}: client={peer}"),
        Some((ident, client)) => {
            let ident = labelled(", orig_queue_id=", ident);
            let client = labelled(", orig_client=", client);
            maillog::info!("{id}: client={peer}{ident}{client}");
        }
    }
}

fn labelled(label: &str, value: &str) -> String {
    if value.is_empty() {
        String::new()
    } else {
        format!("{label}{value}")
    }
}

/// Something was decided about a request: `action` is `reject`, `reject_warning`, `hold`, `filter`, ...
pub fn decision(action: &str, facts: &Facts<'_>, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let (stage, peer) = (facts.stage, facts.peer);
    maillog::info!(
        "{}: {action}: {stage} from {peer}: {text};{}",
        Id(facts.id),
        Envelope(facts)
    );
}

/// An address that is none.
pub fn bad_address(peer: &Peer, verb: &str, address: &[u8]) {
    let address = String::from_utf8_lossy(address);
    maillog::warning!("Illegal address syntax from {peer} in {verb} command: {address}");
}

/// A command line that is longer than it may be.
pub fn long_line(peer: &Peer, limit: usize, line: &[u8]) {
    let start = String::from_utf8_lossy(line.get(..SHOWN).unwrap_or(line)).into_owned();
    maillog::warning!("{peer}: request longer than {limit}: {start}...");
}

/// A client that does not speak SMTP.
pub fn not_smtp(peer: &Peer, line: &[u8]) {
    let line = String::from_utf8_lossy(line.get(..100).unwrap_or(line)).into_owned();
    maillog::warning!("non-SMTP command from {peer}: {line}");
}

/// Commands that came ahead of the reply they should have waited for.
pub fn early_talk(place: &str, peer: &Peer, bytes: &[u8]) {
    let bytes = bytes.get(..100).unwrap_or(bytes).escape_ascii();
    maillog::info!("improper command pipelining after {place} from {peer}: {bytes}");
}

/// BDAT that makes no sense: `what` is `malformed BDAT command syntax`, ...
pub fn bad_chunk(id: Option<&QueueId>, what: &str, peer: &Peer, line: Option<&[u8]>) {
    let line = line.map_or_else(String::new, |line| {
        format!(": {}", String::from_utf8_lossy(line))
    });
    maillog::warning!("{}: {what} from {peer}{line}", Id(id));
}

/// A letter that is larger than it may be.
pub fn too_large(id: &QueueId) {
    maillog::warning!("{id}: queue file size limit exceeded");
}

/// The queue's file system is nearly full.
pub fn low_space(free: u64) {
    maillog::warning!("not enough free space in mail queue: {free} bytes < 1.5*message size limit");
}

/// ETRN for a site that has no list.
pub fn etrn_refused(peer: &Peer, site: &str) {
    maillog::warning!("reject: ETRN {site}... from {peer}");
}

/// `QID`, or `NOQUEUE` before there is one.
struct Id<'a>(Option<&'a QueueId>);

impl std::fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(id) => id.fmt(f),
            None => f.write_str("NOQUEUE"),
        }
    }
}

/// ` from=<> to=<> proto=ESMTP helo=<>`, as far as known.
struct Envelope<'a>(&'a Facts<'a>);

impl std::fmt::Display for Envelope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let facts = self.0;
        if let Some(sender) = facts.sender {
            write!(f, " from=<{}>", mail::logged(sender.as_bytes()))?;
        }
        if let Some(recipient) = facts.recipient {
            write!(f, " to=<{}>", mail::logged(recipient.as_bytes()))?;
        }
        let protocol = facts.hello.map_or("SMTP", crate::hello::Hello::protocol);
        write!(f, " proto={protocol}")?;
        match facts.hello {
            Some(hello) => write!(f, " helo=<{}>", String::from_utf8_lossy(&hello.name)),
            None => Ok(()),
        }
    }
}

/// How much of a long line is shown.
const SHOWN: usize = 30;

#[cfg(test)]
mod tests {
    use mail::Address;

    use super::*;
    use crate::hello::Hello;

    #[test]
    fn envelopes() {
        let peer = Peer::for_tests("a.test", "192.0.2.1");
        let hello = Hello::extended(b"h");
        let address = Address::new(*b"b ob@c.test").unwrap();
        let facts = Facts {
            stage: "RCPT",
            peer: &peer,
            hello: Some(&hello),
            sender: Some(&Address::null()),
            recipient: Some(&address),
            etrn: None,
            id: None,
            recipients: 0,
            pipelined: false,
        };
        assert_eq!(
            Envelope(&facts).to_string(),
            " from=<> to=<\"b ob\"@c.test> proto=ESMTP helo=<h>"
        );
        let none = Facts {
            hello: None,
            sender: None,
            recipient: None,
            ..facts
        };
        assert_eq!(Envelope(&none).to_string(), " proto=SMTP");
    }
}
