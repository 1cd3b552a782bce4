//! Both ends of a conversation, over real sockets, with and without a runtime.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends in a panic"
)]

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use ipc::{CarriesDescriptor, Client, Connection, Error, Protocol, Server, now};

enum Echo {}

impl Protocol for Echo {
    const NAME: &'static str = "echo";
    const MAX_FRAME: usize = 1000;
    type Request = (u32, String);
    type Reply = String;
}

impl CarriesDescriptor for Echo {}

enum Other {}

impl Protocol for Other {
    const NAME: &'static str = "other";
    type Request = (u32, String);
    type Reply = String;
}

fn blocking_pair() -> (Connection, Connection) {
    let (a, b) = UnixStream::pair().unwrap();
    (
        Connection::blocking(a).unwrap(),
        Connection::blocking(b).unwrap(),
    )
}

#[test]
fn a_call_is_answered_without_a_runtime() {
    let (near, far) = blocking_pair();
    let server = std::thread::spawn(move || {
        let mut server = Server::<Echo>::over(far);
        let (number, text) = now(server.receive()).unwrap().unwrap();
        now(server.reply(&format!("{number} {text}"))).unwrap();
        assert!(now(server.receive()).unwrap().is_none());
    });
    let mut client = Client::<Echo>::over(near);
    assert_eq!(now(client.call(&(7, "times".into()))).unwrap(), "7 times");
    drop(client);
    server.join().unwrap();
}

#[test]
fn another_conversation_is_refused_by_both_ends() {
    let (near, far) = blocking_pair();
    let mut server = Server::<Echo>::over(far);
    let mut client = Client::<Other>::over(near);
    now(client.send(&(1, String::new()))).unwrap();
    assert!(matches!(now(server.receive()), Err(Error::Malformed(_))));
    now(server.reply(&String::new())).unwrap();
    assert!(matches!(now(client.receive()), Err(Error::Malformed(_))));
}

#[test]
fn garbage_is_refused() {
    let (mut raw, b) = UnixStream::pair().unwrap();
    raw.write_all(&[0xff; 4096]).unwrap();
    let mut server = Server::<Echo>::over(Connection::blocking(b).unwrap());
    assert!(matches!(now(server.receive()), Err(Error::Malformed(_))));
}

#[test]
fn a_descriptor_comes_with_its_request() {
    let (near, far) = blocking_pair();
    let (mut mine, theirs) = UnixStream::pair().unwrap();
    let mut client = Client::<Echo>::over(near);
    now(client.send_with(&(1, "take".into()), theirs.as_fd())).unwrap();
    drop(theirs);
    let mut server = Server::<Echo>::over(far);
    let ((_, text), descriptor) = now(server.receive_with()).unwrap().unwrap();
    assert_eq!(text, "take");
    UnixStream::from(descriptor).write_all(b"through").unwrap();
    let mut received = String::new();
    mine.read_to_string(&mut received).unwrap();
    assert_eq!(received, "through");
}

#[test]
fn a_request_without_its_descriptor_is_malformed() {
    let (near, far) = blocking_pair();
    let mut client = Client::<Echo>::over(near);
    now(client.send(&(1, "nothing".into()))).unwrap();
    let mut server = Server::<Echo>::over(far);
    assert!(matches!(
        now(server.receive_with()),
        Err(Error::Malformed(_))
    ));
}

#[cfg(feature = "runtime")]
#[test]
fn late_answers_time_out_on_a_runtime() {
    use std::os::unix::net::UnixListener;
    use std::time::Duration;

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("echo");
    let listener = UnixListener::bind(&path).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    std::thread::spawn(move || {
        let (first, _) = listener.accept().unwrap();
        let mut server = Server::<Echo>::over(Connection::blocking(first).unwrap());
        let (_, text) = now(server.receive()).unwrap().unwrap();
        now(server.reply(&text)).unwrap();
        let _kept_silent = now(server.receive());
        std::thread::sleep(Duration::from_secs(2));
    });
    runtime.block_on(async {
        let mut client = Client::<Echo>::connect(&path, Duration::from_millis(100))
            .await
            .unwrap();
        assert_eq!(client.call(&(1, "a".into())).await.unwrap(), "a");
        assert!(matches!(
            client.call(&(2, "b".into())).await,
            Err(Error::Timeout)
        ));
    });
}
