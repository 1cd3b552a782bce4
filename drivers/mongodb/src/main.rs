//! mongodb_table - the driver of `mongodb:` tables, as mongodb_table(5) describes them.
//!
//! A lookup is one `find` at the servers of `uri`. Beside what the manual has there are `timeout`, how long a lookup may take (10
//! seconds), `idle_interval` and `max_connections`. Never changes anything. Logs nothing by itself.

mod client;
mod filter;
mod outage;
mod values;

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use driver::place::public_name;
use driver::{Notes, Parameters, Results, Servers, Table, Timing};

use client::{Access, Client};
use filter::Filter;
use values::Wanted;

/// Where Debian has the authorities of the system.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs";

fn main() -> ExitCode {
    // Where a system has no authorities, the library refuses to use those of the table, too, unless it is shown some directory.
    let lacks_authorities = !Path::new(SYSTEM_AUTHORITIES).exists();
    if lacks_authorities && sys::process::set_environment("SSL_CERT_DIR", OsStr::new("/")).is_err()
    {
        return ExitCode::FAILURE;
    }
    driver::main::<Mongodb>()
}

struct Mongodb {
    name: String,
    filter: Filter,
    wanted: Wanted,
    results: Results,
    client: Client,
    /// The one `uri`: the library knows the servers behind it and keeps the connections; here lookups wait for their turn, and those
    /// that waited while nobody answered are told so.
    turns: Servers<()>,
}

impl Table for Mongodb {
    fn open(parameters: &Parameters, _: &mut Notes) -> Result<Self, String> {
        let filter = Filter::parse(parameters.required("query_filter")?, parameters);
        let timing = Timing::new(parameters)?;
        let uri = parameters.required("uri")?;
        Ok(Self {
            name: parameters.table().to_owned(),
            filter: filter
                .map_err(|error| parameters.bad(format_args!("query_filter: {error}")))?,
            wanted: Wanted::new(parameters)?,
            results: Results::new(parameters)?,
            client: Client::new(Access::new(parameters, timing)?)?,
            turns: Servers::new("mongodb", vec![public_name(uri)], timing),
        })
    }

    fn find(&self, key: &[u8], notes: &mut Notes) -> Result<Option<Vec<u8>>, String> {
        let of_table = |reason| format!("{}: {reason}", self.name);
        // Texts in a database are UTF-8, so another key is not there.
        let Some(text) = std::str::from_utf8(key).ok() else {
            return Ok(None);
        };
        let (Some(filter), Some(joined)) = (self.filter.fill(text), self.results.of(key)) else {
            return Ok(None);
        };
        let mut lines = Vec::new();
        let found = self.turns.run(
            notes,
            |_| Ok(()),
            |()| {
                lines.clear();
                let mut values = Vec::new();
                let each = |document| self.wanted.take(document, &mut values, &mut lines);
                self.client.find(&filter, self.wanted.projection(), each)?;
                Ok(values)
            },
        );
        lines.into_iter().for_each(|line| notes.add(of_table(line)));
        joined.all(found.map_err(of_table)?).map_err(of_table)
    }
}
