//! Reports about mail that was not delivered, or was.

use crate::table::params;

params! {
    /// What reports contain.
    pub struct Reports {
        /// How much of a message is returned with a report, in bytes.
        bounce_size_limit: usize [1 ..] = "50000";
        /// The file with the texts of reports.
        bounce_template_file: String = "";
        /// Whether reports name the message they are about in References: and In-Reply-To:.
        enable_threaded_bounces: bool = "no";
    }
}
