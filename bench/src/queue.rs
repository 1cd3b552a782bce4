//! The queue commands on a large queue: listing, holding, releasing, requeueing and deleting everything.
//!
//! The queue is written by the benchmark itself: deferred letters of one recipient, each with its log, that are due in an hour.
//! While the system runs, they are listed, held, released and deleted; when it is stopped, requeued and deleted. Then the
//! queue manager gets as many letters as it takes, for a destination that does not answer, and they are deleted.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use suite::machine::MAIL_OWNER;
use suite::{Instance, Mta, Setup};

use crate::Plan;
use crate::load;
use crate::place::machine;
use crate::report::Report;

/// So many letters the queue manager takes at once (qmgr_message_active_limit).
const ACTIVE: usize = 20_000;
/// A destination that takes connections and says nothing.
const SILENT: &str = "127.0.0.1:2626";

/// As many rounds as runs are wanted.
pub(crate) fn run(plan: &Plan, report: &mut Report) {
    for _ in 0..plan.runs {
        for &mta in &plan.systems {
            let count = plan.queue;
            let Ok(figures) = thread::spawn(move || sample(mta, count)).join() else {
                eprintln!("queue: {} did not do everything", mta.name());
                continue;
            };
            for (figure, seconds) in figures {
                report.add("queue", figure, mta, seconds);
            }
        }
    }
}

type Figures = Vec<(&'static str, f64)>;

fn sample(mta: Mta, count: usize) -> Figures {
    let (machine, _farewell) = machine();
    let silent = TcpListener::bind(SILENT).unwrap_or_else(|error| panic!("{SILENT}: {error}"));
    let setup = Setup::new(mta, machine)
        .set("relayhost", "[127.0.0.1]:2626")
        .set("smtp_helo_timeout", "1h");
    let mut instance = setup.stopped();
    let spool = instance.spool().path;
    let mut figures = Vec::new();
    fill(&spool, count, deferred);
    instance.start();
    figures.push(("postqueue -p, s", timed(&instance, &["postqueue", "-p"])));
    figures.push(("postqueue -j, s", timed(&instance, &["postqueue", "-j"])));
    figures.push(("postsuper -h ALL, s", super_(&instance, "-h")));
    figures.push(("postsuper -H ALL, s", super_(&instance, "-H")));
    figures.push(("postsuper -d ALL, s", super_(&instance, "-d")));
    instance.stop();
    fill(&spool, count, deferred);
    figures.push(("postsuper -r ALL, s", super_(&instance, "-r")));
    figures.push(("postsuper -d ALL of maildrop, s", super_(&instance, "-d")));
    fill(&spool, count.min(ACTIVE), incoming);
    instance.start();
    let busy = load::wait(|| entries(&spool.join("incoming")) == 0);
    assert!(busy, "the queue manager did not take all letters");
    let begun = Instant::now();
    let seconds = super_(&instance, "-d");
    figures.push(("postsuper -d ALL of active, s", seconds));
    instance.stop();
    let whole = begun.elapsed().as_secs_f64();
    figures.push(("the same and stop, s", whole));
    drop(silent);
    figures
}

fn super_(instance: &Instance, option: &str) -> f64 {
    timed(instance, &["postsuper", option, "ALL"])
}

/// Seconds of a command, whose output is read.
fn timed(instance: &Instance, words: &[&str]) -> f64 {
    let (program, arguments) = words.split_first().unwrap_or((&"true", &[]));
    let call = instance.command(program).args(arguments);
    let begun = Instant::now();
    call.run().succeeds();
    begun.elapsed().as_secs_f64()
}

/// How one file of the queue comes to be: the letter's number and the queue directory.
type Make = fn(&Path, usize) -> io::Result<()>;

fn fill(spool: &Path, count: usize, make: Make) {
    for number in 0..count {
        make(spool, number).unwrap_or_else(|error| panic!("letter {number}: {error}"));
    }
}

fn deferred(spool: &Path, number: usize) -> io::Result<()> {
    let made = letter(spool, number)?;
    let id = made.name.as_str();
    let first = id.get(..1).unwrap_or_default();
    let later = SystemTime::now() + Duration::from_secs(3600);
    made.file.set_modified(later)?;
    for folder in ["deferred", "defer"] {
        let subfolder = spool.join(folder).join(first);
        let made = fs::DirBuilder::new().mode(0o700).create(&subfolder);
        if made.is_ok() {
            give(&subfolder)?;
        }
    }
    fs::rename(made.path, spool.join("deferred").join(first).join(id))?;
    let log = spool.join("defer").join(first).join(id);
    fs::write(&log, LOG)?;
    fs::set_permissions(&log, fs::Permissions::from_mode(0o600))?;
    give(&log)
}

fn incoming(spool: &Path, number: usize) -> io::Result<()> {
    let made = letter(spool, number)?;
    fs::rename(made.path, spool.join("incoming").join(made.name))
}

struct Made {
    file: File,
    path: std::path::PathBuf,
    name: String,
}

/// Write a letter into the queue directory, for a name that goes with its inode.
fn letter(spool: &Path, number: usize) -> io::Result<Made> {
    let path = spool.join("incoming").join(format!("{number}.bench"));
    let mut file = File::create(&path)?;
    file.write_all(&content())?;
    file.set_permissions(fs::Permissions::from_mode(0o700))?;
    give(&path)?;
    let micros = (number * 7919) % 1_000_000;
    let name = format!("{micros:05X}{:X}", file.metadata()?.ino());
    Ok(Made { file, path, name })
}

fn give(path: &Path) -> io::Result<()> {
    chown(path, Some(MAIL_OWNER.id), None)
}

/// A queue file of a letter of a thousand bytes.
fn content() -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = now.unwrap_or_default().as_secs();
    let mut envelope = Vec::new();
    record(&mut envelope, b'T', &format!("{seconds} 0"));
    record(&mut envelope, b'A', "rewrite_context=local");
    record(&mut envelope, b'S', "sender@ferro.example");
    record(&mut envelope, b'R', "recipient@far.example");
    record(&mut envelope, b'M', "");
    let mut content = Vec::new();
    record(&mut content, b'N', "Subject: bench");
    record(&mut content, b'N', "");
    for _ in 0..14 {
        record(&mut content, b'N', &"0123456789".repeat(7));
    }
    let (length, offset) = (content.len(), envelope.len() + 97);
    let size = format!(
        "{length:15} {offset:15} {:15} {:15} {length:15} {:15}",
        1, 0, 0
    );
    let mut whole = Vec::new();
    record(&mut whole, b'C', &size);
    whole.extend(envelope);
    whole.extend(content);
    record(&mut whole, b'X', "");
    record(&mut whole, b'E', "");
    whole
}

/// A record of less than 128 bytes.
fn record(to: &mut Vec<u8>, kind: u8, data: &str) {
    to.push(kind);
    to.push(u8::try_from(data.len()).unwrap_or_default());
    to.extend_from_slice(data.as_bytes());
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

const LOG: &str = "<recipient@far.example>: connect to far.example[192.0.2.1]:25: Connection timed out\n\
    recipient=recipient@far.example\noffset=170\nstatus=4.4.1\naction=delayed\n\
    reason=connect to far.example[192.0.2.1]:25: Connection timed out\n\n";
