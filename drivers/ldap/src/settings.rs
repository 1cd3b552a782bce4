//! The parameters of a table that say where and how to search.

use driver::place::host_and_port;
use driver::{Notes, Parameters};

use crate::expand::Attributes;
use crate::url::{Depth, Search};

/// What cannot be done here, and is only said once.
pub(crate) fn complain(parameters: &Parameters, notes: &mut Notes) {
    for name in ["cache", "cache_expiry", "cache_size"] {
        if parameters.set(name).is_some() {
            notes.add(parameters.bad(format_args!("{name} ignored: there is no cache")));
        }
    }
    let library = "the client library takes those of the system's OpenSSL";
    parameters.without_effect(&["tls_cipher_suite"], library, notes);
    let random = "random numbers are the system's";
    parameters.without_effect(&["tls_random_file"], random, notes);
    let external = "only the SASL mechanism EXTERNAL is known here";
    let names = ["sasl_realm", "sasl_authz_id"];
    parameters.without_effect(&names, external, notes);
    for name in ["sasl_minssf", "debuglevel"] {
        if parameters.text(name, "0") != "0" {
            parameters.without_effect(&[name], "it is always 0 here", notes);
        }
    }
    if parameters.text("version", "3") != "3" {
        notes.add(parameters.bad("version: only version 3 of the protocol is spoken"));
    }
    if !matches!(parameters.text("chase_referrals", "0"), "0" | "no") {
        notes.add(parameters.bad("chase_referrals: referrals are not followed"));
    }
}

/// The URLs of `server_host`, in order.
pub(crate) fn servers(parameters: &Parameters) -> Result<Vec<String>, String> {
    let port = parameters.number("server_port", 389, 1..=65535)?;
    let port = u16::try_from(port).unwrap_or(389);
    parameters.hosts("server_host", |server| {
        if server.contains("://") {
            return Ok(server.trim_end_matches('/').to_owned());
        }
        let (host, port) = host_and_port(server, port)?;
        Ok(match host.contains(':') {
            true => format!("ldap://[{host}]:{port}"),
            false => format!("ldap://{host}:{port}"),
        })
    })
}

/// The search but for the key: `scope`.
pub(crate) fn search(parameters: &Parameters) -> Result<Search, String> {
    let scope = parameters.text("scope", "sub");
    let depth = Depth::by_name(scope);
    Ok(Search {
        base: String::new(),
        depth: depth.ok_or_else(|| {
            parameters.bad(format_args!(
                "scope = {scope}: sub, base or one is expected"
            ))
        })?,
        filter: String::new(),
    })
}

/// Which attributes are wanted.
pub(crate) fn attributes(parameters: &Parameters) -> Result<Attributes, String> {
    let names = |name: &str, default: &str| {
        let all = parameters.words(name, default);
        all.map(str::to_owned).collect::<Vec<_>>()
    };
    let limit = parameters.number("recursion_limit", 1000, 1..=1_000_000)?;
    Ok(Attributes {
        ordinary: names("result_attribute", "maildrop"),
        terminal: names("terminal_result_attribute", ""),
        leaf: names("leaf_result_attribute", ""),
        special: names("special_result_attribute", ""),
        recursion_limit: usize::try_from(limit).unwrap_or(usize::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_become_urls() {
        let value = "a.example, b.example:77 ldapi://%2Frun%2Fx [::1]:78 ::1";
        let pairs = [("server_host", value), ("server_port", "390")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            servers(&Parameters::new("t", pairs)).unwrap(),
            [
                "ldap://a.example:390",
                "ldap://b.example:77",
                "ldapi://%2Frun%2Fx",
                "ldap://[::1]:78",
                "ldap://[::1]:390"
            ]
        );
    }
}
