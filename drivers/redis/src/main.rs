//! redis_table - the driver of `redis:` tables, as docs/redis_table.md describes them.
//!
//! A lookup is a command that reads, at the first of the `hosts` that answers, or at the node of their cluster that has the key. Logs
//! nothing by itself.

use std::path::PathBuf;
use std::process::ExitCode;

use driver::place::host_and_port;
use driver::{Fault, Notes, Parameters, Results, Servers, Table, Timing, Tls};
use redis_table::query::{self, Query};
use redis_table::reply::{Limits, Reply};
use redis_table::session::{Access, Session};

/// Where Redis listens unless it is told otherwise.
const DEFAULT_PORT: u16 = 6379;

fn main() -> ExitCode {
    driver::main::<Redis>()
}

struct Redis {
    name: String,
    query: Query,
    results: Results,
    ttl: u64,
    access: Access,
    servers: Servers<Session>,
}

impl Table for Redis {
    fn open(parameters: &Parameters, _: &mut Notes) -> Result<Self, String> {
        let hosts = parameters.hosts("hosts", address)?;
        let servers = Servers::new("redis", hosts, Timing::new(parameters)?);
        let query = parameters.text("query", "GET %s");
        let query = Query::parse(query, |name| parameters.of_main_cf(name));
        Ok(Self {
            name: parameters.table().to_owned(),
            query: query.map_err(|error| parameters.bad(format_args!("query: {error}")))?,
            results: Results::new(parameters)?,
            ttl: parameters.number("ttl", 0, 0..=1 << 40)?,
            access: access(parameters)?,
            servers,
        })
    }

    fn find(&self, key: &[u8], notes: &mut Notes) -> Result<Option<Vec<u8>>, String> {
        let of_table = |reason| format!("{}: {reason}", self.name);
        let (Some(command), Some(joined)) = (self.query.fill(key), self.results.of(key)) else {
            return Ok(None);
        };
        let mut values = Vec::new();
        self.ask(&command, notes)?
            .values(&mut values)
            .map_err(of_table)?;
        joined.all(values).map_err(of_table)
    }

    fn update(&self, key: &[u8], value: &[u8], notes: &mut Notes) -> Result<(), String> {
        let command = self.query.fill(key);
        match command.and_then(|command| query::update(&command, value, self.ttl)) {
            Some(command) => self.ask(&command, notes).map(|_| ()),
            None => Err(self.read_only()),
        }
    }

    fn remove(&self, key: &[u8], notes: &mut Notes) -> Result<bool, String> {
        match self
            .query
            .fill(key)
            .and_then(|command| query::remove(&command))
        {
            Some(command) => Ok(self.ask(&command, notes)? != Reply::Integer(0)),
            None => Err(self.read_only()),
        }
    }

    fn tidy(&self) {
        self.servers.tidy();
    }
}

impl Redis {
    fn ask(&self, command: &[Vec<u8>], notes: &mut Notes) -> Result<Reply, String> {
        let connect = |server: &str| Session::connect(server, &self.access);
        let ask = |session: &mut Session| -> Result<Reply, Fault> { session.ask(command) };
        let asked = self.servers.run(notes, connect, ask);
        asked.map_err(|reason| format!("{}: {reason}", self.name))
    }

    fn read_only(&self) -> String {
        format!("{}: only tables with GET or HGET can be changed", self.name)
    }
}

/// A host of the configuration as an address.
fn address(text: &str) -> Result<String, String> {
    let path = text.strip_prefix("unix:").unwrap_or(text);
    if path.starts_with('/') {
        return Ok(format!("unix:{path}"));
    }
    let (host, port) = host_and_port(text, DEFAULT_PORT)?;
    Ok(match host.contains(':') {
        true => format!("inet:[{host}]:{port}"),
        false => format!("inet:{host}:{port}"),
    })
}

fn access(parameters: &Parameters) -> Result<Access, String> {
    let path = |name| parameters.filled(name).map(PathBuf::from);
    let verify = parameters.flag("tls_verify_cert", true)?;
    let tls = Tls {
        authorities_file: path("tls_CAfile"),
        authorities_directory: path("tls_CApath"),
        certificate: path("tls_cert_file"),
        key: path("tls_key_file"),
        verify,
        verify_name: verify,
    };
    let wanted = parameters.flag("tls", false)?;
    if wanted {
        // What is wrong with files is said when the table is opened.
        tls.connector().map_err(|error| parameters.bad(error))?;
    }
    let data = parameters.number("data_size_limit", 1 << 20, 1..=1 << 29)?;
    Ok(Access {
        user: parameters.filled("user").map(str::to_owned),
        password: parameters.filled("password").map(str::to_owned),
        database: parameters.number("db", 0, 0..=1 << 31)?,
        tls: wanted.then_some(tls),
        timeout: parameters.time("timeout", 5)?,
        limits: Limits {
            data: usize::try_from(data).unwrap_or(1 << 20),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn hosts_become_addresses() {
        for (host, expected) in [
            ("db", "inet:db:6379"),
            ("inet:db:77", "inet:db:77"),
            ("::1", "inet:[::1]:6379"),
            ("[::1]:77", "inet:[::1]:77"),
            ("[::1]", "inet:[::1]:6379"),
            ("/run/x", "unix:/run/x"),
            ("unix:/run/x", "unix:/run/x"),
        ] {
            assert_eq!(address(host).as_deref(), Ok(expected), "{host}");
        }
        assert!(address("db:port").is_err());
    }
}
