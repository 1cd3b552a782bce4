//! Delivery to mailboxes of virtual domains.

use crate::table::params;
use crate::value::{TableList, Words};

params! {
    /// Whose mailboxes are where.
    pub struct Mailboxes {
        /// The directory under which all mailboxes of virtual(8) are.
        virtual_mailbox_base: String = "";
        /// Tables that give the mailbox of an address, under virtual_mailbox_base.
        virtual_mailbox_maps: TableList = "";
        /// The largest mailbox or Maildir file of virtual(8), in bytes; zero is no limit.
        virtual_mailbox_limit: u64 = "51200000";
        /// How virtual(8) locks mailboxes: fcntl, flock, dotlock.
        virtual_mailbox_lock: Words [1 ..] = "fcntl, dotlock";
        /// Tables that give the user id with which virtual(8) writes the mailbox of an address.
        virtual_uid_maps: TableList = "";
        /// Tables that give the group id with which virtual(8) writes the mailbox of an address.
        virtual_gid_maps: TableList = "";
        /// The lowest user id that virtual(8) accepts from virtual_uid_maps.
        virtual_minimum_uid: usize [1 ..] = "100";
    }
}
