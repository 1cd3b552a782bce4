//! Whose files are whose: by the table as root, all the user's own in rootless mode.

use std::io;

use command::Fatal;
use sys::{rights, users};

use crate::table::Row;

/// The user and group that a row asks for, and the mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) uid: u32,
    /// `None` leaves the group as it is.
    pub(crate) gid: Option<u32>,
    pub(crate) mode: u32,
}

/// Whether the mail system runs without root, as the user who calls.
pub(crate) fn is_rootless() -> bool {
    !rights::is_root()
}

/// What a row asks for on this machine.
pub(crate) fn wanted(row: &Row) -> Result<Wanted, Fatal> {
    if is_rootless() {
        // Nobody else takes part, so no program needs another group's rights.
        return Ok(Wanted {
            uid: rights::effective_ids().0,
            gid: None,
            mode: row.mode & 0o777,
        });
    }
    let uid = user_id(&row.owner)?;
    let gid = row.group.as_deref().map(group_id).transpose()?;
    Ok(Wanted {
        uid,
        gid,
        mode: row.mode,
    })
}

fn user_id(name: &str) -> Result<u32, Fatal> {
    known(
        name,
        "user",
        users::by_name(name).map(|account| account.map(|account| account.uid)),
    )
}

fn group_id(name: &str) -> Result<u32, Fatal> {
    known(name, "group", users::group_id(name))
}

fn known(name: &str, what: &str, found: io::Result<Option<u32>>) -> Result<u32, Fatal> {
    match found {
        Ok(Some(id)) => Ok(id),
        Ok(None) => Err(Fatal::new(format!("unknown {what} name: {name}"))),
        Err(error) => Err(Fatal::io(format_args!("look up {what} {name}"), &error)),
    }
}
