//! A table in SQL databases: its query, asked at one of its hosts.
//!
//! What hosts are, and how to talk to them, is all that the driver of a kind of database adds ([`Host`]).

use crate::charset::Charset;
use crate::notes::Notes;
use crate::parameters::Parameters;
use crate::serve::Table;
use crate::servers::{Servers, Timing};
use crate::sql::queries::{Database, Queries};
use crate::sql::statement::Dialect;

/// A server of a kind of database, or the file that a database is.
pub trait Host: Sized + Send + Sync + 'static {
    /// A connection to it.
    type Session: Database + Send + 'static;

    /// The type of tables, as messages name it.
    const KIND: &'static str;
    /// How texts are usually quoted there, for warnings about the query.
    const DIALECT: Dialect;

    /// In which letters keys and values are.
    fn charset(parameters: &Parameters) -> Result<Charset, String>;

    /// Those of a table. Connects to none.
    fn all(parameters: &Parameters) -> Result<Vec<Self>, String>;

    /// As messages name it; no two of a table have the same name and differ.
    fn name(&self) -> &str;

    /// Say what of the configuration cannot be done; nothing where everything can.
    fn complain(parameters: &Parameters, notes: &mut Notes) {
        let _ = (parameters, notes);
    }

    /// Connect to it.
    fn connect(&self) -> Result<Self::Session, String>;
}

/// A table whose hosts are `H`.
#[derive(Debug)]
pub struct SqlTable<H: Host> {
    queries: Queries,
    hosts: Vec<H>,
    servers: Servers<H::Session>,
}

impl<H: Host> Table for SqlTable<H> {
    fn open(parameters: &Parameters, notes: &mut Notes) -> Result<Self, String> {
        let queries = Queries::new(parameters, H::charset(parameters)?, H::DIALECT, notes)?;
        let hosts = H::all(parameters)?;
        H::complain(parameters, notes);
        let names = hosts.iter().map(|host| host.name().to_owned()).collect();
        Ok(Self {
            queries,
            hosts,
            servers: Servers::new(H::KIND, names, Timing::new(parameters)?),
        })
    }

    fn find(&self, key: &[u8], notes: &mut Notes) -> Result<Option<Vec<u8>>, String> {
        let connect = |name: &str| match self.hosts.iter().find(|host| host.name() == name) {
            Some(host) => host.connect(),
            None => Err("no such host".to_owned()),
        };
        self.queries.find(key, &self.servers, connect, notes)
    }

    fn tidy(&self) {
        self.servers.tidy();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::Fault;
    use crate::sql::Values;

    /// A host that answers with what it was asked; one named `down` does not answer.
    struct Echo(String);

    struct Session(String);

    impl Database for Session {
        fn dialect(&self) -> Dialect {
            Dialect::Sqlite
        }

        fn ask(&mut self, query: &str) -> Result<Values, Fault> {
            Ok(vec![format!("{}: {query}", self.0).into_bytes()])
        }
    }

    impl Host for Echo {
        type Session = Session;
        const KIND: &'static str = "echo";
        const DIALECT: Dialect = Dialect::Sqlite;

        fn charset(parameters: &Parameters) -> Result<Charset, String> {
            Charset::of_table(parameters, "charset", ["utf8", "latin1"])
        }

        fn all(parameters: &Parameters) -> Result<Vec<Self>, String> {
            parameters.hosts("hosts", |text| match text {
                "bad" => Err("bad host".to_owned()),
                name => Ok(Self(name.to_owned())),
            })
        }

        fn name(&self) -> &str {
            &self.0
        }

        fn connect(&self) -> Result<Session, String> {
            match self.0.as_str() {
                "down" => Err("refused".to_owned()),
                name => Ok(Session(name.to_owned())),
            }
        }
    }

    fn open(pairs: &[(&str, &str)], notes: &mut Notes) -> Result<SqlTable<Echo>, String> {
        let pairs = pairs.iter();
        let pairs = pairs.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        SqlTable::open(&Parameters::new("t", pairs), notes)
    }

    #[test]
    fn a_host_that_answers_is_asked() {
        let mut notes = Notes::default();
        let pairs = [("hosts", "down, up"), ("query", "SELECT '%s'")];
        let table = open(&pairs, &mut notes).unwrap();
        for _ in 0..3 {
            let found = table.find(b"it's", &mut notes).unwrap().unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), "up: SELECT 'it''s'");
        }
    }

    #[test]
    fn mistakes_are_said_when_the_table_is_opened() {
        let query = ("query", "SELECT '%s'");
        for (pairs, wanted) in [
            (vec![("hosts", "up")], "t: the parameter query is missing"),
            (vec![query, ("hosts", "bad")], "t: bad host"),
            (vec![query, ("hosts", " ")], "t: hosts: no server is named"),
            (
                vec![query, ("charset", "koi8-r")],
                "t: charset = koi8-r: only utf8 and latin1 are known here",
            ),
        ] {
            let opened = open(&pairs, &mut Notes::default());
            assert_eq!(opened.err().unwrap(), wanted);
        }
        let mut notes = Notes::default();
        open(&[("query", "SELECT %s")], &mut notes).unwrap();
        assert_eq!(
            notes.into_vec(),
            ["t: query: put %-expansions between single quotes"]
        );
    }
}
