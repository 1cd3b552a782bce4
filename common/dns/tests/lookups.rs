//! The resolver against a name server of the test's own, over real sockets.

#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use dns::{Families, HostLookup, Hosts, ResolvConf, Resolver, Search, Why};
use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, Rtype, Ttl};
use domain::rdata::{A, Aaaa, Cname, Mx, Txt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

const BOTH: Families = Families {
    ipv4: true,
    ipv6: true,
};

/// Answer by name: what each does stands in its name.
fn answer(query: &[u8], over_tcp: bool) -> Option<Vec<u8>> {
    let query = Message::from_octets(query).unwrap();
    let question = query.sole_question().unwrap();
    let (owner, kind) = (question.qname().to_string(), question.qtype());
    let name = |text: &str| Name::<Vec<u8>>::from_str(text).unwrap();
    let ttl = Ttl::from_secs(60);
    let code = match owner.as_str() {
        "silent.example" => return None,
        "broken.example" => Rcode::SERVFAIL,
        "gone.example" | "short" => Rcode::NXDOMAIN,
        "old.example" if query.opt().is_some() => Rcode::FORMERR,
        _ => Rcode::NOERROR,
    };
    let mut message = MessageBuilder::new_vec()
        .start_answer(&query, code)
        .unwrap();
    let qname = question.qname();
    match (owner.as_str(), kind) {
        ("mail.example", Rtype::MX) => {
            message
                .push((qname, ttl, Mx::new(20, name("b.example"))))
                .unwrap();
            message
                .push((qname, ttl, Mx::new(10, name("a.example"))))
                .unwrap();
            message
                .push((qname, ttl, Mx::new(5, name("192.0.2.1"))))
                .unwrap();
        }
        ("nomail.example", Rtype::MX) => {
            message.push((qname, ttl, Mx::new(0, name(".")))).unwrap();
        }
        ("a.example" | "old.example" | "short.example", Rtype::A) => {
            message
                .push((qname, ttl, A::from_octets(192, 0, 2, 1)))
                .unwrap();
        }
        ("a.example", Rtype::AAAA) => {
            message
                .push((qname, ttl, Aaaa::new("2001:db8::1".parse().unwrap())))
                .unwrap();
        }
        ("alias.example", _) => {
            message
                .push((qname, ttl, Cname::new(name("a.example"))))
                .unwrap();
        }
        ("loop.example", _) => {
            message
                .push((qname, ttl, Cname::new(name("loop.example"))))
                .unwrap();
        }
        ("big.example", Rtype::TXT) if over_tcp => {
            let text: Txt<Vec<u8>> = Txt::build_from_slice(&[b'x'; 300]).unwrap();
            message.push((qname, ttl, text)).unwrap();
        }
        ("big.example", Rtype::TXT) => message.header_mut().set_tc(true),
        _ => {}
    }
    Some(message.finish())
}

async fn serve() -> SocketAddr {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(place).await.unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 2000];
        loop {
            let (length, peer) = udp.recv_from(&mut buffer).await.unwrap();
            if let Some(reply) = answer(&buffer[..length], false) {
                let mut forged = reply.clone();
                forged[0] ^= 1;
                udp.send_to(&forged, peer).await.unwrap();
                udp.send_to(&reply, peer).await.unwrap();
            }
        }
    });
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = tcp.accept().await.unwrap();
            let length = stream.read_u16().await.unwrap();
            let mut query = vec![0; usize::from(length)];
            stream.read_exact(&mut query).await.unwrap();
            let reply = answer(&query, true).unwrap();
            stream
                .write_u16(u16::try_from(reply.len()).unwrap())
                .await
                .unwrap();
            stream.write_all(&reply).await.unwrap();
        }
    });
    place
}

async fn resolver() -> Resolver {
    let conf = ResolvConf {
        servers: vec![serve().await],
        search: vec!["example".to_owned()],
        timeout: Duration::from_millis(50),
        ..ResolvConf::default()
    };
    Resolver::new(conf, Hosts::parse("192.0.2.7 local\n"))
}

#[tokio::test]
async fn exchangers() {
    let resolver = resolver().await;
    let found = resolver.mx("mail.example", Search::None).await.unwrap();
    let names: Vec<_> = found
        .records
        .iter()
        .map(|mx| (mx.preference, mx.exchange.as_str()))
        .collect();
    assert_eq!(names, [(20, "b.example"), (10, "a.example")]);
    assert_eq!(found.ttl, 60);
    let failures = [
        (
            "nomail.example",
            Why::NullMx,
            "Domain nomail.example does not accept mail (nullMX)",
        ),
        (
            "gone.example",
            Why::NotFound,
            "Host or domain name not found. Name service error for name=gone.example type=MX: Host not found",
        ),
        (
            "broken.example",
            Why::Temporary,
            "Host or domain name not found. Name service error for name=broken.example type=MX: Host not found, try again",
        ),
        (
            "a.example",
            Why::NoData,
            "Host or domain name not found. Name service error for name=a.example type=MX: Host found but no data record of requested type",
        ),
        (
            "bad name",
            Why::Invalid,
            "Name service error for bad name: invalid host or domain name",
        ),
    ];
    for (name, why, text) in failures {
        let failure = resolver.mx(name, Search::None).await.unwrap_err();
        assert_eq!((failure.why, failure.to_string().as_str()), (why, text));
    }
}

#[tokio::test]
async fn addresses() {
    let resolver = resolver().await;
    for name in ["a.example", "alias.example"] {
        let found = resolver.addresses(name, BOTH, Search::None).await.unwrap();
        assert_eq!(found.records.len(), 2, "{name}");
        assert_eq!(found.name, "a.example");
    }
    let found = resolver
        .addresses("old.example", BOTH, Search::None)
        .await
        .unwrap();
    assert_eq!(found.records.len(), 1);
    for (name, why) in [
        ("loop.example", Why::Temporary),
        ("silent.example", Why::Temporary),
        ("mail.example", Why::NoData),
        ("short", Why::NotFound),
    ] {
        let failure = resolver
            .addresses(name, BOTH, Search::None)
            .await
            .unwrap_err();
        assert_eq!(failure.why, why, "{name}");
    }
    let found = resolver
        .addresses("short", BOTH, Search::List)
        .await
        .unwrap();
    assert_eq!(found.name, "short.example");
    let native = HostLookup {
        dns: false,
        native: true,
    };
    let found = resolver
        .host("local", native, BOTH, Search::None)
        .await
        .unwrap();
    assert_eq!(
        found.records,
        ["192.0.2.7".parse::<std::net::IpAddr>().unwrap()]
    );
}

#[tokio::test]
async fn what_does_not_fit_comes_over_tcp() {
    let resolver = resolver().await;
    let found = resolver.texts("big.example").await.unwrap();
    assert_eq!(found.records, [vec![b'x'; 300]]);
}
