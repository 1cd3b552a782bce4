//! Addresses in commands and headers: no panic; what was unquoted and quoted again is the same address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::path::{self, Syntax};
use mail::{AddressList, quote};

fuzz_target!(|bytes: &[u8]| {
    let _ = path::split(bytes);
    for (strict, allow_empty) in [(false, false), (false, true), (true, false), (true, true)] {
        let _ = path::parse(
            bytes,
            Syntax {
                strict,
                allow_empty,
            },
        );
    }
    let list = AddressList::parse(bytes, 100);
    assert!(list.addresses().count() <= 100);
    let _ = list.header(b"To");
    let internal = quote::unquote(bytes);
    let again = quote::quote_821(&internal);
    assert_eq!(quote::unquote(&again), internal);
});
