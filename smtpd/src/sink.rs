//! The letter on its way into the queue: the records that smtpd writes, in the reference's order.
//!
//! Envelope: arrival time, filter, attributes, sender, attributes of the client; then for each recipient its wishes, the
//! address as the client wrote it, and the address. After the content: what access tables asked for.

use mail::{Address, Ret};
use queue::record::{self, RecordType};
use records::cleanup::{Flags, Letter};

use crate::command::parameter::RcptParameters;
use crate::forward::Forward;
use crate::hello::Hello;
use crate::peer::Peer;
use crate::transaction::{Effects, Transaction};

/// What the envelope says of the session.
pub struct Origin<'a> {
    pub peer: &'a Peer,
    pub hello: Option<&'a Hello>,
    pub forward: Option<&'a Forward>,
    /// Whether header addresses are completed as local ones.
    pub local: bool,
    /// `content_filter`.
    pub filter: &'a str,
}

/// What cleanup is to do, with what is already known of the letter.
pub fn flags(base: Flags, transaction: &Transaction) -> Flags {
    let mut flags = base;
    for (wanted, flag) in [
        (transaction.effects.hold, Flags::HOLD),
        (transaction.effects.discard, Flags::DISCARD),
        (transaction.parameters.smtputf8, Flags::SMTPUTF8),
    ] {
        if wanted {
            flags = flags.with(flag);
        }
    }
    flags
}

/// The records before the first recipient.
pub fn begin(letter: &mut Letter, transaction: &Transaction, origin: &Origin<'_>) {
    let id = letter.id().to_string();
    let out = letter.buffer();
    let arrival = transaction.arrival;
    let time = format!("{} {}", arrival.seconds, arrival.micros);
    record::put(out, RecordType::TIME, time.as_bytes());
    if !origin.filter.is_empty() {
        record::put(out, RecordType::FILTER, origin.filter.as_bytes());
    }
    let ident = origin.forward.map(|forward| forward.ident.as_str());
    let ident = ident.filter(|ident| !ident.is_empty()).unwrap_or(&id);
    record::put_attribute(out, "log_ident", ident.as_bytes());
    let context: &[u8] = if origin.local { b"local" } else { b"remote" };
    record::put_attribute(out, "rewrite_context", context);
    let parameters = &transaction.parameters;
    if !parameters.envid.is_empty() {
        record::put_attribute(out, "envelope_id", &parameters.envid);
    }
    match parameters.ret {
        Ret::Unset => {}
        Ret::Full => record::put_attribute(out, "ret_flags", b"1"),
        Ret::Headers => record::put_attribute(out, "ret_flags", b"2"),
    }
    record::put(out, RecordType::SENDER, transaction.sender.as_bytes());
    if let Some(body) = parameters.body {
        record::put_attribute(out, "encoding", body.as_str().as_bytes());
    }
    logged_client(out, origin);
    actual_client(out, origin);
}

/// The client as log lines name it: the one that a filter forwards for, if it does.
fn logged_client(out: &mut Vec<u8>, origin: &Origin<'_>) {
    let own = Forward::of(origin.peer, origin.hello);
    let seen = origin.forward.unwrap_or(&own);
    record::put_attribute(out, "log_client_name", seen.name.as_bytes());
    record::put_attribute(out, "log_client_address", seen.address.as_bytes());
    record::put_attribute(out, "log_client_port", seen.port.as_bytes());
    record::put_attribute(out, "log_message_origin", seen.client().as_bytes());
    if !seen.helo.is_empty() {
        record::put_attribute(out, "log_helo_name", &seen.helo);
    }
    record::put_attribute(out, "log_protocol_name", seen.protocol.as_bytes());
}

fn actual_client(out: &mut Vec<u8>, origin: &Origin<'_>) {
    let peer = origin.peer;
    record::put_attribute(out, "client_name", peer.name.as_bytes());
    record::put_attribute(out, "reverse_client_name", peer.reverse_name.as_bytes());
    record::put_attribute(out, "client_address", peer.address_text().as_bytes());
    record::put_attribute(out, "client_port", peer.port.as_bytes());
    if let Some(server) = peer.server {
        let address = net::cidr::canonical(server.ip()).to_string();
        record::put_attribute(out, "server_address", address.as_bytes());
        record::put_attribute(out, "server_port", server.port().to_string().as_bytes());
    }
    if let Some(hello) = origin.hello {
        record::put_attribute(out, "helo_name", &hello.name);
    }
    let protocol = origin.hello.map_or("SMTP", Hello::protocol);
    record::put_attribute(out, "protocol_name", protocol.as_bytes());
    // The numbers of the address families, which milters are told.
    let family: &[u8] = match peer.address {
        Some(std::net::IpAddr::V6(_)) => b"10",
        _ => b"2",
    };
    record::put_attribute(out, "client_address_type", family);
}

/// The records of one recipient.
pub fn recipient(letter: &mut Letter, address: &Address, parameters: &RcptParameters) {
    recipient_records(letter.buffer(), address, parameters);
}

fn recipient_records(out: &mut Vec<u8>, address: &Address, parameters: &RcptParameters) {
    let notify = parameters.notify.bits();
    if notify != 0 {
        record::put_attribute(out, "notify_flags", notify.to_string().as_bytes());
    }
    let orcpt = if parameters.orcpt.is_empty() {
        let external = mail::quote::quote_822(address.as_bytes());
        let kind: &[u8] = if external.is_ascii() {
            b"rfc822;"
        } else {
            b"utf-8;"
        };
        [kind, &*external].concat()
    } else {
        parameters.orcpt.clone()
    };
    record::put_attribute(out, "dsn_orig_rcpt", &orcpt);
    record::put(out, RecordType::ORIGINAL, address.as_bytes());
    record::put(out, RecordType::RECIPIENT, address.as_bytes());
}

/// The start of the content and the headers that smtpd adds.
pub fn content(letter: &mut Letter, headers: &[Vec<u8>], received: &[Vec<u8>]) {
    let out = letter.buffer();
    record::put(out, RecordType::MESSAGE, b"");
    for line in headers.iter().chain(received) {
        record::put(out, RecordType::LINE, line);
    }
}

/// The end of the content and of the letter. `known` is what cleanup was asked to do when the letter began.
pub fn end(letter: &mut Letter, effects: &Effects, known: Flags) {
    let out = letter.buffer();
    record::put(out, RecordType::EXTRACTED, b"");
    if let Some(filter) = &effects.filter {
        record::put(out, RecordType::FILTER, filter);
    }
    if let Some(redirect) = &effects.redirect {
        record::put(out, RecordType::REDIRECT, redirect.as_bytes());
    }
    for copy in &effects.copies {
        recipient_records(out, copy, &RcptParameters::default());
    }
    // Flags that a table asked for after the letter had begun, by their numbers in queue files.
    for (wanted, flag, number) in [
        (effects.hold, Flags::HOLD, "4"),
        (effects.discard, Flags::DISCARD, "8"),
    ] {
        if wanted && !known.contains(flag) {
            record::put(out, RecordType::FLAGS, number.as_bytes());
        }
    }
    record::put(out, RecordType::END, b"");
}
