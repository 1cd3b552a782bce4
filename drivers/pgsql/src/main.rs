//! pgsql_table - the driver of `pgsql:` tables, as pgsql_table(5) describes them.
//!
//! A lookup is a query at one of the `hosts`. Beside what the manual has there are `timeout`, how long connecting and a query may take
//! (30 seconds), and `max_connections`. Never changes anything but by the query itself. Logs nothing by itself.

mod database;
mod host;

use std::process::ExitCode;

use driver::sql::SqlTable;

use host::Host;

fn main() -> ExitCode {
    driver::main::<SqlTable<Host>>()
}
