//! The MIME walk and the conversion to 7 bits: no panic; what comes out in bodies has 7 bits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::mime::{Downgrade, Options};

fuzz_target!(|bytes: &[u8]| {
    let mut walk = Downgrade::new(Options {
        downgrade: true,
        ..Options::default()
    });
    let mut size = 0;
    let mut out = |line: &[u8], _ends: bool| size += line.len();
    for line in bytes.split(|&byte| byte == b'\n') {
        walk.line(line, true, &mut out);
    }
    walk.finish(&mut out);
    // Quoted-printable makes three bytes of one; headers and line ends are added.
    assert!(
        size <= 8 * bytes.len() + 4096,
        "{size} bytes of {}",
        bytes.len()
    );
});
