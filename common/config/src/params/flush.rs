//! Fast ETRN: which mail waits for which domain.

use std::time::Duration;

use crate::table::params;
use crate::value::Words;

params! {
    /// For which domains it is remembered.
    pub struct Flush {
        /// The domains for which flush(8) remembers waiting mail.
        fast_flush_domains: Words = "$relay_domains";
        /// The age at which an empty list of waiting mail is removed.
        fast_flush_purge_time: Duration [1 ..] = "7d";
        /// How often an old list of waiting mail is tried to be delivered.
        fast_flush_refresh_time: Duration [1 ..] = "12h";
    }
}
