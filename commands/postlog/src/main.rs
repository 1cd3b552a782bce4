//! postlog(1): log a line from a script, or each line of standard input.
//!
//! Runs set-gid, so that it may talk to postlogd(8); takes no configuration directory that the stock main.cf does not
//! list. Logs what it is told.

use std::io::{BufRead, stdin};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use command::{Fatal, Given};
use maillog::Level;

fn main() -> ExitCode {
    command::stderr_log("postlog");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => fatal.report(),
    }
}

struct Request {
    directory: Option<PathBuf>,
    level: Level,
    tag: Option<String>,
    verbose: u8,
}

fn run() -> Result<(), Fatal> {
    let arguments = command::options(std::env::args_os().skip(1), "c:ip:t:v").map_err(|error| {
        error.tell("postlog");
        Fatal::new("usage: postlog [-c config_dir] [-i] [-p priority] [-t tag] [-v] [text]")
    })?;
    let request = Request::new(arguments.options)?;
    let settings = command::settings("postlog", request.directory)?;
    config::open_log_as(&settings, "postlog", request.tag)?;
    maillog::set_verbose(request.verbose);
    if arguments.operands.is_empty() {
        for line in stdin().lock().split(b'\n') {
            let line = line.map_err(|error| Fatal::io("read standard input", &error))?;
            log(request.level, &line);
        }
    } else {
        let words: Vec<_> = arguments
            .operands
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        log(request.level, words.join(" ").as_bytes());
    }
    if matches!(request.level, Level::Fatal | Level::Panic) {
        std::thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}

fn log(level: Level, text: &[u8]) {
    maillog::write(level, format_args!("{}", String::from_utf8_lossy(text)));
}

impl Request {
    fn new(options: Vec<Given>) -> Result<Self, Fatal> {
        let mut request = Self {
            directory: None,
            level: Level::Info,
            tag: None,
            verbose: 0,
        };
        for given in options {
            match given.letter {
                'c' => request.directory = given.value.map(PathBuf::from),
                'p' => request.level = level(&given.text())?,
                't' => request.tag = Some(given.text()),
                'v' => request.verbose += 1,
                _ => {}
            }
        }
        Ok(request)
    }
}

fn level(word: &str) -> Result<Level, Fatal> {
    match word {
        "info" => Ok(Level::Info),
        "warn" | "warning" => Ok(Level::Warning),
        "error" => Ok(Level::Error),
        "fatal" => Ok(Level::Fatal),
        "panic" => Ok(Level::Panic),
        _ => Err(Fatal::new(format!(
            "unknown priority \"{word}\": expected info, warn, error, fatal or panic"
        ))),
    }
}
