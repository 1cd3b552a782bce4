//! `proxy:type:name`: a table that proxymap(8) opens and asks for us.
//!
//! The tables of one program share the kept connections to the service. A service that does not answer is an error of
//! the lookup; the caller decides how long its letter waits.

use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use records::proxymap::{Proxy, Reply, Request};

/// Where proxymap(8) listens, in the queue directory.
pub(crate) const PROXYMAP: &str = "private/proxymap";
/// `ipc_timeout` when nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(3600);

/// The connections to proxymap(8) that the tables of a program share.
#[derive(Clone)]
pub struct ProxyService(Rc<Proxy>);

impl ProxyService {
    /// For the service's socket, relative to the queue directory in a daemon and absolute in a command.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>, timeout: Duration) -> Self {
        Self(Rc::new(Proxy::new(socket, timeout)))
    }
}

impl Default for ProxyService {
    fn default() -> Self {
        Self::new(PROXYMAP, TIMEOUT)
    }
}

impl fmt::Debug for ProxyService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyService")
    }
}

/// One table behind the service.
#[derive(Debug)]
pub(crate) struct Proxied {
    service: ProxyService,
    table: String,
    fold: bool,
}

impl Proxied {
    pub(crate) fn new(service: ProxyService, table: &str, fold: bool) -> Self {
        Self {
            service,
            table: table.to_owned(),
            fold,
        }
    }

    /// Whether the table behind is asked for whole keys only; told by its type, as it is not opened here.
    pub(crate) fn is_pattern(&self) -> bool {
        let kind = self.table.split_once(':').map_or("", |(kind, _)| kind);
        matches!(kind, "cidr" | "regexp" | "pcre")
    }

    pub(crate) async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let request = Request {
            table: self.table.clone(),
            key: key.to_vec(),
            fold: self.fold,
        };
        match self.service.0.lookup(&request).await {
            Ok(Reply::Found(value)) => Ok(Some(value)),
            Ok(Reply::NotFound) => Ok(None),
            Ok(Reply::Retry) => Err("proxymap: the table did not answer".to_owned()),
            Ok(Reply::Denied) => Err(format!(
                "proxymap service is not configured for table \"{}\"",
                self.table
            )),
            Ok(Reply::Bad) => Err(format!("proxymap cannot open table \"{}\"", self.table)),
            Err(error) => Err(format!("proxymap: {error}")),
        }
    }
}
