//! mysql_table - the driver of `mysql:` tables, as mysql_table(5) describes them; for MySQL and MariaDB.
//!
//! A lookup is a query at one of the `hosts`. Beside what the manual has there are `timeout`, how long connecting and each answer may take
//! (30 seconds), and `max_connections`. Never changes anything but by the query itself. Logs nothing by itself.

mod certificates;
mod database;
mod host;
mod option_file;

use std::ffi::OsStr;
use std::process::ExitCode;
use std::sync::Arc;

use driver::sql::{Dialect, Queries};
use driver::{Charset, Notes, Parameters, Servers, Table, Timing};

use database::Session;
use host::{Host, Login};

fn main() -> ExitCode {
    // The client library adds tables' authorities to those of the system, which are not meant here.
    for (name, value) in [
        ("SSL_CERT_FILE", "/dev/null"),
        ("SSL_CERT_DIR", "/dev/null"),
    ] {
        if sys::process::set_environment(name, OsStr::new(value)).is_err() {
            return ExitCode::FAILURE;
        }
    }
    driver::main::<Mysql>()
}

struct Mysql {
    queries: Queries,
    hosts: Vec<Arc<Host>>,
    servers: Servers<Session>,
}

impl Table for Mysql {
    fn open(parameters: &Parameters, notes: &mut Notes) -> Result<Self, String> {
        let name = parameters.text("charset", "utf8mb4");
        let charset = Charset::by_name(name).ok_or_else(|| {
            parameters.bad(format_args!(
                "charset = {name}: only utf8mb4 and latin1 are known here"
            ))
        })?;
        let queries = Queries::new(
            parameters,
            charset,
            Dialect::Mysql { backslash: true },
            notes,
        )?;
        let login = Login::new(parameters)?;
        let hosts: Vec<_> = parameters
            .words("hosts", "localhost")
            .map(|text| Host::parse(text, &login).map(Arc::new))
            .collect::<Result<_, _>>()
            .map_err(|error| parameters.bad(error))?;
        let names = hosts.iter().map(|host| host.name.clone()).collect();
        Ok(Self {
            queries,
            servers: Servers::new("mysql", names, Timing::new(parameters)?),
            hosts,
        })
    }

    fn find(&self, key: &[u8], notes: &mut Notes) -> Result<Option<Vec<u8>>, String> {
        let connect = |name: &str| match self.hosts.iter().find(|host| host.name == name) {
            Some(host) => Session::connect(host),
            None => Err("no such host".to_owned()),
        };
        self.queries.find(key, &self.servers, connect, notes)
    }

    fn tidy(&self) {
        self.servers.tidy();
    }
}
