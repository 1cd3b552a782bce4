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

use command::Fatal;
use config::{Settings, params};
use mail::QueueId;
use queue::{Folder, Layout, Reader};

use crate::dump::Dump;
use crate::options::Options;

const NAME: &str = "postcat";

/// Run the command; what goes wrong is logged.
#[must_use]
pub fn run() -> ExitCode {
    command::stderr_log(NAME);
    sys::time::load_zone();
    match cat() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => fatal.report(),
    }
}

fn cat() -> Result<(), Fatal> {
    let options = Options::parse(std::env::args_os().skip(1)).map_err(Fatal::new)?;
    maillog::set_verbose(options.verbose);
    let settings = command::settings(NAME, options.config_directory.clone())?;
    // Only people read what this command has to say.
    command::stderr_log(NAME);
    let mut out = BufWriter::new(io::stdout().lock());
    if options.search {
        let layout = enter_queue(&settings)?;
        for name in &options.files {
            let path = find(&layout, name)?;
            show(&mut out, &options, &path)?;
        }
    } else if options.files.is_empty() {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|error| Fatal::io("read stdin", &error))?;
        let dump = Dump::new(&mut out, "stdin", &options.show);
        finish(dump.run(Reader::new(bytes.as_slice())))?;
    } else {
        for name in &options.files {
            show(&mut out, &options, Path::new(name))?;
        }
    }
    finish(out.flush().map_err(dump::Error::Write))
}

fn show(out: &mut impl Write, options: &Options, path: &Path) -> Result<(), Fatal> {
    let name = path.to_string_lossy();
    let failed = |error: io::Error| Fatal::io(format_args!("open {name}"), &error);
    let file = File::open(path).map_err(failed)?;
    let dump = Dump::new(out, &name, &options.show);
    if file.metadata().map_err(failed)?.is_file() {
        return finish(dump.run(Reader::new(&file).with_block(64 * 1024)));
    }
    let mut bytes = Vec::new();
    let read = (&file).read_to_end(&mut bytes);
    read.map_err(|error| Fatal::io(format_args!("read {name}"), &error))?;
    finish(dump.run(Reader::new(bytes.as_slice())))
}

/// A reader that went away, as `head` does, is no error.
fn finish(outcome: Result<(), dump::Error>) -> Result<(), Fatal> {
    match outcome {
        Err(dump::Error::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Fatal::new(error.to_string())),
    }
}

fn enter_queue(settings: &Settings) -> Result<Layout, Fatal> {
    let directory = settings.get::<params::core::Directories>()?.queue_directory;
    std::env::set_current_dir(&directory)
        .map_err(|error| Fatal::io(format_args!("chdir {directory}"), &error))?;
    let folders: params::queue::Folders = settings.get()?;
    let hashed = folders.hash_queue_names.iter().map(String::as_str);
    Ok(Layout::new(hashed, folders.hash_queue_depth))
}

/// The queue file of that id, in whatever folder it is.
fn find(layout: &Layout, name: &str) -> Result<PathBuf, Fatal> {
    let id = QueueId::new(name).ok_or_else(|| Fatal::new(format!("bad mail queue ID: {name}")))?;
    let is_log = |folder| {
        matches!(
            folder,
            Folder::Bounce | Folder::Defer | Folder::Trace | Folder::Flush
        )
    };
    for folder in Folder::ALL.into_iter().filter(|&folder| !is_log(folder)) {
        let path = layout.path(folder, &id);
        match fs::symlink_metadata(&path) {
            Ok(status) if status.is_file() => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(Fatal::io(format_args!("open queue file {name}"), &error));
            }
            _ => {}
        }
    }
    Err(Fatal::new(format!(
        "open queue file {name}: No such file or directory"
    )))
}
