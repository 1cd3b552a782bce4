//! showq(8): lists the mail queue for postqueue(1), mailq(1) and whoever watches the queue.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::conversations::<showq::Showq>()
}
