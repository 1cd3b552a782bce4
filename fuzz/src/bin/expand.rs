//! `$name` expansion: no panic, and an end.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut names = |name: &[u8]| (name != b"undefined").then(|| name.to_vec());
    let _ = text::expand::expand(bytes, &mut names);
    let _ = text::expand::references(bytes);
});
