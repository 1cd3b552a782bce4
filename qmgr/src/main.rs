//! qmgr(8)

use std::process::ExitCode;

fn main() -> ExitCode {
    service::triggered::<qmgr::Qmgr>()
}
