//! What is built in: tables, locks, SASL.

use std::io::Write;

/// A list that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    Tables,
    Locks,
    ServerSasl,
    ClientSasl,
}

/// The types of lookup tables, as common/lookup opens them.
const TABLES: [&str; 12] = [
    "btree", "cidr", "dbm", "environ", "fail", "hash", "inline", "lmdb", "proxy", "static",
    "texthash", "unix",
];

/// Print one list.
pub(crate) fn run(feature: Feature) -> Result<(), String> {
    let names: &[&str] = match feature {
        Feature::Tables => &TABLES,
        Feature::Locks => &["flock", "fcntl", "dotlock"],
        Feature::ServerSasl | Feature::ClientSasl => &[],
    };
    let mut out = std::io::stdout().lock();
    names
        .iter()
        .try_for_each(|name| writeln!(out, "{name}"))
        .map_err(|error| format!("write: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lookup::{OpenError, OpenOptions, Table};

    #[test]
    fn every_listed_type_can_be_opened() {
        for kind in TABLES {
            let opened = Table::open(&format!("{kind}:x"), &OpenOptions::default());
            assert!(!matches!(opened, Err(OpenError::UnknownType(_))), "{kind}");
        }
    }
}
