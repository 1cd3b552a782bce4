//! Tables that stand in their names, and tables of such tables: no panic; what is listed is found.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lookup::{OpenOptions, Table};

const KINDS: [&str; 9] = [
    "inline", "static", "randmap", "cidr", "pcre", "texthash", "unionmap", "pipemap", "debug",
];

fuzz_target!(|text: &str| {
    fuzz::silence();
    let options = OpenOptions::default();
    for kind in KINDS {
        if reaches_out(text) || (kind != "debug" && !text.starts_with('{')) {
            continue;
        }
        let Ok(table) = Table::open(&format!("{kind}:{text}"), &options) else {
            continue;
        };
        let _ = fuzz::find(&table, b"key");
        for (key, value) in fuzz::listed(&table) {
            assert_eq!(fuzz::find(&table, &key), Ok(Some(value)));
        }
    }
});

/// Whether a table would be a file or a service outside of this process.
fn reaches_out(text: &str) -> bool {
    text.contains('/')
        || [
            "proxy",
            "hash",
            "btree",
            "dbm",
            "cdb",
            "unix",
            "environ",
            "tcp",
            "socketmap",
            "regexp",
        ]
        .iter()
        .any(|kind| text.contains(kind))
}
