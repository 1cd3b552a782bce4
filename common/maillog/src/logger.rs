//! The program's one log: where it goes and under which tag.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::time::SystemTime;

use syslog::Facility;

use crate::file::LogFile;
use crate::syslog_socket::Socket;
use crate::{Level, line};

/// Where lines go.
pub enum Destination {
    /// A syslog datagram socket, such as `/dev/log`.
    Syslog {
        /// The socket.
        socket: PathBuf,
        /// The facility's name, such as `mail`.
        facility: String,
    },
    /// The datagram socket of postlogd, which writes `maillog_file`; while it is away, straight to the file.
    Postlog {
        /// The socket, `public/postlog` below the queue directory.
        socket: PathBuf,
        /// The file to append to when nobody listens and the file may be opened, and the mode of a new one.
        fallback: Option<(PathBuf, u32)>,
    },
    /// A file, appended to by this very process (postlogd).
    File {
        /// The file.
        path: PathBuf,
        /// The mode of a new one.
        mode: u32,
    },
    /// Standard error only, as commands do without a log.
    Stderr,
}

/// How a program logs.
pub struct Options {
    /// What stands before the process id, such as `postfix/smtpd`.
    pub tag: String,
    /// What stands before lines on standard error, such as `postmap`.
    pub shown: String,
    /// Where lines go.
    pub destination: Destination,
    /// Whether lines also go to standard error, as commands on a terminal do.
    pub to_stderr: bool,
}

struct Logger {
    tag: String,
    shown: String,
    to_stderr: bool,
    sink: Sink,
}

enum Sink {
    Socket {
        socket: Socket,
        facility: Option<Facility>,
        fallback: Option<LogFile>,
    },
    File(LogFile),
    None,
}

static LOGGER: OnceLock<Mutex<Logger>> = OnceLock::new();

/// Open the program's log. A second call changes tag and destination.
pub fn open(options: Options) {
    let sink = match options.destination {
        Destination::Syslog { socket, facility } => Sink::Socket {
            socket: Socket::new(socket),
            facility: Some(facility.parse().unwrap_or(Facility::LOG_MAIL)),
            fallback: None,
        },
        Destination::Postlog { socket, fallback } => Sink::Socket {
            socket: Socket::new(socket),
            facility: None,
            fallback: fallback.map(|(path, mode)| LogFile::new(path, mode)),
        },
        Destination::File { path, mode } => Sink::File(LogFile::new(path, mode)),
        Destination::Stderr => Sink::None,
    };
    let logger = Logger {
        tag: options.tag,
        shown: options.shown,
        to_stderr: options.to_stderr,
        sink,
    };
    if let Some(open) = LOGGER.get() {
        if let Ok(mut current) = open.lock() {
            *current = logger;
        }
    } else {
        let _ = LOGGER.set(Mutex::new(logger));
    }
}

/// Open the log of a daemon before its settings are known: what is wrong with them must be found somewhere.
pub fn open_early(process_name: &str) {
    open(Options {
        tag: format!("postfix/{process_name}"),
        shown: process_name.to_owned(),
        destination: Destination::Syslog {
            socket: PathBuf::from("/dev/log"),
            facility: "mail".to_owned(),
        },
        to_stderr: true,
    });
}

/// The tag of this program's lines; empty before [`open`].
#[must_use]
pub fn tag() -> String {
    LOGGER
        .get()
        .and_then(|l| l.lock().ok().map(|l| l.tag.clone()))
        .unwrap_or_default()
}

/// Log one line; the macros call this.
pub fn write(level: Level, arguments: fmt::Arguments<'_>) {
    let text = line::text(level, arguments);
    let Some(logger) = LOGGER.get() else {
        return print("", &text);
    };
    if let Ok(mut logger) = logger.lock() {
        logger.write(level, &text);
    }
}

impl Logger {
    fn write(&mut self, level: Level, text: &str) {
        let sent = match &mut self.sink {
            Sink::None => true,
            Sink::File(file) => file.append(&full(&self.tag, text, true)).is_ok(),
            Sink::Socket {
                socket,
                facility,
                fallback,
            } => {
                let line = match facility {
                    Some(facility) => {
                        let priority = *facility as i32 | level.severity() as i32;
                        format!("<{priority}>{}", full(&self.tag, text, false))
                    }
                    None => full(&self.tag, text, true),
                };
                let sent = socket.send(line.as_bytes()).is_ok();
                sent || fallback
                    .as_mut()
                    .is_some_and(|file| file.append(&line).is_ok())
            }
        };
        let terminal = !sent && std::io::stderr().is_terminal();
        if self.to_stderr || terminal || matches!(self.sink, Sink::None) {
            print(&self.shown, text);
        }
    }
}

/// The line after the priority. syslog adds the host itself; a file needs it in the line.
fn full(tag: &str, text: &str, host: bool) -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let stamp = line::stamp(i64::try_from(now).unwrap_or_default());
    let pid = sys::process::id();
    if host {
        format!("{stamp} {} {tag}[{pid}]: {text}", short_host())
    } else {
        format!("{stamp} {tag}[{pid}]: {text}")
    }
}

/// The host's name up to its first dot, asked once.
fn short_host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| {
        let name = sys::nix::unistd::gethostname().unwrap_or_default();
        let name = name.to_string_lossy();
        name.split('.')
            .next()
            .filter(|n| !n.is_empty())
            .unwrap_or("localhost")
            .to_owned()
    })
}

/// `program: text` for people.
fn print(program: &str, text: &str) {
    let mut stderr = std::io::stderr().lock();
    // Standard error may be closed; there is nobody left to tell.
    let _ = if program.is_empty() {
        writeln!(stderr, "{text}")
    } else {
        writeln!(stderr, "{program}: {text}")
    };
}
