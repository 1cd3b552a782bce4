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

/// Print one list.
pub(crate) fn run(feature: Feature) -> Result<(), String> {
    let names: &[&str] = match feature {
        Feature::Tables => &[
            "hash", "inline", "lmdb", "proxy", "static", "texthash", "unix",
        ],
        Feature::Locks => &["flock", "fcntl", "dotlock"],
        Feature::ServerSasl | Feature::ClientSasl => &[],
    };
    let mut out = std::io::stdout().lock();
    names
        .iter()
        .try_for_each(|name| writeln!(out, "{name}"))
        .map_err(|error| format!("write: {error}"))
}
