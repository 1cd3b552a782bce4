//! A letter in memory while it is active.

use std::fs::File;
use std::rc::Rc;

use mail::stats::Moment;
use mail::{QueueId, Recipient};
use queue::Letter;
use records::delivery;
use records::delivery::Flags;

/// How a message became active, which says what may have happened to it before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// Cleanup has just announced it: it has no history.
    New,
    /// Found in a folder.
    Found,
}

/// An active message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: QueueId,
    /// What every delivery request says about it.
    pub(crate) facts: delivery::Message,
    pub(crate) flags: Flags,
    /// Its content filter, `transport:nexthop`.
    pub(crate) filter: Vec<u8>,
    pub(crate) verp: Vec<u8>,
    pub(crate) redirect: Option<mail::Address>,
    /// When the sender is to be warned, and where the file says so.
    pub(crate) warning: Option<(u64, u64)>,
    /// Where the trace flags stand.
    pub(crate) trace_offset: Option<u64>,
    pub(crate) active: Moment,
    /// The open queue file, while there is something left to read from it or to hand over.
    pub(crate) file: Option<Rc<File>>,
    /// Recipients that were read and are not routed yet.
    pub(crate) unrouted: Vec<Recipient>,
    /// Recipients that were read, and whose fate is not known yet.
    pub(crate) pending: usize,
    /// The envelope, when it has more recipients than were read.
    pub(crate) rest: Option<Letter>,
    pub(crate) state: State,
}

/// What is known about the message's fate so far, and how to treat it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct State {
    /// A recipient is to be tried again.
    pub(crate) deferred: bool,
    /// Its file has left active/ by another's hand.
    pub(crate) gone: bool,
    /// The bounce log may have entries.
    pub(crate) bounced: bool,
    /// The trace log may have entries.
    pub(crate) traced: bool,
    /// The administrator wants it returned.
    pub(crate) force_expire: bool,
    /// The administrator wants it tried in spite of dead destinations.
    pub(crate) fresh: bool,
    /// It is tried although its transport is in defer_transports.
    pub(crate) flushed: bool,
}

impl Message {
    pub(crate) fn new(id: QueueId, letter: Letter, state: State) -> Self {
        let facts = facts(&id, &letter);
        let (trace, trace_offset) = letter
            .trace
            .map_or((0, None), |(flags, offset)| (flags, Some(offset)));
        let mut message = Self {
            id,
            facts,
            flags: Flags {
                record: trace & RECORD != 0,
                user_verify: trace & USER_VERIFY != 0,
                mta_verify: trace & MTA_VERIFY != 0,
                more_mail: false,
                reuse: false,
            },
            filter: Vec::new(),
            verp: Vec::new(),
            redirect: None,
            warning: letter.warning.filter(|(seconds, _)| *seconds > 0),
            trace_offset: trace_offset.filter(|_| trace != 0),
            active: Moment::now(),
            file: None,
            unrouted: Vec::new(),
            pending: 0,
            rest: None,
            state,
        };
        message.take(letter);
        message
    }

    /// Take over what was read of the envelope, and keep it if there is more.
    pub(crate) fn take(&mut self, mut letter: Letter) {
        self.unrouted = std::mem::take(&mut letter.recipients);
        self.filter.clone_from(&letter.filter);
        self.verp.clone_from(&letter.verp);
        self.redirect.clone_from(&letter.redirect);
        self.pending = self.unrouted.len();
        self.rest = letter.more.is_some().then_some(letter);
    }

    /// Whether it is only asked what would happen.
    pub(crate) const fn is_probe(&self) -> bool {
        self.flags.user_verify || self.flags.mta_verify
    }
}

/// The bits of the trace_flags attribute.
const MTA_VERIFY: u32 = 256;
const USER_VERIFY: u32 = 512;
const RECORD: u32 = 1024;

fn facts(id: &QueueId, letter: &Letter) -> delivery::Message {
    let attribute = |name: &str| letter.attribute(name).to_vec();
    let text = |name: &str| String::from_utf8_lossy(letter.attribute(name)).into_owned();
    // What was forwarded about a client by another of our systems counts more than who handed the message over.
    let client = |name: &str, log_name: &str| {
        let logged = letter.attribute(log_name);
        if logged.is_empty() {
            attribute(name)
        } else {
            logged.to_vec()
        }
    };
    let length = if letter.size.content_length > 0 {
        letter.size.content_length
    } else {
        letter.size.message_size
    };
    delivery::Message {
        id: id.clone(),
        queue: "active".to_owned(),
        data_offset: letter.size.data_offset,
        data_size: length,
        sender: letter.sender.clone(),
        arrival: letter.arrival,
        encoding: text("encoding"),
        smtputf8: letter.size.send_options & 1 != 0,
        envelope_id: letter.dsn_envid.clone(),
        ret: letter.dsn_ret,
        client: delivery::Client {
            name: client("client_name", "log_client_name"),
            address: client("client_address", "log_client_address"),
            port: client("client_port", "log_client_port"),
            protocol: client("protocol_name", "log_protocol_name"),
            helo: client("helo_name", "log_helo_name"),
            log_ident: attribute("log_ident"),
        },
        sasl: delivery::Sasl {
            method: attribute("sasl_method"),
            username: attribute("sasl_username"),
            sender: attribute("sasl_sender"),
        },
        rewrite_context: text("rewrite_context"),
    }
}
