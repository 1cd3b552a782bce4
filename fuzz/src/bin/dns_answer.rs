//! Answers of name servers: no panic, whatever was asked.
#![no_main]

use dns::message::{Kind, Query};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for kind in [Kind::A, Kind::Aaaa, Kind::Mx, Kind::Ptr] {
        if let Some(query) = Query::new("example.com", kind, 0, true) {
            let _ = query.read(bytes);
        }
    }
});
