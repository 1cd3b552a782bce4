//! Command lines of SMTP clients: no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smtpd::command;

fuzz_target!(|bytes: &[u8]| {
    if let Some(line) = command::split(bytes) {
        let _ = command::words(line.arguments).count();
    }
    let _ = command::looks_like_header(bytes);
});
