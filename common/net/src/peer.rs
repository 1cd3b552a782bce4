//! How addresses are printed: in logs, in headers and in SMTP commands.
//!
//! Scope ids are never printed; version 4 addresses mapped into version 6 print as version 4.

use std::net::{IpAddr, SocketAddr};

use crate::cidr::canonical;

/// The other end of a connection, as the protocols print it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Peer {
    /// The address, never a mapped one.
    pub address: IpAddr,
    /// The port at the peer's end.
    pub port: u16,
}

impl Peer {
    /// From what the kernel says.
    #[must_use]
    pub fn new(socket: SocketAddr) -> Self {
        Self {
            address: canonical(socket.ip()),
            port: socket.port(),
        }
    }

    /// `192.0.2.1` or `IPv6:2001:db8::1`, as RFC 5321 section 4.1.3 writes them inside brackets.
    #[must_use]
    pub fn rfc_address(&self) -> String {
        rfc_address(self.address)
    }
}

/// `192.0.2.1` or `IPv6:2001:db8::1`.
#[must_use]
pub fn rfc_address(address: IpAddr) -> String {
    match canonical(address) {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("IPv6:{v6}"),
    }
}

/// An address literal with brackets: `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
#[must_use]
pub fn literal(address: IpAddr) -> String {
    format!("[{}]", rfc_address(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let peer = Peer::new("[::ffff:192.0.2.1]:25".parse().unwrap());
        assert_eq!(peer.rfc_address(), "192.0.2.1");
        assert_eq!(
            literal("2001:db8::1".parse().unwrap()),
            "[IPv6:2001:db8::1]"
        );
    }
}
