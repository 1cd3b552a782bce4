//! Constant databases: no panic, and no value is longer than the file.
#![no_main]

use std::cell::RefCell;
use std::fs::File;
use std::io::{Seek, Write};

use libfuzzer_sys::fuzz_target;
use lookup::kinds::cdb::Cdb;

thread_local! {
    /// A file without a name, used again and again.
    static FILE: RefCell<File> = RefCell::new(unnamed());
}

fn unnamed() -> File {
    let path = std::env::temp_dir().join(format!("fuzz-cdb-{}", std::process::id()));
    let options = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path);
    let file = options.expect("a temporary file");
    std::fs::remove_file(&path).expect("remove its name");
    file
}

fuzz_target!(|bytes: &[u8]| {
    // The key of the first entry, if there is one.
    let entry = bytes.get(2048..).unwrap_or_default();
    let length = entry.first().copied().unwrap_or_default().into();
    let key = entry.get(8..).and_then(|rest| rest.get(..length));
    let key = key.unwrap_or(b"k");
    FILE.with_borrow_mut(|file| {
        file.set_len(0).expect("empty it");
        file.rewind().expect("seek");
        file.write_all(bytes).expect("write");
        let answers = [0, u64::MAX].map(|small| {
            let file = file.try_clone().expect("clone");
            let table = Cdb::of_file(file, small).ok()?;
            let found = table.find(key).ok();
            if let Some(Some(value)) = &found {
                assert!(value.len() <= bytes.len());
            }
            Some((found, table.entries_after(None, usize::MAX).ok()))
        });
        assert_eq!(answers[0], answers[1], "in memory or not");
    });
});
