//! Rules of `regexp:` tables: no panic; a table of many rules, which looks for their literals first, finds what one of few finds.
//! The first line is the key.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The C library is slow with references to groups, and takes much memory for counts within counts.
    let counts = bytes.iter().filter(|&&byte| byte == b'{').count();
    let large = bytes
        .windows(3)
        .any(|three| three.iter().all(u8::is_ascii_digit));
    let back = bytes
        .windows(2)
        .any(|two| two[0] == b'\\' && two[1].is_ascii_digit());
    if counts <= 2 && !large && !back {
        fuzz::compare_patterns("regexp", bytes);
    }
});
