//! What a server of tcp: tables answers: no panic, nothing beyond the bound; and no key makes more than one request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tcp_table::{MAX_REPLY, Reply};

fuzz_target!(|bytes: &[u8]| {
    let mut reader = bytes;
    while let Ok(reply) = tcp_table::read_reply(&mut reader) {
        if let Reply::Found(value) = reply {
            assert!(value.len() < MAX_REPLY && !value.contains(&0));
        }
    }
    let request = tcp_table::request(bytes);
    let key = request
        .strip_prefix(b"get ")
        .and_then(|rest| rest.strip_suffix(b"\n"));
    let key = key.expect("a line that asks");
    assert!(key.iter().all(u8::is_ascii_graphic));
    // An encoded key that comes back as a value is the key.
    if !bytes.contains(&0) && key.len() < MAX_REPLY - 5 {
        let echo = [b"200 ".as_slice(), key, b"\n"].concat();
        let found = tcp_table::read_reply(&mut echo.as_slice());
        assert_eq!(found, Ok(Reply::Found(bytes.to_vec())));
    }
});
