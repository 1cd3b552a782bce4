//! What a server of socketmap: tables answers: no panic, nothing beyond the bound; and a request is one netstring, whatever the key is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socketmap_table::Reply;

/// The longest reply here, in place of the usual 100,000 bytes.
const LIMIT: usize = 100;

fuzz_target!(|bytes: &[u8]| {
    let mut reader = bytes;
    while let Ok(reply) = socketmap_table::read_reply(&mut reader, LIMIT) {
        if let Reply::Found(value) = reply {
            assert!(value.len() <= LIMIT && !value.contains(&0));
        }
    }
    // A map named OK makes a reply of a request: the key comes back whole, and nothing is left.
    let request = socketmap_table::request("OK", bytes);
    let mut rest = request.as_slice();
    let found = socketmap_table::read_reply(&mut rest, request.len());
    if !bytes.contains(&0) {
        assert_eq!(found, Ok(Reply::Found(bytes.to_vec())));
    }
    assert!(rest.is_empty());
});
