//! Connecting, with a time limit and a source address.
//!
//! [`tcp`] and [`unix`] need a tokio runtime. An error says whether binding or connecting failed; `Display` is the
//! reason only (`Connection refused`), because log lines put the peer before it. Never retries.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::time::timeout;

/// Why there is no connection.
#[derive(Debug)]
pub enum ConnectError {
    /// The source address cannot be used.
    Bind(IpAddr, io::Error),
    /// The peer or the network refused.
    Refused(io::Error),
    /// The time was over.
    TimedOut,
}

/// Connect to a TCP peer. No time limit but the kernel's when `limit` is zero.
pub async fn tcp(
    peer: SocketAddr,
    source: Option<IpAddr>,
    limit: Duration,
) -> Result<TcpStream, ConnectError> {
    let socket = match peer {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    };
    let socket = socket.map_err(ConnectError::Refused)?;
    if let Some(source) = source {
        let bound = socket.bind(SocketAddr::new(source, 0));
        bound.map_err(|error| ConnectError::Bind(source, error))?;
    }
    let stream = limited(limit, socket.connect(peer)).await?;
    // Whole commands and blocks are written at once; waiting to fill a segment would only add latency.
    stream.set_nodelay(true).map_err(ConnectError::Refused)?;
    Ok(stream)
}

/// Connect to a socket in the file system.
pub async fn unix(path: &Path, limit: Duration) -> Result<UnixStream, ConnectError> {
    limited(limit, UnixStream::connect(path)).await
}

async fn limited<T>(
    limit: Duration,
    connecting: impl Future<Output = io::Result<T>>,
) -> Result<T, ConnectError> {
    if limit.is_zero() {
        return connecting.await.map_err(ConnectError::Refused);
    }
    match timeout(limit, connecting).await {
        Ok(result) => result.map_err(ConnectError::Refused),
        Err(_) => Err(ConnectError::TimedOut),
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(source, error) => write!(f, "bind {source}: {}", sys::reason(error)),
            Self::Refused(error) => f.write_str(&sys::reason(error)),
            Self::TimedOut => f.write_str("Connection timed out"),
        }
    }
}

impl std::error::Error for ConnectError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_port_refuses() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        tcp(place, Some(place.ip()), Duration::from_secs(5))
            .await
            .unwrap();
        drop(listener);
        let error = tcp(place, None, Duration::ZERO).await.unwrap_err();
        assert_eq!(error.to_string(), "Connection refused");
        let elsewhere = Some("192.0.2.1".parse().unwrap());
        let error = tcp(place, elsewhere, Duration::ZERO).await.unwrap_err();
        assert!(matches!(error, ConnectError::Bind(..)), "{error}");
    }
}
