//! Conversations with servers: logging in, asking, and going where a cluster keeps a key.

use std::collections::HashMap;
use std::io::{BufReader, Write};
use std::time::Duration;

use driver::{Fault, Stream, Tls};

use crate::query::encoded;
use crate::reply::{self, Limits, Reply, failed};

/// A key that is moved about may be at the next node, but not for ever.
const MAX_HOPS: usize = 5;
/// What a server says that will be able to answer later, or whose neighbours can.
const TROUBLE: [&str; 7] = [
    "LOADING",
    "CLUSTERDOWN",
    "MASTERDOWN",
    "TRYAGAIN",
    "BUSY",
    "READONLY",
    "UNKILLABLE",
];

/// How to get in.
#[derive(Debug, Clone)]
pub struct Access {
    /// The user, for servers with more than one.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The number of the database.
    pub database: u64,
    /// TLS, if it is wanted.
    pub tls: Option<Tls>,
    /// How long connecting and each reply may take.
    pub timeout: Duration,
    /// How much is taken of a reply.
    pub limits: Limits,
}

/// Connections to a server and to the nodes of its cluster.
pub struct Session {
    access: Access,
    /// The server that was asked first.
    first: String,
    nodes: HashMap<String, Node>,
    /// Which node has a slot, as far as it was told.
    slots: HashMap<u16, String>,
}

struct Node(BufReader<Stream>);

impl Session {
    /// Connect to a server, `inet:host:port` or `unix:path`.
    pub fn connect(address: &str, access: &Access) -> Result<Self, String> {
        let node = Node::connect(address, access)?;
        Ok(Self {
            access: access.clone(),
            first: address.to_owned(),
            nodes: HashMap::from([(address.to_owned(), node)]),
            slots: HashMap::new(),
        })
    }

    /// Ask, wherever the key is.
    pub fn ask(&mut self, command: &[Vec<u8>]) -> Result<Reply, Fault> {
        let slot = command.get(1).map(|key| crate::slot(key));
        let known = slot.and_then(|slot| self.slots.get(&slot)).cloned();
        let mut address = known.unwrap_or_else(|| self.first.clone());
        let mut asking = false;
        let limits = self.access.limits;
        for _ in 0..MAX_HOPS {
            let said = match self.node(&address)?.ask(command, asking, limits) {
                Ok(Reply::Error(said)) => said,
                Ok(reply) => return Ok(reply),
                Err(fault) => {
                    self.forget(&address);
                    return Err(fault);
                }
            };
            let mut words = said.split(' ');
            match (words.next(), words.next(), words.next()) {
                (Some(word @ ("MOVED" | "ASK")), Some(number), Some(place)) => {
                    asking = word == "ASK";
                    address = self.place(place, &address);
                    if let (false, Ok(slot)) = (asking, number.parse()) {
                        self.slots.insert(slot, address.clone());
                    }
                }
                (Some(word), ..) if TROUBLE.contains(&word) => return Err(Fault::Late(said)),
                (Some("NOAUTH"), ..) => return Err(Fault::Lost(said)),
                _ => return Err(Fault::Unusable(said)),
            }
        }
        Err(Fault::Late(
            "the cluster's nodes do not agree where the key is".to_owned(),
        ))
    }

    /// The address in a redirection; one without a host is at the host that said it.
    fn place(&self, place: &str, from: &str) -> String {
        if !place.starts_with(':') {
            return format!("inet:{place}");
        }
        let host = from.rsplit_once(':').map_or(from, |(host, _)| host);
        format!("{host}{place}")
    }

    fn node(&mut self, address: &str) -> Result<&mut Node, Fault> {
        if !self.nodes.contains_key(address) {
            let node = Node::connect(address, &self.access).map_err(|reason| {
                self.forget(address);
                Fault::Lost(format!("{address}: {reason}"))
            })?;
            self.nodes.insert(address.to_owned(), node);
        }
        self.nodes
            .get_mut(address)
            .ok_or_else(|| Fault::Lost("no connection".to_owned()))
    }

    /// A node that failed may have been replaced by another.
    fn forget(&mut self, address: &str) {
        self.nodes.remove(address);
        self.slots.retain(|_, node| node != address);
    }
}

impl Node {
    fn connect(address: &str, access: &Access) -> Result<Self, String> {
        let mut stream = Stream::connect(address, access.timeout)?;
        if let Some(tls) = &access.tls {
            let host = address.strip_prefix("inet:").unwrap_or(address);
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            let host = host.trim_start_matches('[').trim_end_matches(']');
            stream = stream.secure(&tls.connector()?, host)?;
        }
        let mut node = Self(BufReader::new(stream));
        if let Some(password) = &access.password {
            let mut login = vec![b"AUTH".to_vec()];
            login.extend(access.user.iter().map(|user| user.clone().into_bytes()));
            login.push(password.clone().into_bytes());
            node.must(&login, access.limits)?;
        }
        if access.database != 0 {
            let number = access.database.to_string().into_bytes();
            node.must(&[b"SELECT".to_vec(), number], access.limits)?;
        }
        Ok(node)
    }

    fn must(&mut self, command: &[Vec<u8>], limits: Limits) -> Result<(), String> {
        match self.ask(command, false, limits) {
            Ok(Reply::Error(said)) => Err(said),
            Ok(_) => Ok(()),
            Err(fault) => Err(fault.to_string()),
        }
    }

    fn ask(&mut self, command: &[Vec<u8>], asking: bool, limits: Limits) -> Result<Reply, Fault> {
        let mut bytes = Vec::new();
        if asking {
            bytes.extend(encoded(&[b"ASKING".to_vec()]));
        }
        bytes.extend(encoded(command));
        let sent = self.0.get_mut().write_all(&bytes);
        sent.map_err(|error| failed(&error))?;
        if asking {
            reply::read(&mut self.0, limits)?;
        }
        reply::read(&mut self.0, limits)
    }
}
