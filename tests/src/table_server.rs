//! A scripted server of `tcp:` and `socketmap:` tables, for answers that no real server gives.
//!
//! A closure makes an answer of each request; every request is kept as it arrived.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the server does about a request.
pub enum Action {
    /// Sends these bytes.
    Say(Vec<u8>),
    /// Sends these bytes, and closes.
    SayAndClose(Vec<u8>),
    /// Waits before it sends these bytes.
    Late(Duration, Vec<u8>),
    /// Sends a byte now and then, for ever.
    Drip,
    /// Does nothing at all.
    Nothing,
}

/// How a request ends.
#[derive(Clone, Copy)]
enum Form {
    Line,
    Netstring,
}

/// What was asked so far.
#[derive(Clone, Default)]
pub struct Asked(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    requests: Vec<String>,
    connections: usize,
}

impl Asked {
    /// The requests, without what ends them (a line feed, or the length and comma of a netstring).
    pub fn requests(&self) -> Vec<String> {
        self.0.lock().expect("requests").requests.clone()
    }

    /// How many clients connected.
    pub fn connections(&self) -> usize {
        self.0.lock().expect("requests").connections
    }

    /// Forgets what was asked.
    pub fn clear(&self) {
        *self.0.lock().expect("requests") = Seen::default();
    }
}

/// Serves `tcp:` tables.
pub fn tcp(port: u16, answer: impl Fn(&str) -> Action + Send + Sync + 'static) -> Asked {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("bind");
    let clients = move || listener.accept().ok().map(|(client, _)| client);
    serve(
        clients,
        |client| client.try_clone().ok(),
        Form::Line,
        answer,
    )
}

/// Serves `socketmap:inet:` tables.
pub fn socketmap(port: u16, answer: impl Fn(&str) -> Action + Send + Sync + 'static) -> Asked {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("bind");
    let clients = move || listener.accept().ok().map(|(client, _)| client);
    serve(
        clients,
        |client| client.try_clone().ok(),
        Form::Netstring,
        answer,
    )
}

/// Serves `socketmap:unix:` tables, for everybody.
pub fn socketmap_unix(
    path: &Path,
    answer: impl Fn(&str) -> Action + Send + Sync + 'static,
) -> Asked {
    let listener = UnixListener::bind(path).expect("bind");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("mode");
    let clients = move || listener.accept().ok().map(|(client, _)| client);
    serve(
        clients,
        |client| client.try_clone().ok(),
        Form::Netstring,
        answer,
    )
}

/// A netstring.
pub fn netstring(text: &str) -> Action {
    Action::Say(format!("{}:{text},", text.len()).into_bytes())
}

/// A line.
pub fn line(text: &str) -> Action {
    Action::Say(format!("{text}\n").into_bytes())
}

fn serve<S: Read + Write + Send + 'static>(
    clients: impl Fn() -> Option<S> + Send + 'static,
    copy: impl Fn(&S) -> Option<S> + Send + 'static,
    form: Form,
    answer: impl Fn(&str) -> Action + Send + Sync + 'static,
) -> Asked {
    let asked = Asked::default();
    let seen = asked.clone();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        while let Some(client) = clients() {
            seen.0.lock().expect("requests").connections += 1;
            let Some(reader) = copy(&client) else {
                continue;
            };
            let (seen, answer) = (seen.clone(), Arc::clone(&answer));
            thread::spawn(move || converse(BufReader::new(reader), client, form, &seen, &*answer));
        }
    });
    asked
}

fn converse(
    mut reader: impl BufRead,
    mut client: impl Write,
    form: Form,
    seen: &Asked,
    answer: impl Fn(&str) -> Action,
) -> Option<()> {
    loop {
        let request = match form {
            Form::Line => read_line(&mut reader)?,
            Form::Netstring => read_netstring(&mut reader)?,
        };
        let request = String::from_utf8_lossy(&request).into_owned();
        let action = answer(&request);
        seen.0.lock().expect("requests").requests.push(request);
        match action {
            Action::Say(bytes) => client.write_all(&bytes).ok()?,
            Action::SayAndClose(bytes) => {
                client.write_all(&bytes).ok()?;
                return None;
            }
            Action::Late(time, bytes) => {
                thread::sleep(time);
                client.write_all(&bytes).ok()?;
            }
            Action::Drip => loop {
                client.write_all(b"2").ok()?;
                thread::sleep(Duration::from_secs(10));
            },
            Action::Nothing => {}
        }
    }
}

fn read_line(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).ok()?;
    line.strip_suffix(b"\n").map(<[u8]>::to_vec)
}

fn read_netstring(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut length = Vec::new();
    reader.read_until(b':', &mut length).ok()?;
    let length = std::str::from_utf8(length.strip_suffix(b":")?).ok()?;
    let mut text = vec![0; length.parse::<usize>().ok()? + 1];
    reader.read_exact(&mut text).ok()?;
    text.strip_suffix(b",").map(<[u8]>::to_vec)
}
