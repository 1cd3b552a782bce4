//! pgsql_table - the driver of `pgsql:` tables, as pgsql_table(5) describes them.
//!
//! A lookup is a query at one of the `hosts`. Beside what the manual has there are `timeout`, how long connecting and a query may take
//! (30 seconds), and `max_connections`. Never changes anything but by the query itself. Logs nothing by itself.

mod database;
mod host;

use std::process::ExitCode;
use std::sync::Arc;

use driver::sql::{Dialect, Queries};
use driver::{Charset, Notes, Parameters, Servers, Table, Timing};

use database::Session;
use host::{Host, Login};

fn main() -> ExitCode {
    driver::main::<Pgsql>()
}

struct Pgsql {
    queries: Queries,
    hosts: Vec<Arc<Host>>,
    servers: Servers<Session>,
}

impl Table for Pgsql {
    fn open(parameters: &Parameters, notes: &mut Notes) -> Result<Self, String> {
        let name = parameters.text("encoding", "UTF8");
        let charset = Charset::by_name(name).ok_or_else(|| {
            parameters.bad(format_args!(
                "encoding = {name}: only UTF8 and LATIN1 are known here"
            ))
        })?;
        let usual = Dialect::Postgres {
            standard_strings: true,
        };
        let queries = Queries::new(parameters, charset, usual, notes)?;
        let login = Login::new(parameters)?;
        let hosts: Vec<_> = parameters
            .words("hosts", "localhost")
            .map(|text| Host::parse(text, &login).map(Arc::new))
            .collect::<Result<_, _>>()
            .map_err(|error| parameters.bad(error))?;
        let names = hosts.iter().map(|host| host.name.clone()).collect();
        Ok(Self {
            queries,
            servers: Servers::new("pgsql", names, Timing::new(parameters)?),
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
