//! The queue's folders and files.

use crate::table::params;
use crate::value::Words;

params! {
    /// How the queue is laid out.
    pub struct Folders {
        /// The queue folders that have subfolders.
        hash_queue_names: Words [1 ..] = "deferred, defer";
        /// How many levels of subfolders there are.
        hash_queue_depth: usize [1 ..] = "1";
        /// Whether queue ids are never used again.
        enable_long_queue_ids: bool = "no";
    }

    /// What is in queue files.
    pub struct Files {
        /// The most attributes that a queue file may have.
        queue_file_attribute_count_limit: usize [1 ..] = "100";
        /// The space that must be free in the queue's file system to receive mail, in bytes.
        queue_minfree: u64 = "0";
    }
}
