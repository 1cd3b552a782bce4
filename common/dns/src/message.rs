//! Queries and answers as bytes. The only file that knows the `domain` crate. Pure; fuzzed with any bytes.
//!
//! [`Query::new`] builds a question, [`Query::read`] takes what a server sent: `None` when it is no answer to this
//! question, else a [`Reply`] whose records belong to the name at the end of the alias chain. An answer's size, its number
//! of records and its aliases are bounded.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use domain::base::iana::{Class, Rcode};
use domain::base::name::{Name, ParsedName};
use domain::base::{Message, MessageBuilder, ParsedRecord, Rtype, ToName};
use domain::rdata::{A, Aaaa, Cname, Mx as MxData, Ptr, Txt};

/// The record types that mail needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// Version 4 address.
    A,
    /// Version 6 address.
    Aaaa,
    /// Mail exchanger.
    Mx,
    /// Name of an address.
    Ptr,
    /// Text.
    Txt,
    /// Alias.
    Cname,
}

/// A mail exchanger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mx {
    /// Lower is better.
    pub preference: u16,
    /// The host, without the dot at the end; empty for the root (null MX).
    pub exchange: String,
}

/// What a record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Data {
    /// A or AAAA.
    Address(IpAddr),
    /// MX.
    Mx(Mx),
    /// PTR or CNAME.
    Name(String),
    /// TXT, its pieces joined.
    Text(Vec<u8>),
}

/// What a server said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// In four kinds.
    pub code: Code,
    /// The answer did not fit.
    pub truncated: bool,
    /// The server says that it validated the answer (AD bit).
    pub authentic: bool,
    /// The name at the end of the chain of aliases, when there is one.
    pub alias_of: Option<String>,
    /// The records of the type asked for, of that name.
    pub records: Vec<Data>,
    /// The shortest time to live of the records and aliases, in seconds.
    pub ttl: u32,
}

/// The reply code, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// NOERROR.
    Fine,
    /// NXDOMAIN.
    NoName,
    /// FORMERR or NOTIMP: perhaps because of EDNS.
    NotUnderstood,
    /// SERVFAIL, REFUSED and all others.
    Failed,
}

/// A question on its way.
pub struct Query {
    name: Name<Vec<u8>>,
    kind: Kind,
    message: Vec<u8>,
}

impl Query {
    /// Ask for a type of a name; `None` when the name cannot be asked for.
    #[must_use]
    pub fn new(name: &str, kind: Kind, id: u16, edns: bool) -> Option<Self> {
        let name = Name::<Vec<u8>>::from_str(name).ok()?;
        let mut builder = MessageBuilder::new_vec();
        let header = builder.header_mut();
        header.set_id(id);
        header.set_rd(true);
        header.set_ad(true);
        let mut question = builder.question();
        question.push((&name, kind.number())).ok()?;
        let mut additional = question.additional();
        if edns {
            let size = |opt: &mut domain::base::message_builder::OptBuilder<'_, Vec<u8>>| {
                opt.set_udp_payload_size(EDNS_SIZE);
                Ok(())
            };
            additional.opt(size).ok()?;
        }
        let message = additional.finish();
        Some(Self {
            name,
            kind,
            message,
        })
    }

    /// The bytes to send.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.message
    }

    /// Read what a server sent; `None` when it is not an answer to this question, or damaged.
    #[must_use]
    pub fn read(&self, bytes: &[u8]) -> Option<Reply> {
        let message = Message::from_octets(bytes).ok()?;
        let query = Message::from_octets(self.message.as_slice()).ok()?;
        let header = message.header();
        let code = match header.rcode() {
            Rcode::NOERROR => Code::Fine,
            Rcode::NXDOMAIN => Code::NoName,
            Rcode::FORMERR | Rcode::NOTIMP => Code::NotUnderstood,
            _ => Code::Failed,
        };
        // A server that did not understand may leave the question out.
        let bare = code == Code::NotUnderstood && message.header_counts().qdcount() == 0;
        let ours = message.is_answer(&query)
            || (bare && header.qr() && header.id() == query.header().id());
        if !ours {
            return None;
        }
        let mut reply = Reply {
            code,
            truncated: header.tc(),
            authentic: header.ad(),
            alias_of: None,
            records: Vec::new(),
            ttl: u32::MAX,
        };
        if !bare && !header.tc() {
            self.take_records(&message, &mut reply)?;
        }
        Some(reply)
    }

    fn take_records(&self, message: &Message<&[u8]>, reply: &mut Reply) -> Option<()> {
        let mut records = Vec::new();
        for record in message.answer().ok()?.take(MAX_RECORDS * 2) {
            let record = record.ok()?;
            if record.class() == Class::IN {
                records.push(record);
            }
        }
        let owner = self.follow_aliases(&records, reply)?;
        for record in &records {
            if record.rtype() != self.kind.number() || !record.owner().name_eq(&owner) {
                continue;
            }
            if reply.records.len() == MAX_RECORDS {
                break;
            }
            reply.records.push(self.kind.data(record)?);
            reply.ttl = reply.ttl.min(record.ttl().as_secs());
        }
        Some(())
    }

    /// Walk from alias to alias within the answer, as far as it goes.
    fn follow_aliases(&self, records: &[Parsed<'_>], reply: &mut Reply) -> Option<Name<Vec<u8>>> {
        let mut owner = self.name.clone();
        if self.kind == Kind::Cname {
            return Some(owner);
        }
        for _ in 0..MAX_ALIASES {
            let alias = records
                .iter()
                .find(|record| record.rtype() == Rtype::CNAME && record.owner().name_eq(&owner));
            let Some(alias) = alias else {
                return Some(owner);
            };
            let data: Cname<ParsedName<&[u8]>> = alias.to_record().ok()??.into_data();
            owner = data.cname().to_name();
            reply.ttl = reply.ttl.min(alias.ttl().as_secs());
            reply.alias_of = Some(plain(&owner));
        }
        None
    }
}

type Parsed<'a> = ParsedRecord<'a, &'a [u8]>;

impl Kind {
    const fn number(self) -> Rtype {
        match self {
            Self::A => Rtype::A,
            Self::Aaaa => Rtype::AAAA,
            Self::Mx => Rtype::MX,
            Self::Ptr => Rtype::PTR,
            Self::Txt => Rtype::TXT,
            Self::Cname => Rtype::CNAME,
        }
    }

    fn data(self, record: &Parsed<'_>) -> Option<Data> {
        Some(match self {
            Self::A => {
                let data: A = record.to_record().ok()??.into_data();
                Data::Address(IpAddr::V4(data.addr()))
            }
            Self::Aaaa => {
                let data: Aaaa = record.to_record().ok()??.into_data();
                Data::Address(IpAddr::V6(data.addr()))
            }
            Self::Mx => {
                let data: MxData<ParsedName<&[u8]>> = record.to_record().ok()??.into_data();
                Data::Mx(Mx {
                    preference: data.preference(),
                    exchange: plain(data.exchange()),
                })
            }
            Self::Ptr => {
                let data: Ptr<ParsedName<&[u8]>> = record.to_record().ok()??.into_data();
                Data::Name(plain(data.ptrdname()))
            }
            Self::Cname => {
                let data: Cname<ParsedName<&[u8]>> = record.to_record().ok()??.into_data();
                Data::Name(plain(data.cname()))
            }
            Self::Txt => {
                let data: Txt<&[u8]> = record.to_record().ok()??.into_data();
                Data::Text(
                    data.iter_charstrs()
                        .flat_map(|piece| piece.as_slice().to_vec())
                        .collect(),
                )
            }
        })
    }
}

/// A name without the dot at its end; other bytes than printable ones come out escaped.
fn plain(name: &impl ToName) -> String {
    let name: Name<Vec<u8>> = name.to_name();
    name.to_string().trim_end_matches('.').to_owned()
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Mx => "MX",
            Self::Ptr => "PTR",
            Self::Txt => "TXT",
            Self::Cname => "CNAME",
        })
    }
}

/// What fits into a datagram without fragments (DNS flag day 2020).
const EDNS_SIZE: u16 = 1232;

/// The most records that a lookup returns.
pub const MAX_RECORDS: usize = 100;

/// The longest chain of aliases.
pub const MAX_ALIASES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_harmless(kind in 0usize..6, damage in proptest::collection::vec((0usize..120, any::<u8>()), 0..12), tail in proptest::collection::vec(any::<u8>(), 0..80)) {
            let kinds = [Kind::A, Kind::Aaaa, Kind::Mx, Kind::Ptr, Kind::Txt, Kind::Cname];
            let query = Query::new("a.example", kinds[kind], 7, false).unwrap();
            let mut bytes = query.bytes().to_vec();
            bytes[2] |= 0x80;
            bytes[7] = 3;
            bytes.extend_from_slice(&[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 4, 1, b'b', 0xc0, 14]);
            bytes.extend_from_slice(&tail);
            for (at, byte) in damage {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            let _ = query.read(&bytes);
        }

        #[test]
        fn any_name_is_harmless(name in "\\PC{0,80}") {
            let _ = Query::new(&name, Kind::A, 1, true);
        }
    }
}
