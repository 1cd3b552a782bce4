//! `unix:passwd.byname` and `unix:group.byname`: the system's user and group databases.
//!
//! Needs the system's databases at each lookup, so jailed daemons reach it through `proxy:`.

use sys::nix::unistd::{Group, User};

use crate::error::OpenError;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserDatabase {
    Passwd,
    Group,
}

impl UserDatabase {
    pub(crate) fn open(name: &str) -> Result<Self, OpenError> {
        match name {
            "passwd.byname" => Ok(Self::Passwd),
            "group.byname" => Ok(Self::Group),
            _ => Err(OpenError::Syntax(format!("unknown table: unix:{name}"))),
        }
    }

    /// The entry of a name in the form of passwd(5) or group(5).
    pub(crate) fn find(self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let Ok(name) = std::str::from_utf8(key) else {
            return Ok(None);
        };
        if name.is_empty() || name.contains('\0') {
            return Ok(None);
        }
        let found = match self {
            Self::Passwd => User::from_name(name).map(|user| user.map(|user| passwd_line(&user))),
            Self::Group => {
                Group::from_name(name).map(|group| group.map(|group| group_line(&group)))
            }
        };
        found.map_err(|error| error.desc().to_owned())
    }
}

fn passwd_line(user: &User) -> Vec<u8> {
    let mut line = format!("{}:", user.name).into_bytes();
    line.extend_from_slice(user.passwd.as_bytes());
    line.extend_from_slice(format!(":{}:{}:", user.uid, user.gid).as_bytes());
    line.extend_from_slice(user.gecos.as_bytes());
    line.push(b':');
    line.extend_from_slice(user.dir.as_os_str().as_encoded_bytes());
    line.push(b':');
    line.extend_from_slice(user.shell.as_os_str().as_encoded_bytes());
    line
}

fn group_line(group: &Group) -> Vec<u8> {
    let mut line = format!("{}:", group.name).into_bytes();
    line.extend_from_slice(group.passwd.as_bytes());
    line.extend_from_slice(format!(":{}:{}", group.gid, group.mem.join(",")).as_bytes());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known() {
        let found = UserDatabase::open("passwd.byname").unwrap().find(b"root");
        assert!(found.unwrap().unwrap().starts_with(b"root:x:0:0:"));
        assert_eq!(UserDatabase::Passwd.find(b"no such user"), Ok(None));
        assert!(UserDatabase::open("shadow").is_err());
    }
}
