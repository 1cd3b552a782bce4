//! A connection to a server, with time limits for all that is done over it.

use std::io::ErrorKind;
use std::time::Duration;

use driver::Fault;
use driver::sql::{Database, Dialect, Values};
use mysql::prelude::Queryable;
use mysql::{Conn, Error, Value};

use crate::host::Host;

/// What a server says that is about to leave, or that has given the connection up.
const LEAVING: [u16; 8] = [1053, 1077, 1079, 1080, 1152, 1159, 1927, 4031];

/// A session at a server.
pub(crate) struct Session {
    connection: Conn,
    timeout: Duration,
    require_result_set: bool,
}

impl Session {
    pub(crate) fn connect(host: &Host) -> Result<Self, String> {
        let connection = Conn::new(host.options.clone()).map_err(|error| reason(&error))?;
        Ok(Self {
            connection,
            timeout: host.timeout,
            require_result_set: host.require_result_set,
        })
    }
}

impl Database for Session {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql {
            backslash: !self.connection.no_backslash_escape(),
        }
    }

    fn ask(&mut self, query: &str) -> Result<Values, Fault> {
        let timeout = self.timeout;
        let fault = |error: Error| fault(&error, timeout);
        let mut answer = self.connection.query_iter(query).map_err(fault)?;
        let mut values = Vec::new();
        let mut sets = 0;
        while let Some(set) = answer.iter() {
            if set.columns().as_ref().is_empty() {
                // The end of a procedure.
                continue;
            }
            sets += 1;
            for row in set {
                let row = row.map_err(fault)?;
                values.extend(row.unwrap().into_iter().filter_map(text));
            }
        }
        match sets {
            0 if self.require_result_set => Err(Fault::Unusable(
                "the query returned no result set".to_owned(),
            )),
            0 | 1 => Ok(values),
            _ => Err(Fault::Unusable(
                "the query returned several result sets".to_owned(),
            )),
        }
    }
}

/// A column's value; answers to plain queries are texts.
fn text(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(bytes),
        Value::Int(number) => Some(number.to_string().into_bytes()),
        Value::UInt(number) => Some(number.to_string().into_bytes()),
        other @ (Value::Float(_) | Value::Double(_) | Value::Date(..) | Value::Time(..)) => {
            let sql = other.as_sql(true);
            Some(sql.trim_matches('\'').as_bytes().to_vec())
        }
    }
}

fn fault(error: &Error, timeout: Duration) -> Fault {
    match error {
        Error::IoError(io) if matches!(io.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Fault::Late(format!("no answer within {} seconds", timeout.as_secs()))
        }
        Error::MySqlError(said) if LEAVING.contains(&said.code) => Fault::Lost(reason(error)),
        Error::MySqlError(_)
        | Error::UrlError(_)
        | Error::FromValueError(_)
        | Error::FromRowError(_) => Fault::Refused(reason(error)),
        Error::IoError(_) | Error::DriverError(_) | Error::CodecError(_) | Error::TlsError(_) => {
            Fault::Lost(reason(error))
        }
    }
}

/// The server's words without those that the library puts around them.
fn reason(error: &Error) -> String {
    if let Error::MySqlError(said) = error {
        return said.message.clone();
    }
    if let Error::IoError(io) = error {
        let late = matches!(io.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        return if late {
            "timed out".to_owned()
        } else {
            sys::reason(io)
        };
    }
    error.to_string()
}
