//! output-server-csr and output-server-tlsa: what others need to know of the server's keys.

use std::io::Write;
use std::path::PathBuf;

use command::Fatal;
use config::params::core::Names;

use super::openssl::{Algorithm, OpenSsl};
use super::server::{hosts, key_digest, key_in_use, placed};
use super::{keys, options};
use crate::instance::Instance;
use crate::tell;

/// Print a certificate signing request.
pub(super) fn csr(instance: &Instance, words: &[String]) -> Result<(), Fatal> {
    let arguments = options(words, "k:", "output-server-csr [-k keyfile] [hostname ...]")?;
    let openssl = OpenSsl::find(instance)?;
    let mut given = arguments.options.iter().rev();
    let given = given.find_map(|option| option.value.as_ref());
    let name = given.map_or("rsa".into(), |name| name.to_string_lossy());
    let key = key_named(instance, &name)?.filter(|path| path.is_file());
    let Some(key) = key else {
        return Err(Fatal::new("No usable keyfile specified or configured"));
    };
    key_digest(&openssl, &key)?;
    let request = keys::request(&openssl, &key, &hosts(instance, &arguments.operands)?)?;
    std::io::stdout()
        .write_all(&request)
        .map_err(|error| Fatal::io("standard output", &error))
}

/// Print the records that let others verify the server's keys in the DNS.
pub(super) fn tlsa(instance: &Instance, words: &[String]) -> Result<(), Fatal> {
    let arguments = options(
        words,
        "h:",
        "output-server-tlsa [-h hostname] [keyfile ...]",
    )?;
    let openssl = OpenSsl::find(instance)?;
    let mut given = arguments.options.iter().rev();
    let host = match given.find_map(|option| option.value.as_ref()) {
        Some(host) => host.to_string_lossy().into_owned(),
        None => instance.settings.get::<Names>()?.myhostname,
    };
    let mut names: Vec<_> = arguments
        .operands
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if names.is_empty() {
        names = vec!["rsa".to_owned(), "ecdsa".to_owned()];
    }
    let mut keys = Vec::new();
    for name in &names {
        keys.extend(key_named(instance, name)?);
    }
    if keys.is_empty() {
        return Err(Fatal::new("No usable keyfiles specified or configured"));
    }
    for key in keys {
        tell::print(format_args!("; {}", key.display()))?;
        let digest = key_digest(&openssl, &key)?;
        tell::print(format_args!("_25._tcp.{host}. IN TLSA 3 1 1 {digest}"))?;
    }
    Ok(())
}

/// The file of a key: that of main.cf by the name of an algorithm, or one that is named.
fn key_named(instance: &Instance, name: &str) -> Result<Option<PathBuf>, Fatal> {
    match Algorithm::parse(name) {
        Some(algorithm) => key_in_use(instance, algorithm),
        None => Ok(Some(placed(instance, name))),
    }
}
