//! A bounce, defer or trace log.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::DsnStatus;

fuzz_target!(|bytes: &[u8]| {
    for entry in queue::logfile::parse(bytes, DsnStatus::new(4, 0, 0)) {
        assert!(entry.recipient.address.as_bytes().len() <= mail::address::MAX_LENGTH);
    }
});
