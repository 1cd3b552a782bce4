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

use driver::sql::SqlTable;

use host::Host;

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
    driver::main::<SqlTable<Host>>()
}
