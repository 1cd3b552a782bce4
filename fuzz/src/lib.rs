//! What several targets need: a table's source file, and silence.

use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use lookup::{OpenOptions, Table};

/// Open a table whose source file has this text. `None` when it cannot be opened. What is logged goes nowhere.
pub fn table(kind: &str, text: &[u8]) -> Option<Table> {
    static SOURCE: OnceLock<Mutex<File>> = OnceLock::new();
    let source = SOURCE.get_or_init(|| Mutex::new(nameless()));
    let mut file = source.lock().unwrap_or_else(PoisonError::into_inner);
    file.set_len(0).expect("empty the source file");
    file.rewind().expect("rewind the source file");
    file.write_all(text).expect("write the source file");
    let spec = format!("{kind}:/proc/self/fd/{}", file.as_raw_fd());
    Table::open(&spec, &OpenOptions::default()).ok()
}

/// What a table that answers at once says; an error has only its place.
pub fn find(table: &Table, key: &[u8]) -> Result<Option<Vec<u8>>, ()> {
    now(table.find_quietly(key)).map_err(drop)
}

/// All keys and values of a table that can list them.
pub fn listed(table: &Table) -> Vec<(Vec<u8>, Vec<u8>)> {
    let listed = now(table.entries_after(None, usize::MAX));
    listed.ok().flatten().unwrap_or_default()
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a table in memory waited"),
    }
}

/// Let warnings go nowhere.
pub fn silence() {
    static SILENT: OnceLock<()> = OnceLock::new();
    SILENT.get_or_init(|| {
        maillog::open(maillog::Options {
            tag: "fuzz".to_owned(),
            shown: "fuzz".to_owned(),
            destination: maillog::Destination::File {
                path: "/dev/null".into(),
                mode: 0o600,
            },
            to_stderr: false,
        });
    });
}

fn nameless() -> File {
    silence();
    // In memory, where there is such a place.
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => memory.to_owned(),
        false => std::env::temp_dir(),
    };
    let path = folder.join(format!("fuzz-{}", std::process::id()));
    let file = File::create_new(&path).expect("make a source file");
    std::fs::remove_file(&path).expect("unlink the source file");
    file
}

/// The same rules in a table of few patterns and in one of many.
pub fn compare_patterns(kind: &str, bytes: &[u8]) {
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
        return;
    };
    let (key, rules) = bytes.split_at(end);
    if lookup::source::logical_lines(rules).len() > 7 || contains(key, b"padding") {
        return;
    }
    let mut many = rules.to_vec();
    many.extend_from_slice(b"\n");
    for number in 0..10 {
        many.extend_from_slice(format!("/padding{number}/ never\n").as_bytes());
    }
    let many = table(kind, &many).expect("a text is a table");
    let few = table(kind, rules).expect("a text is a table");
    // A pattern that the table of many need not try cannot run into a limit.
    if let Ok(found) = find(&few, key) {
        // The literals are looked for after some lookups.
        for _ in 0..6 {
            assert_eq!(find(&many, key), Ok(found.clone()));
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len())
        .any(|window| window.eq_ignore_ascii_case(part))
}
