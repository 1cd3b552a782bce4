//! Rules of `regexp:` tables: no panic; a table of many rules, which looks for their literals first, finds what one of few finds.
//! The first line is the key.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The C library is slow with references to groups, and doubles what it makes of a pattern with each plus sign or count that
    // another one is for.
    let repeated = bytes.iter().filter(|&&byte| b"{+".contains(&byte)).count();
    let large = bytes
        .windows(3)
        .any(|three| three.iter().all(u8::is_ascii_digit));
    let back = bytes
        .windows(2)
        .any(|two| two[0] == b'\\' && two[1].is_ascii_digit());
    if repeated <= 4 && !large && !back {
        fuzz::compare_patterns("regexp", bytes);
    }
});
