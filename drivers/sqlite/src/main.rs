//! sqlite_table - the driver of `sqlite:` tables, as sqlite_table(5) describes them.
//!
//! A lookup is a query of the database file `dbpath`, which is opened for reading only, and kept open while it is used. The file must
//! be readable by the mail system's owner. Never makes or changes a database. Logs nothing by itself.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use driver::sql::{Dialect, Statement};
use driver::{Fault, Notes, Parameters, Results, Servers, Table, Timing};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// How long a lookup waits for a writer.
const BUSY: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    driver::main::<Sqlite>()
}

struct Sqlite {
    name: String,
    statement: Statement,
    results: Results,
    /// The one file, with the connections to it.
    file: Servers<Connection>,
}

impl Table for Sqlite {
    fn open(parameters: &Parameters, notes: &mut Notes) -> Result<Self, String> {
        let path = PathBuf::from(parameters.required("dbpath")?);
        let statement = Statement::of_table(parameters)?;
        if let Some(warning) = statement.warning(Dialect::Sqlite) {
            notes.add(parameters.bad(format_args!("query: {warning}")));
        }
        let address = path.to_string_lossy().into_owned();
        Ok(Self {
            name: parameters.table().to_owned(),
            statement,
            results: Results::new(parameters)?,
            file: Servers::new("sqlite", vec![address], Timing::new(parameters)?),
        })
    }

    fn find(&self, key: &[u8], notes: &mut Notes) -> Result<Option<Vec<u8>>, String> {
        let of_table = |reason| format!("{}: {reason}", self.name);
        let Some(mut joined) = self.results.of(key) else {
            return Ok(None);
        };
        let filled = self.statement.fill(key, Dialect::Sqlite);
        let Some(query) = filled.map_err(|error| of_table(error.to_string()))? else {
            return Ok(None);
        };
        // Texts in a database are UTF-8, so another key is not there.
        let Ok(query) = String::from_utf8(query) else {
            return Ok(None);
        };
        let values = self
            .file
            .run(
                notes,
                |path| open(Path::new(path)),
                |file| ask(file, &query),
            )
            .map_err(of_table)?;
        for value in values {
            joined.add(&value).map_err(of_table)?;
        }
        Ok(joined.finish())
    }

    fn tidy(&self) {
        self.file.tidy();
    }
}

fn open(path: &Path) -> Result<Connection, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(path, flags).map_err(|error| error.to_string())?;
    file.busy_timeout(BUSY).map_err(|error| error.to_string())?;
    Ok(file)
}

/// All columns of all rows, but for those without a value.
fn ask(file: &mut Connection, query: &str) -> Result<Vec<Vec<u8>>, Fault> {
    let mut statement = file.prepare(query).map_err(fault)?;
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
