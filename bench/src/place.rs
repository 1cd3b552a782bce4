//! A private machine that says what was logged last when a run ends badly.

use std::thread;

use suite::{Log, Machine};

/// Prints the end of a log when its thread panics.
pub(crate) struct Farewell(Log);

/// Move this thread to a machine of its own.
pub(crate) fn machine() -> (Machine, Farewell) {
    let machine = Machine::enter().unwrap_or_else(|reason| panic!("{reason}"));
    let farewell = Farewell(machine.log.clone());
    (machine, farewell)
}

impl Farewell {
    /// The last lines, on standard error.
    pub(crate) fn print(&self) {
        let log = self.0.text();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default();
        eprintln!("{}", last.join("\n"));
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        if thread::panicking() {
            self.print();
        }
    }
}
