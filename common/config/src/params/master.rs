//! What master(8) and the daemons share that the reference does not have.

use crate::table::params;

params! {
    /// How many clients a process serves.
    pub struct Sessions {
        /// How many clients one daemon process takes at once; one gives each client its own process.
        sessions_per_process: usize [1 ..] = "100";
    }
}
