//! master.cf.
#![no_main]

use std::path::Path;

use config::MasterCf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = MasterCf::parse(Path::new("master.cf"), bytes, true, "smtp=25");
});
