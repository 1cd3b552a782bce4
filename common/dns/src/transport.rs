//! Getting one question answered: the servers in turn, over UDP and, when an answer does not fit, TCP.
//!
//! Every datagram has a fresh socket, and so a port that the kernel chose at random, and an unpredictable id; the
//! socket is connected, so only the server's own packets arrive. What is no answer to the question is ignored.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::failure::Why;
use crate::message::{Code, Kind, Query, Reply};
use crate::resolv_conf::ResolvConf;

/// Asks the servers of a resolv.conf.
#[derive(Debug)]
pub struct Transport {
    conf: ResolvConf,
    random: RandomState,
    asked: Cell<u64>,
}

impl Transport {
    /// For these servers.
    #[must_use]
    pub fn new(conf: ResolvConf) -> Self {
        Self {
            conf,
            random: RandomState::new(),
            asked: Cell::new(0),
        }
    }

    /// How names are asked for.
    #[must_use]
    pub const fn conf(&self) -> &ResolvConf {
        &self.conf
    }

    /// Ask until a server answers with records, without records, or that the name does not exist.
    pub async fn ask(&self, name: &str, kind: Kind) -> Result<Reply, Why> {
        let servers = &self.conf.servers;
        let first = if self.conf.rotate {
            self.random_u16()
        } else {
            0
        };
        for _ in 0..self.conf.attempts {
            for index in 0..servers.len() {
                let Some(&server) = servers.get((usize::from(first) + index) % servers.len())
                else {
                    continue;
                };
                let reply = self
                    .ask_server(server, name, kind, !self.conf.no_edns)
                    .await?;
                if let Some(reply) = reply {
                    return Ok(reply);
                }
            }
        }
        Err(Why::Temporary)
    }

    /// Ask one server; `None` when it gave nothing to go by.
    async fn ask_server(
        &self,
        server: SocketAddr,
        name: &str,
        kind: Kind,
        edns: bool,
    ) -> Result<Option<Reply>, Why> {
        let query = Query::new(name, kind, self.random_u16(), edns).ok_or(Why::Invalid)?;
        let reply = match self.over_udp(server, &query).await {
            Some(reply) if reply.truncated => self.over_tcp(server, &query).await,
            reply => reply,
        };
        match reply {
            Some(reply) if reply.code == Code::NotUnderstood && edns => {
                Box::pin(self.ask_server(server, name, kind, false)).await
            }
            Some(reply) if matches!(reply.code, Code::Fine | Code::NoName) => Ok(Some(reply)),
            _ => Ok(None),
        }
    }

    async fn over_udp(&self, server: SocketAddr, query: &Query) -> Option<Reply> {
        if self.conf.use_vc {
            return self.over_tcp(server, query).await;
        }
        let asking = datagram(server, query);
        limited(self.conf.timeout, asking).await
    }

    async fn over_tcp(&self, server: SocketAddr, query: &Query) -> Option<Reply> {
        limited(self.conf.timeout, connection(server, query)).await
    }

    /// Not to be guessed from outside: a keyed hash of a counter.
    fn random_u16(&self) -> u16 {
        let count = self.asked.get();
        self.asked.set(count.wrapping_add(1));
        let [low, high, ..] = self.random.hash_one(count).to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}

async fn limited(
    limit: Duration,
    asking: impl Future<Output = io::Result<Option<Reply>>>,
) -> Option<Reply> {
    timeout(limit, asking).await.ok()?.ok()?
}

async fn datagram(server: SocketAddr, query: &Query) -> io::Result<Option<Reply>> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(query.bytes()).await?;
    let mut buffer = [0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let reply = query.read(buffer.get(..length).unwrap_or_default());
        if reply.is_some() {
            return Ok(reply);
        }
    }
}

async fn connection(server: SocketAddr, query: &Query) -> io::Result<Option<Reply>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(query.bytes().len()).map_err(io::Error::other)?;
    let mut request = length.to_be_bytes().to_vec();
    request.extend_from_slice(query.bytes());
    stream.write_all(&request).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Ok(query.read(&answer))
}
