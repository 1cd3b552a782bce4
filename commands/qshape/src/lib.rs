//! qshape(1) - which domains the mail in the queue is for or from, and how old it is.
//!
//! Reads the envelopes of all letters in the named folders and prints a table: a row for each domain, a column for each
//! span of age. Needs to read queue files, so it is for root and the mail owner. Never changes anything, and passes over
//! what is no letter, or not yet one. Says on standard error which folders it could not read.

mod distribution;
mod folder;
mod options;
mod table;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use command::Fatal;
use config::params;

use crate::distribution::Distribution;
use crate::options::Options;
use crate::table::Table;

const NAME: &str = "qshape";

/// What a terminal does before each table.
const CLEAR: &[u8] = b"\x1b[H\x1b[2J";

/// Run the command; what goes wrong is said on standard error.
#[must_use]
pub fn run() -> ExitCode {
    command::stderr_log(NAME);
    match shape() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => fatal.report(),
    }
}

fn shape() -> Result<(), Fatal> {
    let options = Options::parse(std::env::args_os().skip(1)).map_err(Fatal::new)?;
    if options
        .folders
        .iter()
        .any(|name| !Path::new(name).is_absolute())
    {
        enter_queue(&options)?;
    }
    let mut out = io::stdout().lock();
    let interim = out.is_terminal();
    let rows = interim.then_some(options.top_domains);
    let table = Table::new(&options, rows.filter(|&rows| rows > 0));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = i64::try_from(now.unwrap_or_default().as_secs()).unwrap_or(i64::MAX);
    let mut counts = Distribution::new(options.spans, options.parents);
    let mut letters = 0_usize;
    let mut written = Ok(());
    for name in &options.folders {
        folder::each_letter(name, |letter| {
            let span = options.spans.of_age(now.saturating_sub(letter.arrival));
            let addresses = letter.addresses(options.senders);
            addresses.for_each(|address| counts.add(address, span));
            letters += 1;
            if interim && options.every > 0 && letters.is_multiple_of(options.every) {
                written = print(&mut out, interim, &table, &counts);
            }
            written.is_ok()
        });
    }
    let interim = interim && options.every > 0;
    finish(written.and_then(|()| print(&mut out, interim, &table, &counts)))
}

fn print(
    out: &mut impl Write,
    clear: bool,
    table: &Table,
    counts: &Distribution,
) -> io::Result<()> {
    let mut text = if clear { CLEAR.to_vec() } else { Vec::new() };
    table.write(counts, &mut text);
    out.write_all(&text)?;
    out.flush()
}

/// A reader that went away, as `head` does, is no error.
fn finish(outcome: io::Result<()>) -> Result<(), Fatal> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Fatal::io("write", &error)),
        _ => Ok(()),
    }
}

/// Folders are named relative to the queue directory.
fn enter_queue(options: &Options) -> Result<(), Fatal> {
    let settings = command::settings(NAME, options.config_directory.clone())?;
    // Only people read what this command has to say.
    command::stderr_log(NAME);
    let directory = settings.get::<params::core::Directories>()?.queue_directory;
    std::env::set_current_dir(&directory)
        .map_err(|error| Fatal::io(format_args!("chdir {directory}"), &error))
}
