//! The `hosts` of a table: URIs, and the older forms `unix:/directory`, `inet:host:port`, `host`.

use std::path::PathBuf;
use std::time::Duration;

use driver::place::{decoded, host_and_port, public_name};
use driver::sql::{self, Dialect};
use driver::{Charset, Parameters, Tls};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::database::Session;

/// Where PostgreSQL listens unless it is told otherwise.
const DEFAULT_PORT: u16 = 5432;

/// What is said at every host that does not say it itself.
struct Login {
    user: Option<String>,
    password: Option<String>,
    dbname: Option<String>,
    timeout: Duration,
}

impl Login {
    fn new(parameters: &Parameters) -> Result<Self, String> {
        let set = |name| parameters.filled(name).map(str::to_owned);
        Ok(Self {
            user: set("user"),
            password: set("password"),
            dbname: set("dbname"),
            timeout: parameters.time("timeout", 30)?,
        })
    }
}

/// A server and how to get in.
#[derive(Debug)]
pub(crate) struct Host {
    /// As it is called in messages: without the password that a URI may have.
    name: String,
    pub(crate) config: Config,
    pub(crate) tls: Tls,
    /// How long connecting and each query may take.
    pub(crate) timeout: Duration,
}

impl Host {
    fn parse(text: &str, login: &Login) -> Result<Self, String> {
        let is_uri = ["postgresql://", "postgres://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        let (mut config, tls) = if is_uri {
            from_uri(text).map_err(|reason| format!("{}: {reason}", public_name(text)))?
        } else {
            (from_old_form(text)?, Tls::default())
        };
        if let (None, Some(user)) = (config.get_user(), &login.user) {
            config.user(user);
        }
        if let (None, Some(password)) = (config.get_password(), &login.password) {
            config.password(password);
        }
        if let (None, Some(dbname)) = (config.get_dbname(), &login.dbname) {
            config.dbname(dbname);
        }
        config.connect_timeout(login.timeout);
        Ok(Self {
            name: public_name(text),
            config,
            tls,
            timeout: login.timeout,
        })
    }
}

impl sql::Host for Host {
    type Session = Session;
    const KIND: &'static str = "pgsql";
    const DIALECT: Dialect = Dialect::Postgres {
        standard_strings: true,
    };

    fn charset(parameters: &Parameters) -> Result<Charset, String> {
        Charset::of_table(parameters, "encoding", ["UTF8", "LATIN1"])
    }

    fn all(parameters: &Parameters) -> Result<Vec<Self>, String> {
        let login = Login::new(parameters)?;
        parameters.hosts("hosts", |text| Self::parse(text, &login))
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn connect(&self) -> Result<Session, String> {
        Session::connect(self)
    }
}

/// Parameters about certificates are not the library's, so they are taken out of the URI.
fn from_uri(text: &str) -> Result<(Config, Tls), String> {
    let (base, query) = text.split_once('?').unwrap_or((text, ""));
    let mut tls = Tls::default();
    let mut rest = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let path = || match decoded(value) {
            Some(path) => Ok(Some(PathBuf::from(path))),
            None => Err(format!("bad {name}")),
        };
        match (name, value) {
            ("sslrootcert", _) => tls.authorities_file = path()?,
            ("sslcert", _) => tls.certificate = path()?,
            ("sslkey", _) => tls.key = path()?,
            ("sslmode", "verify-ca" | "verify-full") => {
                tls.verify = true;
                tls.verify_name = value == "verify-full";
                rest.push("sslmode=require".to_owned());
            }
            // Asking without wanting much is the same as taking what is offered.
            ("sslmode", "allow") => rest.push("sslmode=prefer".to_owned()),
            _ => rest.push(pair.to_owned()),
        }
    }
    let mut uri = base.to_owned();
    if !rest.is_empty() {
        uri.push('?');
        uri.push_str(&rest.join("&"));
    }
    let config = uri.parse::<Config>().map_err(|error| reason(&error))?;
    Ok((config, tls))
}

fn from_old_form(text: &str) -> Result<Config, String> {
    let mut config = Config::new();
    let path = text.strip_prefix("unix:").unwrap_or(text);
    if path.starts_with('/') {
        config.host_path(path);
        config.ssl_mode(SslMode::Disable);
        return Ok(config);
    }
    let (host, port) = host_and_port(text, DEFAULT_PORT)?;
    config.host(host);
    config.port(port);
    Ok(config)
}

/// The library's words, with the cause that it keeps behind them.
pub(crate) fn reason(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => format!("{}: {}", said.severity(), said.message()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_postgres::config::Host as Place;

    fn login() -> Login {
        Login {
            user: Some("u".to_owned()),
            password: Some("p".to_owned()),
            dbname: None,
            timeout: Duration::from_secs(1),
        }
    }

    fn parse(text: &str) -> Result<Host, String> {
        Host::parse(text, &login())
    }

    #[test]
    fn older_forms() {
        for (text, host, ports) in [
            ("db.example", Place::Tcp("db.example".into()), vec![5432]),
            (
                "inet:db.example:77",
                Place::Tcp("db.example".into()),
                vec![77],
            ),
            ("inet:[::1]:77", Place::Tcp("::1".into()), vec![77]),
            ("::1", Place::Tcp("::1".into()), vec![5432]),
            ("unix:/run/pg", Place::Unix("/run/pg".into()), vec![]),
        ] {
            let parsed = parse(text).unwrap();
            assert_eq!(parsed.config.get_hosts(), [host], "{text}");
            assert_eq!(parsed.config.get_ports(), ports, "{text}");
            assert_eq!(parsed.config.get_user(), Some("u"));
        }
        assert!(parse("host:port").is_err());
    }

    #[test]
    fn uris_say_what_they_say_and_hide_passwords() {
        let uri =
            "postgresql://me:secret@db.example/mail?sslmode=verify-full&sslrootcert=%2Fca.pem";
        let host = parse(uri).unwrap();
        assert_eq!(host.name, "postgresql://db.example/mail");
        assert_eq!(host.config.get_user(), Some("me"));
        assert_eq!(host.config.get_dbname(), Some("mail"));
        assert_eq!(host.config.get_ssl_mode(), SslMode::Require);
        assert!(host.tls.verify && host.tls.verify_name);
        assert_eq!(host.tls.authorities_file, Some(PathBuf::from("/ca.pem")));
        assert!(parse("postgresql://x/?nonsense=1").is_err());
    }
}
