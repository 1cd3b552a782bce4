//! A connection to a server, with time limits for all that is done over it.

use std::time::Duration;

use driver::Fault;
use driver::sql::{Database, Dialect, Values};
use postgres_native_tls::MakeTlsConnector;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use crate::host::{Host, reason};

/// A session at a server. The runtime moves only while something is asked.
pub(crate) struct Session {
    runtime: Runtime,
    client: Client,
    standard_strings: bool,
    timeout: Duration,
}

impl Session {
    pub(crate) fn connect(host: &Host) -> Result<Self, String> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| sys::reason(&error))?;
        let tls = MakeTlsConnector::new(host.tls.connector()?);
        let connecting = async {
            let connecting = tokio::time::timeout(host.timeout, host.config.connect(tls));
            let (client, connection) = connecting
                .await
                .map_err(|_| "timed out".to_owned())?
                .map_err(|error| reason(&error))?;
            let standard_strings = connection.parameter("standard_conforming_strings");
            let standard_strings = standard_strings == Some("on");
            // How it ends is told to whoever asks next.
            tokio::spawn(connection);
            Ok::<_, String>((client, standard_strings))
        };
        let (client, standard_strings) = runtime.block_on(connecting)?;
        Ok(Self {
            runtime,
            client,
            standard_strings,
            timeout: host.timeout,
        })
    }
}

impl Database for Session {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres {
            standard_strings: self.standard_strings,
        }
    }

    fn ask(&mut self, query: &str) -> Result<Values, Fault> {
        let asking =
            async { tokio::time::timeout(self.timeout, self.client.simple_query(query)).await };
        let messages = match self.runtime.block_on(asking) {
            Ok(Ok(messages)) => messages,
            Ok(Err(error)) => return Err(self.fault(&error)),
            Err(_) => {
                let seconds = self.timeout.as_secs();
                return Err(Fault::Late(format!("no answer within {seconds} seconds")));
            }
        };
        let mut values = Vec::new();
        let mut has_rows = false;
        for message in &messages {
            has_rows |= matches!(message, SimpleQueryMessage::RowDescription(_));
            if let SimpleQueryMessage::Row(row) = message {
                let columns = (0..row.len()).filter_map(|column| row.get(column));
                values.extend(columns.map(|value| value.as_bytes().to_vec()));
            }
        }
        match has_rows {
            true => Ok(values),
            false => Err(Fault::Unusable("the query did not return rows".to_owned())),
        }
    }
}

impl Session {
    fn fault(&self, error: &Error) -> Fault {
        let text = reason(error);
        let leaving = error.code().is_some_and(|code| {
            [
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
                SqlState::CANNOT_CONNECT_NOW,
            ]
            .contains(code)
        });
        if leaving || self.client.is_closed() || error.as_db_error().is_none() {
            Fault::Lost(text)
        } else {
            Fault::Refused(text)
        }
    }
}
