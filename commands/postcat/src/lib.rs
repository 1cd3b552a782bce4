//! postcat(1) - show the contents of queue files.
//!
//! Prints records of files named on the command line, of queue ids looked up in the queue folders (`-q`), or of standard
//! input. Never changes anything. Logs to standard error only.

mod dump;
mod options;
mod print;

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use config::Loader;
use mail::QueueId;
use queue::{Folder, Layout, Reader};

use crate::dump::Dump;
use crate::options::Options;

/// Run the command; what goes wrong is logged.
pub fn run() -> ExitCode {
    maillog::open(maillog::Options {
        tag: "postcat".to_owned(),
        destination: maillog::Destination::Stderr,
        to_stderr: false,
    });
    sys::time::load_zone();
    match cat() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            maillog::fatal!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn cat() -> Result<(), String> {
    let options = Options::parse(std::env::args_os().skip(1))?;
    maillog::set_verbose(options.verbose);
    let mut loader = Loader::new("postcat");
    if let Some(directory) = &options.config_directory {
        loader = loader.directory(directory);
    }
    let settings = loader.load().map_err(|error| error.to_string())?;
    let mut out = BufWriter::new(io::stdout().lock());
    if options.search {
        enter_queue(&settings)?;
        let layout = layout(&settings)?;
        for name in &options.files {
            let path = find(&layout, name)?;
            show(&mut out, &options, &path)?;
        }
    } else if options.files.is_empty() {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| format!("read stdin: {error}"))?;
        let dump = Dump::new(&mut out, "stdin", &options.show);
        finish(dump.run(Reader::new(bytes.as_slice())))?;
    } else {
        for name in &options.files {
            show(&mut out, &options, Path::new(name))?;
        }
    }
    finish(out.flush().map_err(dump::Error::Write))
}

fn show(out: &mut impl Write, options: &Options, path: &Path) -> Result<(), String> {
    let failed = |error: io::Error| format!("open {}: {}", path.display(), plain(&error));
    let file = File::open(path).map_err(failed)?;
    let name = path.to_string_lossy();
    let dump = Dump::new(out, &name, &options.show);
    if file.metadata().map_err(failed)?.is_file() {
        return finish(dump.run(Reader::new(&file).with_block(64 * 1024)));
    }
    let mut bytes = Vec::new();
    (&file)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("read {name}: {}", plain(&error)))?;
    finish(dump.run(Reader::new(bytes.as_slice())))
}

/// A reader that went away, as `head` does, is no error.
fn finish(outcome: Result<(), dump::Error>) -> Result<(), String> {
    match outcome {
        Err(dump::Error::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| error.to_string()),
    }
}

fn enter_queue(settings: &config::Settings) -> Result<(), String> {
    let directory = text(settings, "queue_directory")?;
    std::env::set_current_dir(&directory)
        .map_err(|error| format!("chdir {directory}: {}", plain(&error)))
}

fn layout(settings: &config::Settings) -> Result<Layout, String> {
    let names = text(settings, "hash_queue_names")?;
    let depth = text(settings, "hash_queue_depth")?;
    let names = names
        .split([',', ' ', '\t'])
        .filter(|name| !name.is_empty());
    Ok(Layout::new(names, depth.parse().unwrap_or(1)))
}

fn text(settings: &config::Settings, name: &str) -> Result<String, String> {
    let value = settings.text(name).map_err(|error| error.to_string())?;
    Ok(value.unwrap_or_default())
}

/// The queue file of that id, in whatever folder it is.
fn find(layout: &Layout, name: &str) -> Result<PathBuf, String> {
    let id = QueueId::new(name).ok_or_else(|| format!("bad mail queue ID: {name}"))?;
    Folder::ALL
        .into_iter()
        .filter(|folder| {
            !matches!(
                folder,
                Folder::Bounce | Folder::Defer | Folder::Trace | Folder::Flush
            )
        })
        .map(|folder| layout.path(folder, &id))
        .find(|path| fs::symlink_metadata(path).is_ok_and(|status| status.is_file()))
        .ok_or_else(|| format!("open queue file {name}: No such file or directory"))
}

/// The system's words without Rust's number behind them.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}
