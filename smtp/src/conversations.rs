//! Whole conversations with a scripted server over TCP: what goes over the wire, and which texts come out.

use std::io::Write;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use delivery::{Content, Delivery, Reporter};
use dns::{Hosts, ResolvConf, Resolver};
use mail::{Address, Notify, QueueId, Recipient, Ret};
use queue::{RecordType, record};
use records::delivery::{Client, Flags, Message, Report, Request, Sasl};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, LocalSet};

use crate::attempt::{self, Shared};
use crate::pool::Pool;
use crate::server::{Place, Server};
use crate::session::{OpenError, Session};
use crate::settings::Settings;
use crate::settings::tests::settings;
use crate::transaction::{self, Letter, Outcome};

/// What the server does at a command (or `GREETING`, `DOT`): a reply, `drop`, `hang`; after a reply with `!` it leaves.
type Script = &'static [(&'static str, &'static str)];

const EHLO: &str = "250-fake\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 DSN";

async fn serve(script: Script) -> (Server, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server {
        host: "mx.test".to_owned(),
        place: Place::Inet(listener.local_addr().unwrap()),
        preference: 0,
    };
    let conversation = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        converse(stream, script).await
    });
    (server, conversation)
}

/// One session by the script; what the client said.
async fn converse(stream: TcpStream, script: Script) -> String {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader);
    let mut seen = String::new();
    let mut next = "GREETING".to_owned();
    loop {
        let reply = script
            .iter()
            .find(|(on, _)| next.starts_with(on))
            .map(|(_, reply)| *reply);
        let reply = reply.unwrap_or(match next.as_str() {
            "GREETING" => "220 fake ESMTP",
            line if line.starts_with("EHLO") => EHLO,
            "DATA" => "354 go",
            "DOT" => "250 2.0.0 Ok: queued as FAKE",
            _ => "250 2.0.0 Ok",
        });
        match reply {
            "drop" => return seen,
            "hang" => {
                let _ = lines.read_to_end(&mut Vec::new()).await;
                return seen;
            }
            _ => writer
                .write_all(format!("{reply}\r\n").as_bytes())
                .await
                .unwrap(),
        }
        if reply.ends_with('!') {
            return seen;
        }
        let content = next == "DATA" && reply.starts_with('3');
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).await.unwrap_or(0) == 0 {
                return seen;
            }
            seen.push_str(&line.replace("\r\n", "\n"));
            next = line.trim_end().to_owned();
            if !content {
                break;
            }
            if line == ".\r\n" {
                "DOT".clone_into(&mut next);
                break;
            }
        }
    }
}

fn message(sender: &str) -> Message {
    Message {
        id: QueueId::new("ABC").unwrap(),
        queue: "active".to_owned(),
        data_offset: 0,
        data_size: 20,
        sender: Address::new(sender).unwrap(),
        arrival: mail::stats::Moment::now(),
        encoding: "8bit".to_owned(),
        smtputf8: false,
        envelope_id: b"env+2Bid".to_vec(),
        ret: Ret::Full,
        client: Client::default(),
        sasl: Sasl::default(),
        rewrite_context: "local".to_owned(),
    }
}

fn recipient(address: &str) -> Recipient {
    Recipient {
        address: Address::new(address).unwrap(),
        dsn_orcpt: format!("rfc822;{address}").into_bytes(),
        dsn_notify: Notify::SUCCESS.with(Notify::FAILURE),
        ..Recipient::default()
    }
}

/// Outcomes of a letter to these recipients as text, and what the server saw.
async fn send_with(
    script: Script,
    settings: &Settings,
    message: &Message,
    to: &[&str],
) -> (String, String) {
    let (server, conversation) = serve(script).await;
    let mut file = tempfile::tempfile().unwrap();
    let mut bytes = Vec::new();
    for line in ["Subject: x", "", ".dot", "end"] {
        record::put(&mut bytes, RecordType::LINE, line.as_bytes());
    }
    record::put(&mut bytes, RecordType::EXTRACTED, b"");
    file.write_all(&bytes).unwrap();
    let outcome = match Session::open(&server, settings).await {
        Err(OpenError::Unreachable(failure) | OpenError::TurnedAway(failure)) => {
            format!("{} {failure}", failure.status)
        }
        Err(OpenError::Ourselves) => "ourselves".to_owned(),
        Ok(mut session) => {
            let letter = Letter {
                message,
                prelude: b"",
                generic: None,
                probe: false,
            };
            let recipients: Vec<Recipient> = to.iter().map(|address| recipient(address)).collect();
            let recipients: Vec<&Recipient> = recipients.iter().collect();
            let content = Content::new(&file, 0);
            let outcomes =
                transaction::run(&mut session, settings, &letter, &recipients, content).await;
            session.quit(settings).await;
            let outcomes = outcomes.iter().map(|outcome| match outcome {
                Outcome::Sent(status, text) => format!("sent {status} {text}"),
                Outcome::Failed(failure) => format!("{} {failure}", failure.status),
            });
            outcomes.collect::<Vec<_>>().join("\n")
        }
    };
    let seen = conversation.await.unwrap();
    let Place::Inet(socket) = server.place else {
        return (outcome, seen);
    };
    (outcome.replace(&socket.ip().to_string(), "ADDR"), seen)
}

async fn send(script: Script) -> String {
    send_with(
        script,
        &settings(),
        &message("me@ref.test"),
        &["you@mx.test"],
    )
    .await
    .0
}

#[tokio::test]
async fn a_letter_with_all_its_wishes() {
    let (outcome, seen) =
        send_with(&[], &settings(), &message("me@ref.test"), &["you@mx.test"]).await;
    assert_eq!(outcome, "sent 2.0.0 250 2.0.0 Ok: queued as FAKE");
    expect_test::expect![[r#"
        EHLO ref.test
        MAIL FROM:<me@ref.test> SIZE=20 BODY=8BITMIME ENVID=env+2Bid RET=FULL
        RCPT TO:<you@mx.test> ORCPT=rfc822;you@mx.test NOTIFY=SUCCESS,FAILURE
        DATA
        Subject: x

        ..dot
        end
        .
        QUIT
    "#]]
    .assert_eq(&seen);
}

#[tokio::test]
async fn texts_of_failures() {
    let cases: &[(Script, &str)] = &[
        (
            &[("GREETING", "554 5.7.1 go away")],
            "4.7.1 host mx.test[ADDR] refused to talk to me: 554 5.7.1 go away",
        ),
        (
            &[("GREETING", "drop")],
            "4.4.2 lost connection with mx.test[ADDR] while receiving the initial server greeting",
        ),
        (
            &[("GREETING", "hang")],
            "4.4.2 conversation with mx.test[ADDR] timed out while receiving the initial server greeting",
        ),
        (
            &[("EHLO", "502 no"), ("HELO", "550 no helo")],
            "5.0.0 host mx.test[ADDR] refused to talk to me: 550 no helo",
        ),
        (
            &[("EHLO", "421 closing")],
            "4.0.0 host mx.test[ADDR] refused to talk to me: 421 closing",
        ),
        (
            &[("EHLO", "drop")],
            "4.4.2 lost connection with mx.test[ADDR] while performing the EHLO handshake",
        ),
        (
            &[("MAIL", "550 5.1.7 bad sender")],
            "5.1.7 host mx.test[ADDR] said: 550 5.1.7 bad sender (in reply to MAIL FROM command)",
        ),
        (
            &[("MAIL", "drop")],
            "4.4.2 lost connection with mx.test[ADDR] while sending MAIL FROM",
        ),
        (
            &[("RCPT", "550-5.1.1 no\r\n550 5.1.1 user")],
            "5.1.1 host mx.test[ADDR] said: 550-5.1.1 no 550 5.1.1 user (in reply to RCPT TO command)",
        ),
        (
            &[("RCPT", "drop")],
            "4.4.2 lost connection with mx.test[ADDR] while sending RCPT TO",
        ),
        (
            &[("DATA", "250 2.0.0 ok")],
            "5.5.0 Protocol error: host mx.test[ADDR] said: 250 2.0.0 ok (in reply to DATA command)",
        ),
        (
            &[("DATA", "drop")],
            "4.4.2 lost connection with mx.test[ADDR] while sending DATA command",
        ),
        (
            &[("DOT", "451 4.7.1 greylist")],
            "4.7.1 host mx.test[ADDR] said: 451 4.7.1 greylist (in reply to end of DATA command)",
        ),
        (
            &[("DOT", "hang")],
            "4.4.2 conversation with mx.test[ADDR] timed out while sending end of data -- message may be sent more than once",
        ),
        (
            &[("DOT", "354 huh")],
            "5.5.0 host mx.test[ADDR] said: 354 huh (in reply to end of DATA command)",
        ),
        (
            &[("EHLO", "502 5.5.1 no")],
            "sent 2.0.0 250 2.0.0 Ok: queued as FAKE",
        ),
        (
            &[("QUIT", "drop")],
            "sent 2.0.0 250 2.0.0 Ok: queued as FAKE",
        ),
        (&[("DOT", "250 5.0.0 fine")], "sent 2.0.0 250 5.0.0 fine"),
        (
            &[("EHLO", "250-fake\r\n250 SIZE 10")],
            "5.3.4 message size 20 exceeds size limit 10 of server mx.test[ADDR]",
        ),
    ];
    for (script, expected) in cases {
        assert_eq!(send(script).await, *expected, "{script:?}");
    }
}

#[tokio::test]
async fn nobody_accepted_means_no_message() {
    let (_, seen) = send_with(
        &[("RCPT", "450 later")],
        &settings(),
        &message("me@ref.test"),
        &["you@mx.test"],
    )
    .await;
    assert!(seen.ends_with("DATA\n.\nQUIT\n"), "{seen}");
    let slow: Script = &[("EHLO", "250 fake"), ("RCPT", "450 later")];
    let (_, seen) = send_with(slow, &settings(), &message(""), &["you@mx.test"]).await;
    assert_eq!(
        seen,
        "EHLO ref.test\nMAIL FROM:<>\nRCPT TO:<you@mx.test>\nQUIT\n"
    );
}

#[tokio::test]
async fn lmtp_answers_for_each_recipient() {
    let lmtp = Settings {
        lmtp: true,
        ..settings()
    };
    let script: Script = &[
        ("LHLO", "250-fake\r\n250 PIPELINING"),
        ("RCPT TO:<bad", "550 5.1.1 bad user"),
        ("DOT", "250 2.0.0 one\r\n451 4.2.0 two"),
    ];
    let to = ["a@mx.test", "bad@mx.test", "b@mx.test"];
    let (outcome, _) = send_with(script, &lmtp, &message("me@ref.test"), &to).await;
    expect_test::expect![[r#"
        sent 2.0.0 250 2.0.0 one
        5.1.1 host mx.test[ADDR] said: 550 5.1.1 bad user (in reply to RCPT TO command)
        4.2.0 host mx.test[ADDR] said: 451 4.2.0 two (in reply to end of DATA command)"#]]
    .assert_eq(&outcome);
}

#[tokio::test]
async fn many_recipients_in_windows() {
    let to: Vec<String> = (0..500).map(|n| format!("somebody{n}@mx.test")).collect();
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    let (outcome, seen) = send_with(&[], &settings(), &message("me@ref.test"), &to).await;
    assert_eq!(
        outcome
            .lines()
            .filter(|line| line.starts_with("sent"))
            .count(),
        500
    );
    assert_eq!(seen.matches("RCPT TO").count(), 500);
}

#[tokio::test]
async fn xforward_tells_where_mail_came_from() {
    let xforward = Settings {
        send_xforward: true,
        ..settings()
    };
    let script: Script = &[(
        "EHLO",
        "250-fake\r\n250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
    )];
    let mut message = message("me@ref.test");
    message.client.name = b"host one".to_vec();
    message.client.address = b"192.0.2.1".to_vec();
    let (_, seen) = send_with(script, &xforward, &message, &["you@mx.test"]).await;
    let sent: Vec<&str> = seen
        .lines()
        .filter(|line| line.starts_with("XFORWARD"))
        .collect();
    assert_eq!(
        sent,
        [
            "XFORWARD NAME=host+20one ADDR=192.0.2.1 PORT=[UNAVAILABLE]",
            "XFORWARD PROTO=[UNAVAILABLE] HELO=[UNAVAILABLE] IDENT=ABC SOURCE=LOCAL",
        ]
    );
}

/// A server that gives each new connection the next script; what the clients said.
async fn serve_each(scripts: &'static [Script]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&seen);
    tokio::spawn(async move {
        for script in scripts {
            let (stream, _) = listener.accept().await.unwrap();
            let all = Arc::clone(&all);
            tokio::spawn(async move {
                let said = converse(stream, script).await;
                all.lock().unwrap().push(said);
            });
        }
    });
    (format!("[127.0.0.1]:{}", place.port()), seen)
}

fn shared() -> Shared {
    let settings = Rc::new(settings());
    Shared {
        generic: None,
        pool: Pool::new(Rc::clone(&settings)),
        resolver: Resolver::new(ResolvConf::default(), Hosts::default()),
        debug_peers: lookup::DebugPeers::default(),
        settings,
    }
}

/// One request for one recipient; what the queue manager hears.
async fn request(shared: &Shared, nexthop: &str) -> Report {
    request_for(shared, nexthop, "you@mx.test").await
}

async fn request_for(shared: &Shared, nexthop: &str, to: &str) -> Report {
    let mut file = tempfile::tempfile().unwrap();
    let mut bytes = Vec::new();
    record::put(&mut bytes, RecordType::LINE, b"Subject: x");
    record::put(&mut bytes, RecordType::EXTRACTED, b"");
    file.write_all(&bytes).unwrap();
    let request = Request {
        message: message("me@ref.test"),
        nexthop: nexthop.as_bytes().to_vec(),
        flags: Flags::default(),
        active: mail::stats::Moment::now(),
        recipients: vec![recipient(to)].try_into().unwrap(),
    };
    let mut loader = config::Loader::new("smtp").set("ipc_timeout=1s").unwrap();
    for service in ["bounce", "defer", "trace"] {
        loader = loader
            .set(&format!("{service}_service_name=nowhere"))
            .unwrap();
    }
    let settings = loader.over(PathBuf::from("/nonexistent"), config::MainCf::default());
    let reporter = Reporter::new(delivery::Config::load(&settings).unwrap());
    let delivery = Delivery::new(request, file, &reporter);
    attempt::deliver(shared, &delivery).await;
    delivery.finish()
}

#[tokio::test]
async fn a_session_carries_several_letters() {
    let (nexthop, seen) = serve_each(&[&[]]).await;
    LocalSet::new()
        .run_until(async {
            let shared = shared();
            for _ in 0..3 {
                assert_eq!(request(&shared, &nexthop).await, Report::default());
            }
            drop(shared);
            tokio::time::sleep(Duration::from_millis(50)).await;
        })
        .await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].matches("MAIL FROM").count(), 3);
    assert_eq!(seen[0].matches("EHLO").count(), 1);
}

#[tokio::test]
async fn a_session_that_ends_while_idle_costs_nothing() {
    let (nexthop, seen) = serve_each(&[&[("DOT", "250 2.0.0 Ok!")], &[]]).await;
    LocalSet::new()
        .run_until(async {
            let shared = shared();
            assert_eq!(request(&shared, &nexthop).await, Report::default());
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(request(&shared, &nexthop).await, Report::default());
        })
        .await;
    assert_eq!(seen.lock().unwrap().len(), 1, "the second session is idle");
    // A server that ends the session only when it hears of the next letter.
    let (nexthop, _) = serve_each(&[&[("RCPT TO:<two", "drop")], &[]]).await;
    LocalSet::new()
        .run_until(async {
            let shared = shared();
            assert_eq!(request(&shared, &nexthop).await, Report::default());
            let report = request_for(&shared, &nexthop, "two@mx.test").await;
            assert_eq!(report, Report::default());
        })
        .await;
}

#[tokio::test]
async fn the_next_server_gets_what_the_first_refuses_for_now() {
    let (first, _) = serve_each(&[&[("RCPT", "450 later")]]).await;
    let (second, seen) = serve_each(&[&[]]).await;
    let closed = "[127.0.0.1]:1";
    LocalSet::new()
        .run_until(async {
            let shared = shared();
            let nexthop = format!("{closed}, {first} {second}");
            assert_eq!(request(&shared, &nexthop).await, Report::default());
            let report = request(&shared, closed).await;
            assert!(report.deferred);
            let reason = report.destination.unwrap().reason;
            let reason = String::from_utf8(reason).unwrap();
            assert_eq!(
                reason,
                "connect to 127.0.0.1[127.0.0.1]:1: Connection refused"
            );
            drop(shared);
            tokio::time::sleep(Duration::from_millis(50)).await;
        })
        .await;
    assert!(seen.lock().unwrap()[0].contains("DATA"));
}
