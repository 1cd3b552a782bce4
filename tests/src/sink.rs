//! A scripted SMTP or LMTP server: what the mail system under test delivers to.
//!
//! Accepts everything unless a rule says otherwise, and keeps every session's commands and every letter.
//! Never relays.

use crate::wait::wait_until;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the server behaves; `listen` starts it.
#[derive(Clone)]
pub struct Script {
    greeting: String,
    extensions: Vec<String>,
    rules: Vec<Rule>,
    lmtp: bool,
}

#[derive(Clone)]
struct Rule {
    command: String,
    action: Action,
    left: usize,
}

#[derive(Clone)]
enum Action {
    Reply(String),
    HangUp,
    Wait(Duration),
}

/// One letter as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// The MAIL command line.
    pub mail: String,
    /// The accepted RCPT command lines.
    pub recipients: Vec<String>,
    /// The content, with CR LF line ends, dots undoubled.
    pub content: String,
}

/// What one connection said.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Command lines, without line ends.
    pub commands: Vec<String>,
    /// Largest number of command lines that arrived in one piece.
    pub pipelined: usize,
}

#[derive(Default)]
struct Seen {
    letters: Vec<Letter>,
    sessions: Vec<Session>,
}

/// A running server.
#[derive(Clone)]
pub struct Sink {
    seen: Arc<Mutex<Seen>>,
    script: Arc<Mutex<Script>>,
}

impl Sink {
    /// An SMTP server with the usual extensions.
    pub fn smtp() -> Script {
        let extensions = [
            "PIPELINING",
            "SIZE 10240000",
            "8BITMIME",
            "ENHANCEDSTATUSCODES",
            "DSN",
            "SMTPUTF8",
        ];
        Script {
            greeting: "220 sink.example ESMTP".to_owned(),
            extensions: extensions.map(str::to_owned).to_vec(),
            rules: Vec::new(),
            lmtp: false,
        }
    }

    /// An LMTP server.
    pub fn lmtp() -> Script {
        Script {
            lmtp: true,
            ..Self::smtp()
        }
    }

    /// The letters so far.
    pub fn letters(&self) -> Vec<Letter> {
        self.seen.lock().expect("sink").letters.clone()
    }

    /// The sessions so far.
    pub fn sessions(&self) -> Vec<Session> {
        self.seen.lock().expect("sink").sessions.clone()
    }

    /// Waits until `count` letters have arrived; gives all.
    pub fn wait(&self, count: usize) -> Vec<Letter> {
        wait_until(&format!("{count} letters at the sink"), || {
            Some(self.letters()).filter(|letters| letters.len() >= count)
        })
    }

    /// From now on behaves as `script` says.
    pub fn become_(&self, script: Script) {
        *self.script.lock().expect("sink") = script;
    }
}

impl Script {
    /// The first line sent.
    pub fn greeting(mut self, line: &str) -> Self {
        line.clone_into(&mut self.greeting);
        self
    }

    /// Leaves an extension out.
    pub fn without(mut self, extension: &str) -> Self {
        self.extensions
            .retain(|offered| !offered.starts_with(extension));
        self
    }

    /// Offers another extension.
    pub fn with(mut self, extension: &str) -> Self {
        self.extensions.push(extension.to_owned());
        self
    }

    /// Replies so to every command line that begins so; `.` is the end of data, `CONNECT` the greeting.
    pub fn on(self, command: &str, reply: &str) -> Self {
        self.rule(command, Action::Reply(reply.to_owned()), usize::MAX)
    }

    /// Replies so to the first such command.
    pub fn once(self, command: &str, reply: &str) -> Self {
        self.rule(command, Action::Reply(reply.to_owned()), 1)
    }

    /// Closes the connection in place of a reply.
    pub fn hang_up(self, command: &str) -> Self {
        self.rule(command, Action::HangUp, usize::MAX)
    }

    /// Waits before the usual reply.
    pub fn delay(self, command: &str, time: Duration) -> Self {
        self.rule(command, Action::Wait(time), usize::MAX)
    }

    fn rule(mut self, command: &str, action: Action, left: usize) -> Self {
        let command = command.to_ascii_uppercase();
        self.rules.push(Rule {
            command,
            action,
            left,
        });
        self
    }

    /// Starts to serve on `address`, such as `127.0.0.2:25`.
    pub fn listen(self, address: &str) -> Sink {
        let listener =
            TcpListener::bind(address).unwrap_or_else(|error| panic!("sink at {address}: {error}"));
        self.serve(move || {
            let stream = listener.accept().ok()?.0;
            stream.set_nodelay(true).ok()?;
            Some(stream)
        })
    }

    /// Starts to serve on a local socket that everyone may use.
    pub fn listen_local(self, path: &Path) -> Sink {
        use std::os::unix::fs::PermissionsExt;
        let listener = UnixListener::bind(path).expect("bind local sink");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))
            .expect("mode of sink");
        self.serve(move || Some(listener.accept().ok()?.0))
    }

    fn serve<S: Read + Write + Send + 'static>(
        self,
        mut accept: impl FnMut() -> Option<S> + Send + 'static,
    ) -> Sink {
        let sink = Sink {
            seen: Arc::default(),
            script: Arc::new(Mutex::new(self)),
        };
        let server = sink.clone();
        std::thread::spawn(move || {
            while let Some(stream) = accept() {
                let sink = server.clone();
                std::thread::spawn(move || {
                    let number = {
                        let mut seen = sink.seen.lock().expect("sink");
                        seen.sessions.push(Session::default());
                        seen.sessions.len() - 1
                    };
                    let mut talk = Talk {
                        sink,
                        stream,
                        pending: Vec::new(),
                        number,
                    };
                    talk.converse();
                });
            }
        });
        sink
    }
}

/// One conversation. `None` is its end, wherever it comes.
struct Talk<S> {
    sink: Sink,
    stream: S,
    pending: Vec<u8>,
    number: usize,
}

impl<S: Read + Write> Talk<S> {
    fn converse(&mut self) -> Option<()> {
        let greeting = self.sink.script.lock().ok()?.greeting.clone();
        self.answer("CONNECT", &greeting)?;
        let mut letter = Letter::default();
        loop {
            let line = self.line()?;
            self.note(&line);
            let verb = line.split([' ', ':']).next()?.to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" | "LHLO" => {
                    let reply = self.hello();
                    self.answer(&line, &reply)?;
                }
                "MAIL" => {
                    letter = Letter {
                        mail: line.clone(),
                        ..Letter::default()
                    };
                    self.answer(&line, "250 2.1.0 sender ok")?;
                }
                "RCPT" => {
                    if self
                        .answer(&line, "250 2.1.5 recipient ok")?
                        .starts_with('2')
                    {
                        letter.recipients.push(line);
                    }
                }
                "DATA" => {
                    let usual = if letter.recipients.is_empty() {
                        "554 5.5.1 no recipients"
                    } else {
                        "354 go on"
                    };
                    if self.answer(&line, usual)?.starts_with('3') {
                        letter.content = self.content()?;
                        self.end_of_data(&letter)?;
                    }
                }
                "QUIT" => {
                    self.answer(&line, "221 2.0.0 bye")?;
                    return None;
                }
                "HELO" | "RSET" | "NOOP" => {
                    self.answer(&line, "250 2.0.0 ok")?;
                }
                _ => {
                    self.answer(&line, "500 5.5.2 what?")?;
                }
            }
        }
    }

    fn hello(&self) -> String {
        let script = self.sink.script.lock().expect("sink");
        let mut lines = vec!["sink.example".to_owned()];
        lines.extend(script.extensions.iter().cloned());
        let last = lines.len() - 1;
        let mark = |at: usize| if at == last { ' ' } else { '-' };
        let lines = lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("250{}{line}", mark(at)));
        lines.collect::<Vec<_>>().join("\r\n")
    }

    /// One reply for SMTP, one for each recipient for LMTP.
    fn end_of_data(&mut self, letter: &Letter) -> Option<()> {
        let lmtp = self.sink.script.lock().ok()?.lmtp;
        let mut replies = if lmtp {
            letter.recipients.clone()
        } else {
            vec![String::new()]
        };
        let mut kept = Letter {
            recipients: Vec::new(),
            ..letter.clone()
        };
        for recipient in &mut replies {
            let command = if lmtp {
                format!(".{}", recipient.to_ascii_uppercase())
            } else {
                ".".to_owned()
            };
            if self
                .answer(&command, "250 2.0.0 taken as SINK1")?
                .starts_with('2')
            {
                kept.recipients.push(recipient.clone());
            }
        }
        if !kept.recipients.is_empty() {
            if !lmtp {
                kept.recipients.clone_from(&letter.recipients);
            }
            self.sink.seen.lock().ok()?.letters.push(kept);
        }
        Some(())
    }

    /// Replies by the first rule that fits, else as usual; gives what was said.
    fn answer(&mut self, command: &str, usual: &str) -> Option<String> {
        let command = command.to_ascii_uppercase();
        let action = {
            let mut script = self.sink.script.lock().ok()?;
            let rule = script
                .rules
                .iter_mut()
                .find(|rule| rule.left > 0 && command.starts_with(&rule.command));
            rule.map(|rule| {
                rule.left -= 1;
                rule.action.clone()
            })
        };
        let reply = match action {
            Some(Action::HangUp) => return None,
            Some(Action::Reply(reply)) => reply,
            Some(Action::Wait(time)) => {
                std::thread::sleep(time);
                usual.to_owned()
            }
            None => usual.to_owned(),
        };
        self.stream
            .write_all(format!("{reply}\r\n").as_bytes())
            .ok()?;
        (!reply.starts_with("421")).then_some(reply)
    }

    fn note(&self, line: &str) {
        let mut seen = self.sink.seen.lock().expect("sink");
        let session = &mut seen.sessions[self.number];
        session.commands.push(line.to_owned());
        let waiting = self.pending.iter().filter(|&&byte| byte == b'\n').count();
        session.pipelined = session.pipelined.max(waiting + 1);
    }

    fn content(&mut self) -> Option<String> {
        let mut content = String::new();
        loop {
            let line = self.line()?;
            if line == "." {
                return Some(content);
            }
            content += line.strip_prefix('.').unwrap_or(&line);
            content += "\r\n";
        }
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.pending.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.pending.drain(..end + 2).take(end).collect();
                return Some(String::from_utf8_lossy(&line).into_owned());
            }
            let mut buffer = [0; 16384];
            let size = self
                .stream
                .read(&mut buffer)
                .ok()
                .filter(|&size| size > 0)?;
            self.pending.extend_from_slice(&buffer[..size]);
        }
    }
}
