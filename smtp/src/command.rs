//! The commands of a transaction, as bytes. Pure.

use mail::{Notify, Recipient, Ret};
use records::delivery::{Client, Message};

use crate::features::Features;
use crate::phase::Phase;
use crate::settings::Settings;

/// A command that waits for its reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// RSET.
    Rset,
    /// XFORWARD with name, address and port.
    XforwardName,
    /// XFORWARD with protocol, hello name, identity and source.
    XforwardHelo,
    /// MAIL.
    Mail,
    /// RCPT for the recipient at this place.
    Rcpt(usize),
    /// DATA.
    Data,
}

impl Command {
    /// The phase that a reply to this command ends.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            Self::Rset => Phase::Rset,
            Self::XforwardName => Phase::XforwardName,
            Self::XforwardHelo => Phase::XforwardHelo,
            Self::Mail => Phase::Mail,
            Self::Rcpt(_) => Phase::Rcpt,
            Self::Data => Phase::Data,
        }
    }
}

/// `MAIL FROM:<...>` with the parameters that the server knows.
pub fn mail(output: &mut Vec<u8>, features: &Features, settings: &Settings, message: &Message) {
    output.extend_from_slice(b"MAIL FROM:<");
    address(output, settings, message.sender.as_bytes());
    output.push(b'>');
    if features.size.is_some() {
        output.extend_from_slice(format!(" SIZE={}", message.data_size).as_bytes());
    }
    if features.eight_bit {
        match message.encoding.as_str() {
            "8bit" => output.extend_from_slice(b" BODY=8BITMIME"),
            "7bit" => output.extend_from_slice(b" BODY=7BIT"),
            _ => {}
        }
    }
    if message.smtputf8 && features.smtputf8 {
        output.extend_from_slice(b" SMTPUTF8");
    }
    if features.dsn {
        if !message.envelope_id.is_empty() {
            output.extend_from_slice(b" ENVID=");
            output.extend_from_slice(&message.envelope_id);
        }
        match message.ret {
            Ret::Unset => {}
            Ret::Full => output.extend_from_slice(b" RET=FULL"),
            Ret::Headers => output.extend_from_slice(b" RET=HDRS"),
        }
    }
    output.extend_from_slice(b"\r\n");
}

/// `RCPT TO:<...>` with the parameters that the server knows.
pub fn rcpt(output: &mut Vec<u8>, features: &Features, settings: &Settings, recipient: &Recipient) {
    output.extend_from_slice(b"RCPT TO:<");
    address(output, settings, recipient.address.as_bytes());
    output.push(b'>');
    if features.dsn {
        if !recipient.dsn_orcpt.is_empty() {
            output.extend_from_slice(b" ORCPT=");
            // An address beyond ASCII is sent as utf-8 text, which needs no other quoting.
            if recipient.dsn_orcpt.is_ascii() {
                output.extend_from_slice(&text::xtext::encode(&recipient.dsn_orcpt));
            } else {
                output.extend_from_slice(&recipient.dsn_orcpt);
            }
        }
        let mut before = b" NOTIFY=".as_slice();
        for (wish, word) in WISHES {
            if recipient.dsn_notify.contains(wish) {
                output.extend_from_slice(before);
                output.extend_from_slice(word);
                before = b",";
            }
        }
    }
    output.extend_from_slice(b"\r\n");
}

/// `XFORWARD NAME=... ADDR=... PORT=...`, as far as the server takes them.
pub fn xforward_name(output: &mut Vec<u8>, features: &Features, client: &Client) {
    let attributes = [
        ("NAME", client.name.as_slice()),
        ("ADDR", &client.address),
        ("PORT", &client.port),
    ];
    xforward(output, features, &attributes);
}

/// `XFORWARD PROTO=... HELO=... IDENT=... SOURCE=...`, as far as the server takes them.
pub fn xforward_helo(output: &mut Vec<u8>, features: &Features, message: &Message) {
    let client = &message.client;
    let ident = if client.log_ident.is_empty() {
        message.id.as_str().as_bytes()
    } else {
        &client.log_ident
    };
    let source: &[u8] = if message.rewrite_context == "local" {
        b"LOCAL"
    } else {
        b"REMOTE"
    };
    let attributes = [
        ("PROTO", client.protocol.as_slice()),
        ("HELO", &client.helo),
        ("IDENT", ident),
        ("SOURCE", source),
    ];
    xforward(output, features, &attributes);
}

fn xforward(output: &mut Vec<u8>, features: &Features, attributes: &[(&str, &[u8])]) {
    output.extend_from_slice(b"XFORWARD");
    for (name, value) in attributes {
        if features.xforward.iter().any(|known| known == name) {
            output.extend_from_slice(format!(" {name}=").as_bytes());
            let value: &[u8] = if value.is_empty() { UNAVAILABLE } else { value };
            output.extend_from_slice(&text::xtext::encode(value));
        }
    }
    output.extend_from_slice(b"\r\n");
}

/// An envelope address as the wire has it.
fn address(output: &mut Vec<u8>, settings: &Settings, internal: &[u8]) {
    if settings.quote_envelope {
        output.extend_from_slice(&mail::quote::quote_821(internal));
    } else {
        output.extend_from_slice(internal);
    }
}

const WISHES: [(Notify, &[u8]); 4] = [
    (Notify::NEVER, b"NEVER"),
    (Notify::SUCCESS, b"SUCCESS"),
    (Notify::FAILURE, b"FAILURE"),
    (Notify::DELAY, b"DELAY"),
];

const UNAVAILABLE: &[u8] = b"[UNAVAILABLE]";
