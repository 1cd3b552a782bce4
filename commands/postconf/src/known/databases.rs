//! Tables whose parameters stand in main.cf, under names that begin with the table's (`ldap:people`: `people_server_host`),
//! or in a file of their own (`ldap:/etc/people.cf`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use config::{Explained, MainCf};

use super::{Class, Set};

/// The parameters of each type of table, as its driver reads them and its page describes them.
const PARAMETERS: [(&str, &[&str]); 7] = [
    ("ldap", LDAP),
    ("memcache", MEMCACHE),
    ("mongodb", MONGODB),
    ("mysql", MYSQL),
    ("pgsql", PGSQL),
    ("redis", REDIS),
    ("sqlite", SQLITE),
];

const LDAP: &[&str] = &[
    "bind",
    "bind_dn",
    "bind_pw",
    "cache",
    "cache_expiry",
    "cache_size",
    "chase_referrals",
    "debuglevel",
    "dereference",
    "domain",
    "expansion_limit",
    "idle_interval",
    "leaf_result_attribute",
    "max_connections",
    "query_filter",
    "recursion_limit",
    "result_attribute",
    "result_filter",
    "result_format",
    "retry_interval",
    "sasl_authz_id",
    "sasl_mechs",
    "sasl_minssf",
    "sasl_realm",
    "scope",
    "search_base",
    "server_host",
    "server_port",
    "size_limit",
    "special_result_attribute",
    "start_tls",
    "terminal_result_attribute",
    "timeout",
    "tls_ca_cert_dir",
    "tls_ca_cert_file",
    "tls_cert",
    "tls_cipher_suite",
    "tls_key",
    "tls_random_file",
    "tls_require_cert",
    "version",
];

const MEMCACHE: &[&str] = &[
    "backup",
    "data_size_limit",
    "domain",
    "flags",
    "idle_interval",
    "key_digest",
    "key_format",
    "line_size_limit",
    "max_connections",
    "max_try",
    "memcache",
    "retry_pause",
    "timeout",
    "ttl",
];

const MONGODB: &[&str] = &[
    "collection",
    "dbname",
    "domain",
    "expansion_limit",
    "idle_interval",
    "max_connections",
    "projection",
    "query_filter",
    "result_attribute",
    "result_format",
    "timeout",
    "uri",
];

const MYSQL: &[&str] = &[
    "additional_conditions",
    "charset",
    "dbname",
    "domain",
    "expansion_limit",
    "hosts",
    "idle_interval",
    "max_connections",
    "option_file",
    "option_group",
    "password",
    "query",
    "require_result_set",
    "result_format",
    "retry_interval",
    "select_field",
    "table",
    "timeout",
    "tls_CAfile",
    "tls_CApath",
    "tls_cert_file",
    "tls_ciphers",
    "tls_key_file",
    "tls_verify_cert",
    "user",
    "where_field",
];

const PGSQL: &[&str] = &[
    "additional_conditions",
    "dbname",
    "domain",
    "encoding",
    "expansion_limit",
    "hosts",
    "idle_interval",
    "max_connections",
    "password",
    "query",
    "result_format",
    "retry_interval",
    "select_field",
    "select_function",
    "table",
    "timeout",
    "user",
    "where_field",
];

const REDIS: &[&str] = &[
    "data_size_limit",
    "db",
    "domain",
    "expansion_limit",
    "hosts",
    "idle_interval",
    "max_connections",
    "password",
    "query",
    "result_format",
    "retry_interval",
    "timeout",
    "tls",
    "tls_CAfile",
    "tls_CApath",
    "tls_cert_file",
    "tls_key_file",
    "tls_verify_cert",
    "ttl",
    "user",
];

const SQLITE: &[&str] = &[
    "additional_conditions",
    "dbpath",
    "domain",
    "expansion_limit",
    "max_connections",
    "query",
    "result_format",
    "select_field",
    "table",
    "where_field",
];

/// The tables that were found, and the mistakes in their files.
#[derive(Debug, Default)]
pub(super) struct Databases {
    found: BTreeSet<(&'static str, String)>,
    /// Files that cannot be read.
    unreadable: Vec<String>,
    /// `type:file`, name and value of what is no parameter of that type.
    unused: Vec<(String, String, String)>,
}

impl Databases {
    /// Find the tables in a value; those behind proxies and within tables of tables, too.
    pub(super) fn scan(&mut self, value: &str) -> Result<(), Explained> {
        if !value.contains(':') {
            return Ok(());
        }
        let separator = |letter: char| letter.is_ascii_whitespace() || ",{}".contains(letter);
        for word in value.split(separator) {
            let Some((mut kind, mut name)) = word.split_once(':') else {
                continue;
            };
            while let ("proxy" | "debug", Some((inner, rest))) = (kind, name.split_once(':')) {
                (kind, name) = (inner, rest);
            }
            let Some((kind, parameters)) = PARAMETERS.iter().find(|(known, _)| *known == kind)
            else {
                continue;
            };
            if !name.is_empty()
                && self.found.insert((kind, name.to_owned()))
                && name.starts_with('/')
            {
                self.check_file(kind, name, parameters)?;
            }
        }
        Ok(())
    }

    fn check_file(&mut self, kind: &str, path: &str, parameters: &[&str]) -> Result<(), Explained> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let reason = sys::reason(&error);
                self.unreadable.push(format!(
                    "open \"{kind}\" configuration \"{path}\": {reason}"
                ));
                return Ok(());
            }
        };
        let file = MainCf::parse(Path::new(path), &bytes)?;
        let mut names = file.names();
        names.sort_unstable();
        for name in names.into_iter().filter(|name| !parameters.contains(name)) {
            let value = file.value(name).unwrap_or_default();
            self.unused
                .push((format!("{kind}:{path}"), name.to_owned(), value.to_owned()));
        }
        Ok(())
    }

    /// The parameters of the tables that are set.
    pub(super) fn name_parameters(&self, set: &Set<'_>, names: &mut BTreeMap<String, Class>) {
        for (kind, table) in self.found.iter().filter(|(_, name)| !name.starts_with('/')) {
            let parameters = PARAMETERS.iter().find(|(known, _)| known == kind);
            for parameter in parameters.map_or(&[][..], |(_, parameters)| parameters) {
                let name = format!("{table}_{parameter}");
                if set.contains_key(name.as_str()) {
                    names.entry(name).or_insert(Class::User);
                }
            }
        }
    }

    /// Also those of another place.
    pub(super) fn append(&mut self, other: Self) {
        let fresh = |place: &str| {
            let (kind, path) = place.split_once(':').unwrap_or_default();
            !self
                .found
                .iter()
                .any(|(known, name)| *known == kind && name == path)
        };
        self.unused
            .extend(other.unused.into_iter().filter(|(place, ..)| fresh(place)));
        for text in other.unreadable {
            if !self.unreadable.contains(&text) {
                self.unreadable.push(text);
            }
        }
        self.found.extend(other.found);
    }

    /// Say what is wrong with their files.
    pub(super) fn warn(&self) {
        for text in &self.unreadable {
            maillog::warning!("{text}");
        }
        for (place, name, value) in &self.unused {
            maillog::warning!("{place}: unused parameter: {name}={value}");
        }
    }
}
