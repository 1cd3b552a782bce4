//! Source text of indexed tables, and `texthash:` tables: no panic; what is read is found, the first of equal keys.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lookup::{source, table};
use std::collections::HashMap;

fuzz_target!(|bytes: &[u8]| {
    let opened = fuzz::table("texthash", bytes).expect("a text is a table");
    let mut known = HashMap::new();
    for entry in source::entries(bytes, true).flatten() {
        known.entry(table::fold(&entry.key)).or_insert(entry.value);
    }
    let _ = source::entries(bytes, false).count();
    let listed = fuzz::listed(&opened);
    assert_eq!(listed.len(), known.len());
    for (key, value) in listed {
        assert_eq!(known.get(&key), Some(&value));
        assert_eq!(fuzz::find(&opened, &key), Ok(Some(value)));
    }
});
