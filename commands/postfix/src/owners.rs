//! Whose files are whose: by the table as root, all the user's own in rootless mode.

use std::io;

use command::Fatal;
use config::Settings;
use config::params::core::Identity;
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

/// Refuse names that cannot be those of a mail system, before anything is given to them.
pub(crate) fn check_names(settings: &Settings) -> Result<(), Fatal> {
    if is_rootless() {
        return Ok(());
    }
    let file = settings.directory().join("main.cf");
    let complain = |text: String| Err(Fatal::new(format!("file {}: {text}", file.display())));
    let Identity {
        mail_owner,
        setgid_group,
        default_privs,
    } = settings.get()?;
    let find = |name: &str| {
        users::by_name(name).map_err(|error| Fatal::io(format_args!("look up user {name}"), &error))
    };
    let Some(owner) = find(&mail_owner)? else {
        return complain(format!(
            "parameter mail_owner: unknown user name value: {mail_owner}"
        ));
    };
    if owner.uid == 0 {
        return complain(format!(
            "parameter mail_owner: user {mail_owner} has privileged user ID"
        ));
    }
    if find(&default_privs)?.is_some_and(|other| other.uid == owner.uid) {
        return complain(format!(
            "parameters default_privs and mail_owner specify the same user {mail_owner}"
        ));
    }
    match users::group_id(&setgid_group) {
        Ok(None) => complain(format!(
            "parameter setgid_group: unknown group name: {setgid_group}"
        )),
        Ok(Some(0)) => complain(format!(
            "parameter setgid_group: group {setgid_group} has privileged group ID"
        )),
        Ok(Some(_)) => Ok(()),
        Err(error) => Err(Fatal::io(
            format_args!("look up group {setgid_group}"),
            &error,
        )),
    }
}

/// A user or group, and the number that it has here.
pub(crate) struct Party {
    pub(crate) name: String,
    id: u32,
    /// Root's files are as good.
    or_root: bool,
}

impl Party {
    pub(crate) fn owns(&self, id: u32) -> bool {
        id == self.id || (self.or_root && id == 0)
    }
}

/// Who may own the files of a mail system.
pub(crate) struct Parties {
    pub(crate) root: Party,
    pub(crate) owner: Party,
    pub(crate) group: Party,
}

/// The parties of this mail system; all are the user in rootless mode.
pub(crate) fn parties(settings: &Settings) -> Result<Parties, Fatal> {
    let identity: Identity = settings.get()?;
    if is_rootless() {
        let (uid, gid) = rights::effective_ids();
        let party = |id, or_root| Party {
            name: "the user".to_owned(),
            id,
            or_root,
        };
        return Ok(Parties {
            root: party(uid, true),
            owner: party(uid, false),
            group: party(gid, false),
        });
    }
    let party = |name: &str, id| Party {
        name: name.to_owned(),
        id,
        or_root: false,
    };
    Ok(Parties {
        root: party("root", 0),
        owner: party(&identity.mail_owner, user_id(&identity.mail_owner)?),
        group: party(&identity.setgid_group, group_id(&identity.setgid_group)?),
    })
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
