//! The user database: accounts and groups by name and number.

use std::io;
use std::path::PathBuf;

use nix::unistd::{Gid, Group, Uid, User};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// The full-name field, as it stands in the database.
    pub gecos: String,
    /// Home directory.
    pub home: PathBuf,
    /// Login shell.
    pub shell: PathBuf,
}

/// Find an account by name; `None` when there is none.
pub fn by_name(name: &str) -> io::Result<Option<Account>> {
    Ok(User::from_name(name)?.map(Account::from))
}

/// Find an account by number; `None` when there is none.
pub fn by_uid(uid: u32) -> io::Result<Option<Account>> {
    Ok(User::from_uid(Uid::from_raw(uid))?.map(Account::from))
}

/// The number of a group.
pub fn group_id(name: &str) -> io::Result<Option<u32>> {
    Ok(Group::from_name(name)?.map(|group| group.gid.as_raw()))
}

/// The name of a group.
pub fn group_name(gid: u32) -> io::Result<Option<String>> {
    Ok(Group::from_gid(Gid::from_raw(gid))?.map(|group| group.name))
}

/// The members of a group by name: its number and member names.
pub fn group_members(name: &str) -> io::Result<Option<(u32, Vec<String>)>> {
    Ok(Group::from_name(name)?.map(|group| (group.gid.as_raw(), group.mem)))
}

/// Every group an account is in, its primary one included.
pub fn groups_of(name: &str, gid: u32) -> io::Result<Vec<u32>> {
    let name =
        std::ffi::CString::new(name).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let groups = nix::unistd::getgrouplist(&name, Gid::from_raw(gid))?;
    Ok(groups.into_iter().map(Gid::as_raw).collect())
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            gecos: user.gecos.to_string_lossy().into_owned(),
            home: user.dir,
            shell: user.shell,
        }
    }
}
