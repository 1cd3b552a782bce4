//! Files of Berkeley DB: no panic, and no more comes out than the file is long.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lookup::kinds::berkeley_db;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entries) = berkeley_db::entries(bytes) {
        let size: usize = entries
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        assert!(size <= bytes.len());
    }
});
