//! Queue files: no panic, no record twice for ever.
#![no_main]

use libfuzzer_sys::fuzz_target;
use queue::{Letter, Reader, record};

fuzz_target!(|bytes: &[u8]| {
    let _ = record::split(bytes);
    let _ = Letter::read(&mut Reader::new(bytes), 10);
    let mut reader = Reader::new(bytes);
    // Pointers may lead back, a hundred thousand times at most.
    let mut left = 100_001 * (bytes.len() + 1);
    while let Ok(Some(_)) = reader.next_record() {
        left -= 1;
        assert!(left > 0, "records without end");
    }
});
