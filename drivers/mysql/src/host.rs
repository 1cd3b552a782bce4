//! The `hosts` of a table: `unix:/socket`, `inet:host:port`, `host`; and how to log in there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use driver::place::host_and_port;
use driver::sql::{self, Dialect};
use driver::{Charset, Notes, Parameters};
use mysql::{Opts, OptsBuilder};

use crate::certificates::{self, Secured};
use crate::database::Session;
use crate::option_file::{Options, read};

/// Where `localhost` is, unless an option file says otherwise.
const DEFAULT_SOCKET: &str = "/run/mysqld/mysqld.sock";
/// Where servers listen unless they are told otherwise.
const DEFAULT_PORT: u16 = 3306;
/// The option files of the system that are there.
const OPTION_FILES: [&str; 2] = ["/etc/my.cnf", "/etc/mysql/my.cnf"];
/// The groups that count without being named.
const GROUPS: [&str; 3] = ["client", "client-server", "client-mariadb"];

/// What is the same for all hosts of a table.
struct Login {
    options: OptsBuilder,
    tls: Option<Secured>,
    socket: String,
    port: u16,
    timeout: Duration,
    require_result_set: bool,
}

impl Login {
    fn new(parameters: &Parameters) -> Result<Self, String> {
        let file = options(parameters)?;
        let timeout = parameters.time("timeout", 30)?;
        let set = |name: &str, option: &str| {
            let own = parameters.filled(name).map(str::to_owned);
            own.or_else(|| file.get(option).map(str::to_owned))
        };
        let options = OptsBuilder::new()
            .user(set("user", "user"))
            .pass(set("password", "password"))
            .db_name(set("dbname", "database"))
            .prefer_socket(false)
            .stmt_cache_size(0)
            .tcp_connect_timeout(Some(timeout))
            .read_timeout(Some(timeout))
            .write_timeout(Some(timeout));
        let path = |name: &str, option: &str| set(name, option).map(PathBuf::from);
        let verify = parameters.flag("tls_verify_cert", file.is_on("ssl-verify-server-cert"))?;
        let wanted = certificates::Wanted {
            authorities_file: path("tls_CAfile", "ssl-ca"),
            authorities_directory: path("tls_CApath", "ssl-capath"),
            certificate: path("tls_cert_file", "ssl-cert"),
            key: path("tls_key_file", "ssl-key"),
            verify_name: verify,
            asked_for: file.is_on("ssl"),
        };
        let port = file.get("port").and_then(|port| port.parse().ok());
        Ok(Self {
            options,
            tls: wanted.secured().map_err(|error| parameters.bad(error))?,
            socket: file.get("socket").unwrap_or(DEFAULT_SOCKET).to_owned(),
            port: port.unwrap_or(DEFAULT_PORT),
            timeout,
            require_result_set: parameters.flag("require_result_set", true)?,
        })
    }
}

/// What option files say: those of the system, or the table's own, where the table wants any.
fn options(parameters: &Parameters) -> Result<Options, String> {
    let group = parameters.text("option_group", "client");
    let own = parameters.filled("option_file");
    if own.is_none() && group.is_empty() {
        return Ok(Options::default());
    }
    let mut groups = GROUPS.to_vec();
    if !group.is_empty() {
        groups.push(group);
    }
    match own {
        Some(file) => read(Path::new(file), &groups)
            .map_err(|error| parameters.bad(format_args!("option_file {file}: {error}"))),
        None => {
            let mut options = Options::default();
            for file in OPTION_FILES.map(Path::new) {
                // A file of the system that this user may not read is not for this program.
                options.add(read(file, &groups).unwrap_or_default());
            }
            Ok(options)
        }
    }
}

/// A server and how to get in.
#[derive(Debug)]
pub(crate) struct Host {
    /// As the table's configuration has it.
    name: String,
    pub(crate) options: Opts,
    pub(crate) timeout: Duration,
    pub(crate) require_result_set: bool,
}

impl Host {
    fn parse(text: &str, login: &Login) -> Result<Self, String> {
        let options = login.options.clone();
        let socket = match text.strip_prefix("unix:") {
            Some(path) => Some(path),
            None if text.starts_with('/') => Some(text),
            None if matches!(text, "localhost" | "inet:localhost") => Some(login.socket.as_str()),
            None => None,
        };
        let options = match socket {
            Some(path) => options.socket(Some(path)),
            None => {
                let (host, port) = host_and_port(text, login.port)?;
                let options = options.ip_or_hostname(Some(host)).tcp_port(port);
                match &login.tls {
                    Some(tls) => options.ssl_opts(tls.options.clone()),
                    None => options,
                }
            }
        };
        Ok(Self {
            name: text.to_owned(),
            options: options.into(),
            timeout: login.timeout,
            require_result_set: login.require_result_set,
        })
    }
}

impl sql::Host for Host {
    type Session = Session;
    const KIND: &'static str = "mysql";
    const DIALECT: Dialect = Dialect::Mysql { backslash: true };

    fn charset(parameters: &Parameters) -> Result<Charset, String> {
        Charset::of_table(parameters, "charset", ["utf8mb4", "latin1"])
    }

    fn all(parameters: &Parameters) -> Result<Vec<Self>, String> {
        let login = Login::new(parameters)?;
        parameters.hosts("hosts", |text| Self::parse(text, &login))
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn complain(parameters: &Parameters, notes: &mut Notes) {
        let why = "the client library takes those of the system's OpenSSL";
        parameters.without_effect(&["tls_ciphers"], why, notes);
    }

    fn connect(&self) -> Result<Session, String> {
        Session::connect(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Host, String> {
        let pairs = [("option_group", ""), ("user", "u")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Host::parse(text, &Login::new(&Parameters::new("t", pairs)).unwrap())
    }

    #[test]
    fn forms_of_hosts() {
        for (text, host, port) in [
            ("db.example", "db.example", 3306),
            ("inet:db.example:77", "db.example", 77),
            ("[::1]:77", "::1", 77),
            ("::1", "::1", 3306),
        ] {
            let options = parse(text).unwrap().options;
            let found = (
                options.get_ip_or_hostname().into_owned(),
                options.get_tcp_port(),
            );
            assert_eq!(found, (host.to_owned(), port), "{text}");
            assert_eq!(options.get_socket(), None);
        }
        let socket = |text: &str| parse(text).unwrap().options.get_socket().map(str::to_owned);
        assert_eq!(socket("unix:/run/x"), Some("/run/x".to_owned()));
        assert_eq!(socket("localhost"), Some(DEFAULT_SOCKET.to_owned()));
        assert!(parse("host:port").is_err());
    }
}
