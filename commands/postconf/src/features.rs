//! What is built in: tables, locks, SASL.

use std::io::Write;
use std::path::PathBuf;

use config::{Explained, Loader, MainCf, params};

use crate::options::Options;

/// A list that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    Tables,
    Locks,
    ServerSasl,
    ClientSasl,
}

/// The types of lookup tables that are always there, as common/lookup opens them.
const TABLES: [&str; 21] = [
    "btree", "cdb", "cidr", "dbm", "debug", "environ", "fail", "hash", "inline", "internal",
    "lmdb", "pcre", "pipemap", "proxy", "randmap", "regexp", "sdbm", "static", "texthash",
    "unionmap", "unix",
];

/// The types that are there when their program, `<type>_table`, is among the daemons.
const DRIVERS: [&str; 9] = [
    "ldap",
    "memcache",
    "mongodb",
    "mysql",
    "pgsql",
    "redis",
    "socketmap",
    "sqlite",
    "tcp",
];

/// Print one list.
pub(crate) fn run(feature: Feature, options: &Options) -> Result<(), Explained> {
    let mut names: Vec<&str> = match feature {
        Feature::Tables => TABLES.to_vec(),
        Feature::Locks => vec!["flock", "fcntl", "dotlock"],
        Feature::ServerSasl | Feature::ClientSasl => Vec::new(),
    };
    if feature == Feature::Tables {
        let folder = daemon_directory(options)?;
        let is_there = |kind: &&str| folder.join(format!("{kind}_table")).exists();
        names.extend(DRIVERS.into_iter().filter(is_there));
        names.sort_unstable();
    }
    let mut out = std::io::stdout().lock();
    names
        .iter()
        .try_for_each(|name| writeln!(out, "{name}"))
        .map_err(|error| format!("write: {}", sys::reason(&error)).into())
}

/// Where main.cf says that daemons are; without a main.cf, where they usually are.
fn daemon_directory(options: &Options) -> Result<PathBuf, Explained> {
    let main = MainCf::read(&options.directory.join("main.cf")).unwrap_or_default();
    let settings = Loader::new("postconf").over(options.directory.clone(), main);
    let directories: params::core::Directories = settings.get()?;
    Ok(directories.daemon_directory.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lookup::{OpenError, OpenOptions, Table};

    #[test]
    fn drivers_are_those_of_lookup() {
        assert_eq!(DRIVERS, lookup::kinds::driver::TYPES);
    }

    #[test]
    fn every_listed_type_can_be_opened() {
        for kind in TABLES {
            let opened = Table::open(&format!("{kind}:x"), &OpenOptions::default());
            assert!(!matches!(opened, Err(OpenError::UnknownType(_))), "{kind}");
        }
    }
}
