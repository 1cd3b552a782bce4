//! The DNS server of a private machine: 127.0.0.1, port 53, UDP and TCP.
//!
//! Answers from records that a case puts in; a name without any does not exist. Names can be made to fail.

use domain::base::iana::{Class, Rcode, Rtype};
use domain::base::message_builder::AnswerBuilder;
use domain::base::{Message, MessageBuilder, Name};
use domain::rdata::{A, Aaaa, Cname, Mx, Ptr, Srv, Txt};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};

/// A handle on the server; clones share the records.
#[derive(Clone, Default)]
pub struct Dns {
    zone: Arc<Mutex<Zone>>,
}

#[derive(Default)]
struct Zone {
    records: Vec<(String, Data)>,
    failing: Vec<String>,
    asked: Vec<String>,
}

#[derive(Clone)]
enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Mx(u16, String),
    Cname(String),
    Ptr(String),
    Txt(String),
    Srv(u16, String),
}

impl Dns {
    /// Starts the server on the calling thread's network.
    pub(crate) fn start() -> Self {
        let dns = Self::default();
        let udp = UdpSocket::bind("127.0.0.1:53").expect("bind DNS, UDP");
        let server = dns.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((size, peer)) = udp.recv_from(&mut buffer) {
                if let Some(answer) = server.answer(&buffer[..size]) {
                    drop(udp.send_to(&answer, peer));
                }
            }
        });
        let tcp = TcpListener::bind("127.0.0.1:53").expect("bind DNS, TCP");
        let server = dns.clone();
        std::thread::spawn(move || {
            for stream in tcp.incoming().flatten() {
                drop(server.converse(stream));
            }
        });
        dns
    }

    /// Adds a mail exchanger of `name`; `.` as `host` is a null MX.
    pub fn mx(&self, name: &str, preference: u16, host: &str) -> &Self {
        self.add(name, Data::Mx(preference, host.to_owned()))
    }

    /// Adds an address of `name`.
    pub fn a(&self, name: &str, address: &str) -> &Self {
        self.add(name, Data::A(address.parse().expect("IPv4 address")))
    }

    /// Adds an IPv6 address of `name`.
    pub fn aaaa(&self, name: &str, address: &str) -> &Self {
        self.add(name, Data::Aaaa(address.parse().expect("IPv6 address")))
    }

    /// Makes `name` another name for `target`.
    pub fn cname(&self, name: &str, target: &str) -> &Self {
        self.add(name, Data::Cname(target.to_owned()))
    }

    /// Names an IPv4 address.
    pub fn ptr(&self, address: &str, host: &str) -> &Self {
        let reversed: Vec<&str> = address.rsplit('.').collect();
        self.add(
            &format!("{}.in-addr.arpa", reversed.join(".")),
            Data::Ptr(host.to_owned()),
        )
    }

    /// Adds a server of a service, `_service._protocol.name`.
    pub fn srv(&self, name: &str, port: u16, host: &str) -> &Self {
        self.add(name, Data::Srv(port, host.to_owned()))
    }

    /// Adds a text record.
    pub fn txt(&self, name: &str, text: &str) -> &Self {
        self.add(name, Data::Txt(text.to_owned()))
    }

    /// Every question for `name` fails (SERVFAIL), until records exist and [`Dns::heal`] was called.
    pub fn fail(&self, name: &str) -> &Self {
        self.zone
            .lock()
            .expect("zone")
            .failing
            .push(name.to_owned());
        self
    }

    /// Ends all failures.
    pub fn heal(&self) {
        self.zone.lock().expect("zone").failing.clear();
    }

    /// What was asked so far, as `TYPE name`.
    pub fn asked(&self) -> Vec<String> {
        self.zone.lock().expect("zone").asked.clone()
    }

    fn add(&self, name: &str, data: Data) -> &Self {
        self.zone
            .lock()
            .expect("zone")
            .records
            .push((name.to_owned(), data));
        self
    }

    fn converse(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut size = [0; 2];
        while stream.read_exact(&mut size).is_ok() {
            let mut question = vec![0; usize::from(u16::from_be_bytes(size))];
            stream.read_exact(&mut question)?;
            let answer = self.answer(&question).unwrap_or_default();
            stream.write_all(&u16::try_from(answer.len()).unwrap_or(0).to_be_bytes())?;
            stream.write_all(&answer)?;
        }
        Ok(())
    }

    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let message = Message::from_octets(question).ok()?;
        let asked = message.sole_question().ok()?;
        let name = asked.qname().to_string();
        let mut zone = self.zone.lock().expect("zone");
        zone.asked.push(format!("{} {name}", asked.qtype()));
        let known = |name: &str| {
            zone.records
                .iter()
                .any(|(owner, _)| owner.eq_ignore_ascii_case(name))
        };
        let code = if zone
            .failing
            .iter()
            .any(|failing| failing.eq_ignore_ascii_case(&name))
        {
            Rcode::SERVFAIL
        } else if known(&name) {
            Rcode::NOERROR
        } else {
            Rcode::NXDOMAIN
        };
        let mut answer = MessageBuilder::new_vec()
            .start_answer(&message, code)
            .ok()?;
        answer.header_mut().set_ra(true);
        if code == Rcode::NOERROR {
            zone.push(&mut answer, &name, asked.qtype());
        }
        Some(answer.finish())
    }
}

impl Zone {
    fn push(&self, answer: &mut AnswerBuilder<Vec<u8>>, name: &str, wanted: Rtype) {
        let parse = |name: &str| name.parse::<Name<Vec<u8>>>().expect("domain name");
        let owner = parse(name);
        for (_, data) in self
            .records
            .iter()
            .filter(|(owner, _)| owner.eq_ignore_ascii_case(name))
        {
            let head = (owner.clone(), Class::IN, 60);
            let pushed = match data {
                Data::A(address) if wanted == Rtype::A => {
                    answer.push((head.0, head.1, head.2, A::new(*address)))
                }
                Data::Aaaa(address) if wanted == Rtype::AAAA => {
                    answer.push((head.0, head.1, head.2, Aaaa::new(*address)))
                }
                Data::Mx(preference, host) if wanted == Rtype::MX => {
                    answer.push((head.0, head.1, head.2, Mx::new(*preference, parse(host))))
                }
                Data::Ptr(host) if wanted == Rtype::PTR => {
                    answer.push((head.0, head.1, head.2, Ptr::new(parse(host))))
                }
                Data::Txt(text) if wanted == Rtype::TXT => {
                    let text: Txt<Vec<u8>> =
                        Txt::build_from_slice(text.as_bytes()).expect("text record");
                    answer.push((head.0, head.1, head.2, text))
                }
                Data::Srv(port, host) if wanted == Rtype::SRV => {
                    answer.push((head.0, head.1, head.2, Srv::new(0, 0, *port, parse(host))))
                }
                Data::Cname(target) => {
                    let pushed = answer.push((head.0, head.1, head.2, Cname::new(parse(target))));
                    self.push(answer, target, wanted);
                    pushed
                }
                Data::A(_)
                | Data::Aaaa(_)
                | Data::Mx(..)
                | Data::Ptr(_)
                | Data::Txt(_)
                | Data::Srv(..) => Ok(()),
            };
            pushed.expect("room in the answer");
        }
    }
}
