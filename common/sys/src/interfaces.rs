//! The addresses of this machine's network interfaces.

use std::io;
use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;

/// An address of an interface and the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface {
    /// The interface's own address.
    pub address: IpAddr,
    /// How many leading bits name the network.
    pub prefix: u8,
}

/// Every IPv4 and IPv6 address of every interface that is up, in the kernel's order.
pub fn interfaces() -> io::Result<Vec<Interface>> {
    let up = nix::net::if_::InterfaceFlags::IFF_UP;
    let entries = getifaddrs()?.filter(|entry| entry.flags.contains(up));
    let found = entries.filter_map(|entry| {
        let address = ip(entry.address.as_ref()?)?;
        let ones = match entry.netmask.as_ref().and_then(ip) {
            Some(IpAddr::V4(mask)) => mask.to_bits().leading_ones(),
            Some(IpAddr::V6(mask)) => mask.to_bits().leading_ones(),
            None => 128,
        };
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = u8::try_from(ones.min(bits)).ok()?;
        Some(Interface { address, prefix })
    });
    Ok(found.collect())
}

fn ip(socket: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = socket.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| socket.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_there() {
        let found = interfaces().unwrap();
        assert!(
            found
                .iter()
                .any(|interface| interface.address.is_loopback())
        );
    }
}
