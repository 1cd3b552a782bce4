//! The client library: how its servers are found and asked, with a time limit for all that a lookup does.
//!
//! The library has tasks of its own that watch the servers. They run on one thread, which is started with the first table. A table's
//! client is made by its first lookup and kept; making it connects to nobody, but for the names that `mongodb+srv:` asks the DNS for.

use std::future::pending;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use driver::{Fault, Parameters, Timing};
use mongodb::Collection;
use mongodb::bson::Document;
use mongodb::error::{Error, ErrorKind};
use mongodb::event::EventHandler;
use mongodb::options::{ClientOptions, ConnectionString};
use tokio::runtime::{Builder, Handle};
use tokio::time::timeout;

use crate::outage::Watch;

/// Where the library's tasks run.
static RUNTIME: LazyLock<Result<Handle, String>> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| sys::reason(&error))?;
    let handle = runtime.handle().clone();
    let running = std::thread::Builder::new().spawn(move || runtime.block_on(pending::<()>()));
    running.map_err(|error| sys::reason(&error))?;
    Ok(handle)
});

/// Where a table's documents are.
#[derive(Debug)]
pub(crate) struct Access {
    uri: ConnectionString,
    database: String,
    collection: String,
    timeout: Duration,
    timing: Timing,
}

impl Access {
    /// Read `uri`, `dbname`, `collection`, `timeout`.
    pub(crate) fn new(parameters: &Parameters, timing: Timing) -> Result<Self, String> {
        let uri = ConnectionString::parse(parameters.required("uri")?);
        Ok(Self {
            uri: uri.map_err(|error| parameters.bad(format_args!("uri: {}", reason(&error))))?,
            database: parameters.required("dbname")?.to_owned(),
            collection: parameters.required("collection")?.to_owned(),
            timeout: parameters.time("timeout", 10)?,
            timing,
        })
    }

    /// What the URI does not say itself.
    async fn options(&self) -> Result<ClientOptions, Error> {
        let mut options = ClientOptions::parse(self.uri.clone()).await?;
        let connections = u32::try_from(self.timing.connections).unwrap_or(u32::MAX);
        options.max_pool_size.get_or_insert(connections);
        options.max_idle_time.get_or_insert(self.timing.idle);
        options.connect_timeout.get_or_insert(self.timeout);
        options.server_selection_timeout.get_or_insert(self.timeout);
        Ok(options)
    }

    async fn live(&self) -> Result<Live, Error> {
        let watch = Arc::new(Watch::default());
        let hearing = Arc::clone(&watch);
        let mut options = self.options().await?;
        let hear = move |event| hearing.hear(&event);
        options.sdam_event_handler = Some(EventHandler::Callback(Arc::new(hear)));
        let client = mongodb::Client::with_options(options)?;
        Ok(Live {
            documents: client.database(&self.database).collection(&self.collection),
            watch,
        })
    }
}

/// The client of a table.
#[derive(Debug)]
pub(crate) struct Client {
    access: Access,
    runtime: Handle,
    live: Mutex<Option<Live>>,
}

/// The library's client.
#[derive(Debug, Clone)]
struct Live {
    documents: Collection<Document>,
    watch: Arc<Watch>,
}

impl Client {
    /// Connects to nobody yet.
    pub(crate) fn new(access: Access) -> Result<Self, String> {
        Ok(Self {
            access,
            runtime: RUNTIME.clone()?,
            live: Mutex::default(),
        })
    }

    /// Every document that a filter finds.
    pub(crate) fn find(
        &self,
        filter: &Document,
        projection: &Document,
        each: impl FnMut(Document),
    ) -> Result<(), Fault> {
        let limit = self.access.timeout;
        let asking = async { timeout(limit, self.ask(filter, projection, each)).await };
        self.runtime.block_on(asking).unwrap_or_else(|_| {
            let seconds = limit.as_secs();
            Err(Fault::Late(format!("no answer within {seconds} seconds")))
        })
    }

    async fn ask(
        &self,
        filter: &Document,
        projection: &Document,
        mut each: impl FnMut(Document),
    ) -> Result<(), Fault> {
        let started = Instant::now();
        let live = self.live().await.map_err(|error| fault(&error))?;
        let asking = async {
            let find = live.documents.find(filter.clone());
            let find = find.projection(projection.clone());
            let mut cursor = find.max_time(self.access.timeout).await?;
            while cursor.advance().await? {
                each(cursor.deserialize_current()?);
            }
            Ok(())
        };
        tokio::select! {
            asked = asking => asked.map_err(|error| fault(&error)),
            reasons = live.watch.outage(started) => Err(Fault::Late(reasons)),
        }
    }

    /// The client, made where there is none yet.
    async fn live(&self) -> Result<Live, Error> {
        let lock = || self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().clone();
        if let Some(live) = known {
            return Ok(live);
        }
        let made = self.access.live().await?;
        Ok(lock().get_or_insert(made).clone())
    }
}

fn fault(error: &Error) -> Fault {
    let text = reason(error);
    let kind = &*error.kind;
    let mistaken = matches!(
        kind,
        ErrorKind::InvalidArgument { .. } | ErrorKind::InvalidTlsConfig { .. }
    );
    if mistaken {
        Fault::Unusable(text)
    } else if matches!(
        kind,
        ErrorKind::Command(_) | ErrorKind::Authentication { .. }
    ) {
        Fault::Refused(text)
    } else {
        Fault::Late(text)
    }
}

/// What to tell of an error of the library.
pub(crate) fn reason(error: &Error) -> String {
    if let ErrorKind::Io(error) = &*error.kind {
        sys::reason(error)
    } else if let ErrorKind::Command(said) = &*error.kind {
        said.message.clone()
    } else {
        error.kind.to_string()
    }
}
