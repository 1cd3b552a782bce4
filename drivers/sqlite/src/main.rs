//! sqlite_table - the driver of `sqlite:` tables, as sqlite_table(5) describes them.
//!
//! A lookup is a query of the database file `dbpath`, which is opened for reading only, and kept open while it is used. The file must
//! be readable by the mail system's owner. Never makes or changes a database. Logs nothing by itself.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use driver::sql::{Database, Dialect, Host, SqlTable, Values};
use driver::{Charset, Fault, Parameters};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// How long a lookup waits for a writer.
const BUSY: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    driver::main::<SqlTable<File>>()
}

/// A database.
struct File {
    path: String,
}

impl Host for File {
    type Session = Session;
    const KIND: &'static str = "sqlite";
    const DIALECT: Dialect = Dialect::Sqlite;

    /// Texts in a database are UTF-8, so another key is not there.
    fn charset(_: &Parameters) -> Result<Charset, String> {
        Ok(Charset::Utf8)
    }

    fn all(parameters: &Parameters) -> Result<Vec<Self>, String> {
        let path = parameters.required("dbpath")?.to_owned();
        Ok(vec![Self { path }])
    }

    fn name(&self) -> &str {
        &self.path
    }

    fn connect(&self) -> Result<Session, String> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(Path::new(&self.path), flags);
        let file = opened.map_err(|error| error.to_string())?;
        file.busy_timeout(BUSY).map_err(|error| error.to_string())?;
        Ok(Session(file))
    }
}

/// An open database.
struct Session(Connection);

impl Database for Session {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn ask(&mut self, query: &str) -> Result<Values, Fault> {
        let mut statement = self.0.prepare(query).map_err(fault)?;
        let columns = statement.column_count();
        let mut rows = statement.query([]).map_err(fault)?;
        let mut values = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            for column in 0..columns {
                match row.get_ref(column).map_err(fault)? {
                    ValueRef::Null => {}
                    ValueRef::Integer(number) => values.push(number.to_string().into_bytes()),
                    ValueRef::Real(number) => values.push(number.to_string().into_bytes()),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => values.push(bytes.to_vec()),
                }
            }
        }
        Ok(values)
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err calls"
)]
fn fault(error: rusqlite::Error) -> Fault {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Late(text),
        // The file may have been replaced by another one.
        Some(ErrorCode::CannotOpen | ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            Fault::Lost(text)
        }
        _ => Fault::Refused(text),
    }
}
