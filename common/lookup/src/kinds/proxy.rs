//! `proxy:type:name`: a table that proxymap(8) opens and asks for us, or that proxywrite changes.
//!
//! The tables of one program share the kept connections to each service. A service that does not answer is an error of
//! the request; the caller decides how long its letter waits.

use std::fmt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use config::{Settings, params};
use records::proxymap::{Act, Answer, Entry, Proxy, Refusal, Request};

use crate::kinds::driver::wants_whole_keys;
use crate::table::{Access, OpenOptions, Pair, Purpose};

/// The connections to proxymap(8) that the tables of a program share.
#[derive(Clone)]
pub struct ProxyService(Rc<Services>);

struct Services {
    reading: Service,
    writing: Service,
}

/// One of the two services.
struct Service {
    name: String,
    proxy: Proxy,
}

impl Service {
    fn new(queue: &Path, name: String, timeout: Duration) -> Self {
        let socket = queue.join("private").join(&name);
        Self {
            proxy: Proxy::new(socket, timeout),
            name,
        }
    }
}

impl ProxyService {
    /// As main.cf says. `queue` is the queue directory; empty in a daemon, which is there.
    pub fn from_settings(settings: &Settings, queue: &Path) -> Result<Self, config::Error> {
        let names: params::services::Sockets = settings.get()?;
        let ipc: params::core::Ipc = settings.get()?;
        let service = |name| Service::new(queue, name, ipc.ipc_timeout);
        Ok(Self(Rc::new(Services {
            reading: service(names.proxymap_service_name),
            writing: service(names.proxywrite_service_name),
        })))
    }
}

impl Default for ProxyService {
    fn default() -> Self {
        let service =
            |name: &str| Service::new(Path::new(""), name.to_owned(), Duration::from_secs(3600));
        Self(Rc::new(Services {
            reading: service("proxymap"),
            writing: service("proxywrite"),
        }))
    }
}

impl fmt::Debug for ProxyService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyService")
    }
}

/// One table behind a service.
#[derive(Debug)]
pub(crate) struct Proxied {
    services: ProxyService,
    access: Access,
    table: String,
    fold: bool,
    substitution: bool,
}

impl Proxied {
    pub(crate) fn new(table: &str, options: &OpenOptions) -> Self {
        Self {
            services: options.proxy.clone(),
            access: options.access,
            table: table.to_owned(),
            fold: options.fold,
            substitution: options.purpose == Purpose::Plain,
        }
    }

    /// Whether the table behind is asked for whole keys only; told by its type, as it is not opened here.
    pub(crate) fn is_pattern(&self) -> bool {
        let kind = self.table.split_once(':').map_or("", |(kind, _)| kind);
        matches!(kind, "cidr" | "regexp" | "pcre") || wants_whole_keys(kind)
    }

    pub(crate) async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        match self
            .ask(Act::Find { key: key.to_vec() })
            .await
            .map_err(|gap| self.told(gap))?
        {
            Answer::Found(value) => Ok(Some(value)),
            Answer::NotFound => Ok(None),
            Answer::Done | Answer::Entries(_) => Err(self.refused(Refusal::Bad)),
        }
    }

    pub(crate) async fn update(&self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let (key, value) = (key.to_vec(), value.to_vec());
        match self
            .ask(Act::Update { key, value })
            .await
            .map_err(|gap| self.told(gap))?
        {
            Answer::Done => Ok(()),
            Answer::Found(_) | Answer::NotFound | Answer::Entries(_) => {
                Err(self.refused(Refusal::Bad))
            }
        }
    }

    pub(crate) async fn remove(&self, key: &[u8]) -> Result<bool, String> {
        match self
            .ask(Act::Remove { key: key.to_vec() })
            .await
            .map_err(|gap| self.told(gap))?
        {
            Answer::Done => Ok(true),
            Answer::NotFound => Ok(false),
            Answer::Found(_) | Answer::Entries(_) => Err(self.refused(Refusal::Bad)),
        }
    }

    /// The next entries behind a key; `None` from a table that cannot list them.
    pub(crate) async fn entries_after(
        &self,
        after: Option<&[u8]>,
    ) -> Result<Option<Vec<Pair>>, String> {
        let after = after.map(<[u8]>::to_vec);
        match self.ask(Act::List { after }).await {
            Ok(Answer::Entries(entries)) => {
                let pair = |Entry { key, value }| (key, value);
                Ok(Some(entries.into_vec().into_iter().map(pair).collect()))
            }
            Ok(_) => Err(self.refused(Refusal::Bad)),
            Err(Gap::Refused(Refusal::Unable)) => Ok(None),
            Err(gap) => Err(self.told(gap)),
        }
    }

    fn service(&self) -> &Service {
        match self.access {
            Access::Read => &self.services.0.reading,
            Access::Change | Access::Create => &self.services.0.writing,
        }
    }

    async fn ask(&self, act: Act) -> Result<Answer, Gap> {
        let request = Request {
            table: self.table.clone(),
            fold: self.fold,
            substitution: self.substitution,
            act,
        };
        match self.service().proxy.ask(&request).await {
            Ok(reply) => reply.map_err(Gap::Refused),
            Err(error) => Err(Gap::Lost(error)),
        }
    }

    fn told(&self, gap: Gap) -> String {
        match gap {
            Gap::Refused(refusal) => self.refused(refusal),
            Gap::Lost(error) => format!("{}: {error}", self.service().name),
        }
    }

    fn refused(&self, refusal: Refusal) -> String {
        let (service, table) = (&self.service().name, &self.table);
        match refusal {
            Refusal::Retry => format!("{service}: the table did not answer"),
            Refusal::Denied => {
                format!("{service} service is not configured for table \"{table}\"")
            }
            Refusal::Unable => format!("{service}: tables of this type cannot do that"),
            Refusal::Bad => format!("{service}: no sense in what was said of table \"{table}\""),
        }
    }
}

/// Why there is no answer.
enum Gap {
    Refused(Refusal),
    Lost(ipc::Error),
}
