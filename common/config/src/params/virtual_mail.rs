//! Delivery to mailboxes of virtual domains.

use crate::table::params;
use crate::value::{TableList, Words};

params! {
    /// Whose mailboxes are where.
    pub struct Mailboxes {
        /// The directory that all mailboxes are under.
        virtual_mailbox_base: String = "";
        /// The mailboxes by address.
        virtual_mailbox_maps: TableList = "";
        /// The largest mailbox or Maildir file, in bytes; zero is no bound.
        virtual_mailbox_limit: u64 = "51200000";
        /// How mailboxes are locked.
        virtual_mailbox_lock: Words [1 ..] = "fcntl, dotlock";
        /// The user that a mailbox belongs to, by address.
        virtual_uid_maps: TableList = "";
        /// The group that a mailbox belongs to, by address.
        virtual_gid_maps: TableList = "";
        /// The lowest user id that is accepted.
        virtual_minimum_uid: usize [1 ..] = "100";
    }
}
