//! postmap on large tables: making one of 1,000,000 lines, the memory that takes, 100,000 lookups from standard input, of them
//! 20,000 in an SQLite database, and a lookup from start to finish.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use suite::{Mta, Setup};

use crate::Plan;
use crate::place::machine;
use crate::report::Report;

const LINES: usize = 1_000_000;
const KEYS: usize = 100_000;
/// Keys and rows of the database.
const ROWS: usize = 20_000;
/// Lookups from start to finish of which the time is taken together.
const STARTS: u32 = 200;

/// As many rounds as runs are wanted.
pub(crate) fn run(plan: &Plan, report: &mut Report) {
    for _ in 0..plan.runs {
        for &mta in &plan.systems {
            let Ok(figures) = thread::spawn(move || sample(mta)).join() else {
                eprintln!("tables: {} did not do everything", mta.name());
                continue;
            };
            for (figure, value) in figures {
                report.add("tables", figure, mta, value);
            }
        }
    }
}

fn sample(mta: Mta) -> Vec<(&'static str, f64)> {
    let (machine, _farewell) = machine();
    let setup = Setup::new(mta, machine);
    let postmap = setup.programs.command("postmap");
    let folder = setup.path("tables");
    let _configured = setup.stopped();
    let source = folder.join("table");
    let keys = folder.join("keys");
    fs::create_dir_all(&folder)
        .and_then(|()| {
            write(&source, LINES, |n| {
                format!("user{n}@example.com value{n}\n")
            })
        })
        .and_then(|()| write(&keys, KEYS, |n| format!("user{}@example.com\n", n * 7)))
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let table = format!("lmdb:{}", source.display());
    let (make, memory) = timed(&postmap, &[&table], None);
    let (lookups, _) = timed(&postmap, &["-q", "-", &table], Some(&keys));
    let database = database(&folder);
    let few = folder.join("few");
    write(&few, ROWS, |n| format!("user{n}@example.com\n"))
        .unwrap_or_else(|error| panic!("{}: {error}", few.display()));
    let (rows, _) = timed(&postmap, &["-q", "-", &database], Some(&few));
    let begun = Instant::now();
    for _ in 0..STARTS {
        timed(&postmap, &["-q", "user5@example.com", &table], None);
    }
    let start = begun.elapsed().as_secs_f64() / f64::from(STARTS);
    vec![
        ("postmap of 1,000,000 lines, s", make),
        ("its memory, MB", memory),
        ("100,000 lookups by -q -, s", lookups),
        ("20,000 of them in sqlite, s", rows),
        ("postmap -q from start to finish, ms", start * 1000.0),
    ]
}

/// A table in an SQLite database, for which our postmap asks a program of its own.
fn database(folder: &Path) -> String {
    let (path, table) = (folder.join("rows.db"), folder.join("rows.cf"));
    let sql = format!(
        "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT);
WITH RECURSIVE c (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < {})
INSERT INTO t SELECT 'user' || n || '@example.com', 'value' || n FROM c;",
        ROWS - 1
    );
    let made = Command::new("sqlite3").arg(&path).arg(sql).status();
    assert!(made.is_ok_and(|status| status.success()), "sqlite3");
    let text = format!(
        "dbpath = {}\nquery = SELECT v FROM t WHERE k = '%s'\n",
        path.display()
    );
    fs::write(&table, text).unwrap_or_else(|error| panic!("{}: {error}", table.display()));
    format!("sqlite:{}", table.display())
}

fn write(path: &Path, count: usize, line: impl Fn(usize) -> String) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..count {
        file.write_all(line(number).as_bytes())?;
    }
    file.flush()
}

/// The seconds that a command takes, and the most memory that it was seen with, in MB.
fn timed(program: &Path, arguments: &[&str], input: Option<&Path>) -> (f64, f64) {
    let input = match input {
        Some(path) => File::open(path).map_or_else(|_| Stdio::null(), Stdio::from),
        None => Stdio::null(),
    };
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(input)
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let status = format!("/proc/{}/status", child.id());
    let long = arguments.len() == 1;
    let mut memory = 0.0;
    while long && matches!(child.try_wait(), Ok(None)) {
        memory = peak(&status).unwrap_or(memory);
        thread::sleep(Duration::from_millis(2));
    }
    let ended = child.wait();
    assert!(ended.is_ok_and(|status| status.success()), "{arguments:?}");
    (begun.elapsed().as_secs_f64(), memory)
}

fn peak(status: &str) -> Option<f64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
