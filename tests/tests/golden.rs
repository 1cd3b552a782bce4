//! Every golden case (see [`suite::golden`]).

use std::process::ExitCode;
use suite::{case_file, golden};

fn main() -> ExitCode {
    case_file::harness(golden::all, golden::run)
}
