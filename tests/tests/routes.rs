//! Every route case (see [`suite::route_case`]).

use std::process::ExitCode;
use suite::{case_file, route_case};

fn main() -> ExitCode {
    case_file::harness(route_case::all, route_case::run)
}
