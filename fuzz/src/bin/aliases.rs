//! Source text of tables and aliases, and what an alias leads to: no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lookup::{aliases, source};

fuzz_target!(|bytes: &[u8]| {
    for line in source::logical_lines(bytes) {
        let _ = aliases::entry(&line.text);
    }
    let _ = source::entries(bytes, true).count();
    let _ = aliases::destinations(bytes);
});
