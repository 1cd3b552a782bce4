//! Rules of `pcre:` tables: no panic; a table of many rules, which looks for their literals first, finds what one of few finds.
//! The first line is the key.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::compare_patterns("pcre", bytes));
