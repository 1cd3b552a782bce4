//! The letter on its way into the queue: the records that smtpd writes, in the reference's order.
//!
//! Mostly the way leads to cleanup(8); a server that a user has started (`sendmail -bs`) has no right to talk to it and
//! hands its letters to postdrop(1), which accepts fewer kinds of records and tells the id only at the end.
//!
//! Envelope: arrival time, filter, attributes, sender, attributes of the client; then for each recipient its wishes, the
//! address as the client wrote it, and the address. After the content: what access tables asked for.

use command::postdrop::{Postdrop, PostdropError};
use mail::QueueId;
use mail::{Address, Ret};
use queue::record::{self, RecordType};
use records::cleanup::{Cleaner, Flags, Letter, Status};

use crate::command::parameter::RcptParameters;
use crate::forward::Forward;
use crate::hello::Hello;
use crate::peer::Peer;
use crate::reply::Reply;
use crate::transaction::{Effects, Transaction};

/// Where a letter goes.
pub enum Sink {
    /// Into a queue file.
    Cleanup(Letter),
    /// Into maildrop/.
    Postdrop(Submission),
}

/// A letter for postdrop.
pub struct Submission {
    postdrop: Postdrop,
    block: Vec<u8>,
}

/// How much goes to postdrop at once.
const BLOCK: usize = 64 * 1024;

impl Sink {
    /// Run postdrop.
    pub fn submission(program: &std::path::Path) -> std::io::Result<Self> {
        Ok(Self::Postdrop(Submission {
            postdrop: Postdrop::start(program)?,
            block: Vec::new(),
        }))
    }

    /// The letter's id, where it is known before the end.
    pub const fn id(&self) -> Option<&QueueId> {
        match self {
            Self::Cleanup(letter) => Some(letter.id()),
            Self::Postdrop(_) => None,
        }
    }

    /// Where records are appended.
    pub const fn buffer(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Cleanup(letter) => letter.buffer(),
            Self::Postdrop(submission) => &mut submission.block,
        }
    }

    /// Pass on what was appended, if it is enough; says whether that worked, and logs when not.
    pub async fn flow(&mut self) -> bool {
        match self {
            Self::Cleanup(letter) => {
                let result = letter.flow().await;
                if let Err(error) = &result {
                    maillog::warning!(
                        "{}: problem talking to service cleanup: {error}",
                        letter.id()
                    );
                }
                result.is_ok()
            }
            Self::Postdrop(submission) => submission.block.len() < BLOCK || submission.send(),
        }
    }

    /// The letter is complete; returns its id, or the reply to the client.
    pub async fn commit(self, cleaner: &Cleaner) -> Result<QueueId, Reply> {
        match self {
            Self::Cleanup(letter) => {
                let id = letter.id().clone();
                match cleaner.end(letter).await {
                    Ok(outcome) if outcome.status == Status::Ok => Ok(id),
                    Ok(outcome) => Err(crate::command::data::verdict(&outcome)),
                    Err(error) => {
                        maillog::warning!("{id}: problem talking to service cleanup: {error}");
                        Err(crate::command::rcpt_to::queue_error())
                    }
                }
            }
            Self::Postdrop(submission) => submission.finish(),
        }
    }
}

impl Submission {
    fn send(&mut self) -> bool {
        let block = std::mem::take(&mut self.block);
        self.postdrop.send(&block).is_ok()
    }

    fn finish(mut self) -> Result<QueueId, Reply> {
        // When sending fails, postdrop says why.
        self.send();
        match self.postdrop.finish() {
            Ok(id) => QueueId::new(&id).ok_or_else(crate::command::rcpt_to::queue_error),
            Err(PostdropError::Refused { code, status, text }) => {
                let status = mail::DsnStatus::parse(status.as_bytes());
                let text = text.into_bytes();
                Err(match status {
                    Some(status) => Reply::with_status(code, status, text),
                    None => Reply::plain(code, text),
                })
            }
            Err(PostdropError::Lost(error)) => {
                maillog::warning!("problem running postdrop: {error}");
                Err(crate::command::rcpt_to::queue_error())
            }
        }
    }
}

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
pub fn begin(sink: &mut Sink, transaction: &Transaction, origin: &Origin<'_>) {
    let Some(id) = sink.id().map(ToString::to_string) else {
        let out = sink.buffer();
        record::put_attribute(out, "rewrite_context", b"local");
        wishes(out, transaction);
        return;
    };
    let out = sink.buffer();
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
    wishes(out, transaction);
    logged_client(out, origin);
    actual_client(out, origin);
}

/// What MAIL said.
fn wishes(out: &mut Vec<u8>, transaction: &Transaction) {
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
pub fn recipient(sink: &mut Sink, address: &Address, parameters: &RcptParameters) {
    let whole = matches!(sink, Sink::Cleanup(_));
    recipient_records(sink.buffer(), address, parameters, whole);
}

fn recipient_records(
    out: &mut Vec<u8>,
    address: &Address,
    parameters: &RcptParameters,
    original: bool,
) {
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
    if original {
        record::put(out, RecordType::ORIGINAL, address.as_bytes());
    }
    record::put(out, RecordType::RECIPIENT, address.as_bytes());
}

/// The start of the content and the headers that smtpd adds.
pub fn content(sink: &mut Sink, headers: &[Vec<u8>], received: &[Vec<u8>]) {
    let out = sink.buffer();
    record::put(out, RecordType::MESSAGE, b"");
    for line in headers.iter().chain(received) {
        record::put(out, RecordType::LINE, line);
    }
}

/// The end of the content and of the letter. `known` is what cleanup was asked to do when the letter began.
pub fn end(sink: &mut Sink, effects: &Effects, known: Flags) {
    let out = sink.buffer();
    record::put(out, RecordType::EXTRACTED, b"");
    if let Some(filter) = &effects.filter {
        record::put(out, RecordType::FILTER, filter);
    }
    if let Some(redirect) = &effects.redirect {
        record::put(out, RecordType::REDIRECT, redirect.as_bytes());
    }
    for copy in &effects.copies {
        recipient_records(out, copy, &RcptParameters::default(), true);
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
