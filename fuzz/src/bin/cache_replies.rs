//! What memcached and Redis answer: no panic, nothing beyond the bounds.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = memcache_table::Limits {
        line: 64,
        data: 100,
        timeout: Duration::from_secs(1),
    };
    let mut reader = bytes;
    while let Ok(Some(value)) = memcache_table::read_value(&mut reader, b"k", &limits) {
        assert!(value.len() <= limits.data);
    }
    let limits = redis_table::reply::Limits { data: 100 };
    let mut reader = bytes;
    while let Ok(reply) = redis_table::reply::read(&mut reader, limits) {
        let mut values = Vec::new();
        let _ = reply.values(&mut values);
    }
});
