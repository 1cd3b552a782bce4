//! The client that a content filter speaks for (XFORWARD), as log lines and milters name it.

use crate::hello::Hello;
use crate::peer::{Peer, UNKNOWN};

/// What is known of the client behind the client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forward {
    pub name: String,
    pub address: String,
    pub port: String,
    /// Empty when not known.
    pub helo: Vec<u8>,
    pub protocol: String,
    /// Its letter's id; empty when not known.
    pub ident: String,
    /// `LOCAL` or `REMOTE`; empty when not said.
    pub source: String,
}

impl Default for Forward {
    fn default() -> Self {
        let unknown = || UNKNOWN.to_owned();
        Self {
            name: unknown(),
            address: unknown(),
            port: unknown(),
            helo: Vec::new(),
            protocol: unknown(),
            ident: String::new(),
            source: String::new(),
        }
    }
}

impl Forward {
    /// The client itself.
    pub fn of(peer: &Peer, hello: Option<&Hello>) -> Self {
        Self {
            name: peer.name.clone(),
            address: peer.address_text(),
            port: peer.port.clone(),
            helo: hello.map(|hello| hello.name.clone()).unwrap_or_default(),
            protocol: hello.map_or("SMTP", Hello::protocol).to_owned(),
            ident: String::new(),
            source: String::new(),
        }
    }

    /// `name[address]`.
    pub fn client(&self) -> String {
        format!("{}[{}]", self.name, self.address)
    }
}
