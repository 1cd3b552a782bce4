//! main.cf and master.cf: a value or an error, no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("main.cf");
    if let Ok(parsed) = config::MainCf::parse(path, bytes) {
        for name in parsed.names() {
            let _ = parsed.value(name);
        }
    }
    let _ = config::MasterCf::parse(Path::new("master.cf"), bytes, true, "");
    let _ = config::master_cf::entries(Path::new("master.cf"), bytes);
});
