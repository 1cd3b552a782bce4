//! A table whose lookup is one SQL query.

use crate::charset::Charset;
use crate::notes::Notes;
use crate::parameters::Parameters;
use crate::results::Results;
use crate::servers::{Fault, Servers};
use crate::sql::{Dialect, Statement};

/// The values that a query returned: those of all columns of all rows, in order, without NULLs.
pub type Values = Vec<Vec<u8>>;

/// A connection to a database.
pub trait Database {
    /// How texts are quoted there.
    fn dialect(&self) -> Dialect;

    /// Run a query.
    fn ask(&mut self, query: &str) -> Result<Values, Fault>;
}

/// The query of a table and what becomes of its results.
#[derive(Debug)]
pub(super) struct Queries {
    table: String,
    statement: Statement,
    results: Results,
    charset: Charset,
}

impl Queries {
    /// Read `query`, `result_format`, `expansion_limit`. The dialect is the usual one, for warnings about the query.
    pub(super) fn new(
        parameters: &Parameters,
        charset: Charset,
        usual: Dialect,
        notes: &mut Notes,
    ) -> Result<Self, String> {
        let statement = Statement::of_table(parameters)?;
        if let Some(warning) = statement.warning(usual) {
            notes.add(parameters.bad(format_args!("query: {warning}")));
        }
        Ok(Self {
            table: parameters.table().to_owned(),
            statement,
            results: Results::new(parameters)?,
            charset,
        })
    }

    /// Look a key up at one of the servers.
    pub(super) fn find<D: Database>(
        &self,
        key: &[u8],
        servers: &Servers<D>,
        connect: impl Fn(&str) -> Result<D, String>,
        notes: &mut Notes,
    ) -> Result<Option<Vec<u8>>, String> {
        let of_table = |reason| format!("{}: {reason}", self.table);
        let Some(key) = self.charset.decode(key) else {
            return Ok(None);
        };
        let key = key.as_bytes();
        let Some(joined) = self.results.of(key) else {
            return Ok(None);
        };
        let found = servers.run(notes, connect, |database| self.ask(key, database));
        let Some(values) = found.map_err(of_table)? else {
            return Ok(None);
        };
        let Some(value) = joined.all(values).map_err(of_table)? else {
            return Ok(None);
        };
        match self.charset.encode(value) {
            Some(value) => Ok(Some(value)),
            None => Err(of_table("a value is not in the character set".to_owned())),
        }
    }

    fn ask<D: Database>(&self, key: &[u8], database: &mut D) -> Result<Option<Values>, Fault> {
        let filled = self.statement.fill(key, database.dialect());
        let Some(query) = filled.map_err(|error| Fault::Unusable(error.to_string()))? else {
            return Ok(None);
        };
        // Made of two texts, so it is one.
        let query = String::from_utf8_lossy(&query);
        database.ask(&query).map(Some)
    }
}
