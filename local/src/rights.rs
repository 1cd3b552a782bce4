//! On whose behalf files are written and commands run.

use std::fs;
use std::os::unix::fs::MetadataExt;

use config::{Settings, params};
use delivery::Ids;
use lookup::kinds::indexed::suffixes;
use sys::command::Identity;
use sys::rights::{Borrowed, borrow_identity, effective_ids};
use sys::users::Account;

use crate::settings::{Config, LoadError};

/// The rights of `default_privs`, which may be neither root's nor the mail system's.
pub(crate) fn default_privs(settings: &Settings, rootless: bool) -> Result<Identity, LoadError> {
    if rootless {
        let (uid, gid) = effective_ids();
        return Ok(Identity {
            uid,
            gid,
            groups: vec![gid],
        });
    }
    let names: params::core::Identity = settings.get()?;
    let name = &names.default_privs;
    let account =
        account(name)?.ok_or_else(|| LoadError(format!("default_privs: unknown user: {name}")))?;
    let owner = account_id(&names.mail_owner)?;
    if account.uid == 0 || Some(account.uid) == owner {
        return Err(LoadError(format!(
            "default_privs: {name} is a privileged user or the mail system's own"
        )));
    }
    Ok(identity(ids(&account)))
}

fn account(name: &str) -> Result<Option<Account>, LoadError> {
    sys::users::by_name(name).map_err(|error| LoadError(format!("look up user {name}: {error}")))
}

fn account_id(name: &str) -> Result<Option<u32>, LoadError> {
    Ok(account(name)?.map(|account| account.uid))
}

/// An account's user and primary group.
pub(crate) const fn ids(account: &Account) -> Ids {
    Ids {
        uid: account.uid,
        gid: account.gid,
    }
}

/// An identity without other groups.
pub(crate) fn identity(ids: Ids) -> Identity {
    Identity {
        uid: ids.uid,
        gid: ids.gid,
        groups: vec![ids.gid],
    }
}

impl Config {
    /// Who a file or command is for: never root.
    pub(crate) fn identity_for(&self, rights: Option<Ids>) -> Identity {
        match rights {
            Some(ids) if ids.uid != 0 && !self.rootless => identity(ids),
            _ => self.default_privs.clone(),
        }
    }
}

/// Take on somebody's rights; nothing changes without root.
pub(crate) fn borrow(ids: Ids) -> std::io::Result<Borrowed> {
    borrow_identity(ids.uid, ids.gid, &[ids.gid])
}

/// Who owns the file behind `type:name`; nobody for a table without a file.
pub(crate) fn table_owner(table: &str) -> Option<Ids> {
    let (kind, path) = table.split_once(':')?;
    let found = suffixes(kind)
        .iter()
        .find_map(|suffix| fs::metadata(format!("{path}{suffix}")).ok());
    found.filter(|_| path.starts_with('/')).map(|metadata| Ids {
        uid: metadata.uid(),
        gid: metadata.gid(),
    })
}
