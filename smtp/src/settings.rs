//! What the parameters of smtp(8) and lmtp(8) mean, as values.
//!
//! One struct for both: the reference has each parameter twice, as `smtp_...` and `lmtp_...`.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use dns::{Families, HostLookup, Search};
use mail::mime;
use net::interfaces::OwnAddresses;
use records::delivery::Message;

use crate::features::Features;
use crate::flags::Flags;

/// Everything that smtp and lmtp are told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether LMTP is spoken: LHLO, a reply for each recipient, no MX.
    pub lmtp: bool,
    /// This system's name.
    pub myhostname: String,
    /// What is said in EHLO.
    pub hello_name: String,
    /// EHLO even when the greeting does not ask for it.
    pub always_send_ehlo: bool,
    /// HELO only.
    pub never_send_ehlo: bool,
    /// Offers to overlook.
    pub discard_keywords: Vec<String>,
    /// A 5xx greeting sends us to the next server, not back to the sender.
    pub skip_5xx_greeting: bool,
    /// QUIT and go.
    pub skip_quit_response: bool,
    /// Pass on where mail came from.
    pub send_xforward: bool,
    /// Quote local parts that need it.
    pub quote_envelope: bool,
    /// Lines longer than this are folded; 0 for no limit.
    pub line_length_limit: usize,
    /// A delivery counts as final: success notices say "delivered", not "relayed".
    pub assume_final: bool,
    /// Lines to add, from master.cf.
    pub flags: Flags,
    /// Send 8-bit content as it is to whoever cannot take it.
    pub disable_mime_conversion: bool,
    /// How content is taken apart for servers without 8BITMIME.
    pub mime: mime::Options,
    /// Who is asked, and how.
    pub lookup: Lookup,
    /// The time limits.
    pub timeouts: Timeouts,
    /// Where connections come from.
    pub source: Source,
    /// How sessions are kept.
    pub reuse: Reuse,
    /// How long another program of the mail system may take.
    pub ipc_timeout: Duration,
}

impl Settings {
    /// Whether content must be converted before this server takes it.
    #[must_use]
    pub fn needs_seven_bit(&self, features: &Features, message: &Message) -> bool {
        !features.eight_bit && !self.disable_mime_conversion && message.encoding != "7bit"
    }
}

/// How servers are found.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The port when a destination names none.
    pub port: u16,
    /// inet_protocols.
    pub families: Families,
    /// Which family first, among equals.
    pub preference: Preference,
    /// Let both families survive the address limit.
    pub balance: bool,
    /// Shuffle addresses of equal preference.
    pub randomize: bool,
    /// The most addresses tried; 0 for no limit.
    pub address_limit: usize,
    /// The most sessions tried; 0 for no limit.
    pub session_limit: usize,
    /// DNS, native, or both.
    pub host: HostLookup,
    /// Completion of host names.
    pub search: Search,
    /// Go on with the host's address when the MX lookup fails.
    pub ignore_mx_lookup_error: bool,
    /// Defer when no MX host has an address.
    pub defer_if_no_mx_address: bool,
    /// Where to go when nothing else works.
    pub fallback: Vec<String>,
    /// Where mail is when we are the best MX; empty for nowhere.
    pub best_mx_transport: String,
    /// Our own addresses.
    pub own: OwnAddresses,
}

/// smtp_address_preference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preference {
    /// As they come.
    Any,
    /// Version 4 first.
    Ipv4,
    /// Version 6 first.
    Ipv6,
}

/// The time limits of the phases.
#[derive(Clone, Debug)]
pub struct Timeouts {
    /// Connecting; zero for the kernel's own limit.
    pub connect: Duration,
    /// Greeting and hello.
    pub hello: Duration,
    /// XFORWARD.
    pub xforward: Duration,
    /// MAIL.
    pub mail: Duration,
    /// RCPT.
    pub rcpt: Duration,
    /// DATA.
    pub data_init: Duration,
    /// Each write of content.
    pub data_transfer: Duration,
    /// The dot.
    pub data_done: Duration,
    /// RSET.
    pub rset: Duration,
    /// QUIT.
    pub quit: Duration,
    /// Count for whole requests instead of single reads and writes.
    pub per_request: bool,
    /// Bytes per second that extend a whole request's time.
    pub min_data_rate: u32,
}

/// Source addresses.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// For version 4 servers.
    pub ipv4: Option<Ipv4Addr>,
    /// For version 6 servers.
    pub ipv6: Option<Ipv6Addr>,
    /// Defer when the address cannot be used.
    pub enforce: bool,
}

/// How long sessions are kept, and used.
#[derive(Clone, Debug)]
pub struct Reuse {
    /// Keep sessions for destinations with more mail.
    pub on_demand: bool,
    /// Keep sessions for these destinations always.
    pub destinations: Vec<String>,
    /// How long a session may be idle.
    pub time_limit: Duration,
    /// How many letters a session may carry; 0 for no limit.
    pub count_limit: u32,
    /// How old a session may get.
    pub age_limit: Duration,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The stock values, with short time limits.
    pub(crate) fn settings() -> Settings {
        let short = Duration::from_millis(300);
        Settings {
            lmtp: false,
            myhostname: "ref.test".to_owned(),
            hello_name: "ref.test".to_owned(),
            always_send_ehlo: true,
            never_send_ehlo: false,
            discard_keywords: Vec::new(),
            skip_5xx_greeting: true,
            skip_quit_response: false,
            send_xforward: false,
            quote_envelope: true,
            line_length_limit: 998,
            assume_final: false,
            flags: Flags::default(),
            disable_mime_conversion: false,
            mime: mime::Options::default(),
            lookup: Lookup {
                port: 25,
                families: Families {
                    ipv4: true,
                    ipv6: true,
                },
                preference: Preference::Any,
                balance: true,
                randomize: true,
                address_limit: 5,
                session_limit: 2,
                host: HostLookup {
                    dns: true,
                    native: false,
                },
                search: Search::None,
                ignore_mx_lookup_error: false,
                defer_if_no_mx_address: false,
                fallback: Vec::new(),
                best_mx_transport: String::new(),
                own: OwnAddresses::default(),
            },
            timeouts: Timeouts {
                connect: short,
                hello: short,
                xforward: short,
                mail: short,
                rcpt: short,
                data_init: short,
                data_transfer: short,
                data_done: short,
                rset: short,
                quit: short,
                per_request: false,
                min_data_rate: 500,
            },
            source: Source::default(),
            ipc_timeout: short,
            reuse: Reuse {
                on_demand: true,
                destinations: Vec::new(),
                time_limit: Duration::from_secs(2),
                count_limit: 0,
                age_limit: Duration::from_secs(300),
            },
        }
    }
}
