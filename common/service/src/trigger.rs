//! Triggered daemons (qmgr, pickup): woken by bytes from a socket or FIFO, they work until the next call.

use std::future::Future;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::process::ExitCode;

use mail::QueueId;
use tokio::io::AsyncReadExt;
use tokio::net::UnixListener;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_local};

use crate::limits::Shape;
use crate::options::Options;
use crate::start::Prepared;
use crate::status::Status;
use crate::{Fatal, Start, panics, runtime, sockets};

/// Calls that wait to be taken; more make their senders wait, or are lost as wake-ups of one who is awake.
const WAITING: usize = 1024;
/// The longest piece that is read at once.
const CHUNK: usize = 4096;

/// A daemon that waits for wake-up calls.
pub trait Triggered: Sized + 'static {
    /// The program's name.
    const NAME: &'static str;

    /// Still with rights and outside the jail: read parameters, open what the jail will hide.
    fn open(start: &Start) -> Result<Self, Fatal>;

    /// Jailed and without rights: work until [`Triggers::next`] says that it is time to leave.
    fn run(self, triggers: Triggers) -> impl Future<Output = Result<(), Fatal>>;
}

/// A wake-up call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// `W`: something may have arrived; also master's timer.
    Wakeup,
    /// `D`: look at deferred mail.
    Deferred,
    /// `A`: look at all mail, whatever its time.
    All,
    /// `F`: forget what is known about dead destinations.
    Flush,
    /// `I`: look at arrived mail.
    Incoming,
    /// This message has arrived.
    Message(QueueId),
    /// Another letter.
    Other(u8),
}

/// The calls, in the order they came.
pub struct Triggers {
    calls: mpsc::Receiver<Trigger>,
    dismissed: Pin<Box<dyn Future<Output = ()>>>,
    listening: Vec<JoinHandle<()>>,
    _status: Status,
}

impl Triggers {
    /// The next call; `None` when the daemon is to finish and leave (reload, end of master). From then on callers wait for
    /// the next process; a daemon that looks at nothing when it starts looks once more for those who came before.
    pub async fn next(&mut self) -> Option<Trigger> {
        tokio::select! {
            biased;
            () = &mut self.dismissed => {
                self.listening.iter().for_each(JoinHandle::abort);
                None
            }
            call = self.calls.recv() => call,
        }
    }

    /// A call that has already come.
    pub fn waiting(&mut self) -> Option<Trigger> {
        self.calls.try_recv().ok()
    }
}

/// Be a triggered daemon; the whole of its `main`.
#[must_use]
pub fn triggered<D: Triggered>() -> ExitCode {
    match run::<D>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => fatal.report(),
    }
}

fn run<D: Triggered>() -> Result<(), Fatal> {
    let prepared = Prepared::new(D::NAME, Shape::OneByOne)?;
    panics::log_them();
    let mut status = Status::inherited()?;
    let daemon = D::open(&prepared.start)?;
    prepared.enter_jail()?;
    runtime::run(async {
        let watch = status
            .watch()
            .map_err(|error| Fatal::io("status channel", &error))?;
        let (sender, calls) = mpsc::channel(WAITING);
        // Ready, and at once in use: one process serves all calls.
        for free in [1, 0] {
            status
                .free_places(free)
                .map_err(|error| Fatal::io("status channel", &error))?;
        }
        let listening = listen(&prepared.options)?
            .into_iter()
            .map(|source| spawn_local(source.forward(sender.clone())))
            .collect();
        let dismissed = Box::pin(runtime::dismissed(watch));
        daemon
            .run(Triggers {
                calls,
                dismissed,
                listening,
                _status: status,
            })
            .await
    })?
}

enum Source {
    Fifo(pipe::Receiver),
    Socket(UnixListener),
}

fn listen(options: &Options) -> Result<Vec<Source>, Fatal> {
    let failed = |error: std::io::Error| Fatal::io("trigger socket", &error);
    let source = |fd: OwnedFd| {
        if options.kind == "fifo" {
            Ok(Source::Fifo(pipe::Receiver::from_owned_fd_unchecked(fd)?))
        } else {
            Ok(Source::Socket(UnixListener::from_std(fd.into())?))
        }
    };
    sockets::descriptors(options)?
        .into_iter()
        .map(|fd| source(fd).map_err(failed))
        .collect()
}

impl Source {
    async fn forward(self, sender: mpsc::Sender<Trigger>) {
        match self {
            Self::Fifo(fifo) => read(fifo, sender).await,
            Self::Socket(listener) => loop {
                if let Ok((client, _)) = listener.accept().await {
                    spawn_local(read(client, sender.clone()));
                }
            },
        }
    }
}

async fn read(mut from: impl tokio::io::AsyncRead + Unpin, sender: mpsc::Sender<Trigger>) {
    let mut buffer = vec![0; CHUNK];
    let mut parser = Parser::default();
    while let Ok(count) = from.read(&mut buffer).await {
        if count == 0 {
            return;
        }
        for &byte in buffer.get(..count).unwrap_or_default() {
            if let Some(call) = parser.byte(byte)
                && sender.send(call).await.is_err()
            {
                return;
            }
        }
    }
}

/// Letters, and `=` queue id line feed.
#[derive(Default)]
struct Parser {
    id: Option<String>,
}

impl Parser {
    fn byte(&mut self, byte: u8) -> Option<Trigger> {
        if let Some(id) = &mut self.id {
            if byte == b'\n' {
                let id = self.id.take().unwrap_or_default();
                return QueueId::new(&id)
                    .map(Trigger::Message)
                    .or(Some(Trigger::Wakeup));
            }
            if id.len() <= mail::queue_id::MAX_LENGTH {
                id.push(char::from(byte));
            }
            return None;
        }
        match byte {
            b'=' => {
                self.id = Some(String::new());
                None
            }
            b'W' => Some(Trigger::Wakeup),
            b'D' => Some(Trigger::Deferred),
            b'A' => Some(Trigger::All),
            b'F' => Some(Trigger::Flush),
            b'I' => Some(Trigger::Incoming),
            0 | b'\n' => None,
            other => Some(Trigger::Other(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Vec<Trigger> {
        let mut parser = Parser::default();
        bytes.iter().filter_map(|&byte| parser.byte(byte)).collect()
    }

    #[test]
    fn letters_and_ids_are_told_apart() {
        let id = QueueId::new("4Fz").unwrap();
        let expected = vec![
            Trigger::Wakeup,
            Trigger::Message(id),
            Trigger::Incoming,
            Trigger::Other(b'x'),
        ];
        assert_eq!(parse(b"W\0=4Fz\nIx"), expected);
    }

    #[test]
    fn an_impossible_id_still_wakes() {
        assert_eq!(parse(b"=../x\n"), vec![Trigger::Wakeup]);
        let long = [b"=".as_slice(), &[b'a'; 5000], b"\n"].concat();
        assert_eq!(parse(&long), vec![Trigger::Wakeup]);
    }
}
