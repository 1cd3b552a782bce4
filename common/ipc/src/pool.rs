//! Kept connections to one service, for programs that ask it again and again.

use std::cell::RefCell;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use crate::{Client, Connection, Error, Protocol};

/// Connections beyond this many are closed when they fall idle.
const KEEP: usize = 32;
/// How long [`Pool::patient`] rests between tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Idle connections to one service. Each call takes one, or makes a new one, so calls may overlap.
pub struct Pool<P> {
    service: Service,
    timeout: Duration,
    idle: RefCell<Vec<Client<P>>>,
}

/// How a new connection is made.
enum Service {
    /// By connecting to a socket.
    Path(PathBuf),
    /// By asking somebody who has one.
    Connector(Box<dyn Fn() -> io::Result<UnixStream>>),
}

impl<P: Protocol> Pool<P> {
    /// A pool for the service behind a socket; connects when it is first asked.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, timeout: Duration) -> Self {
        Self::of(Service::Path(path.into()), timeout)
    }

    /// A pool for a service that is reached over connected sockets that `connector` gives.
    #[must_use]
    pub fn with_connector(
        connector: impl Fn() -> io::Result<UnixStream> + 'static,
        timeout: Duration,
    ) -> Self {
        Self::of(Service::Connector(Box::new(connector)), timeout)
    }

    fn of(service: Service, timeout: Duration) -> Self {
        Self {
            service,
            timeout,
            idle: RefCell::new(Vec::new()),
        }
    }

    /// Ask once. A kept connection that the server has closed meanwhile is replaced by a new one.
    pub async fn call(&self, request: &P::Request) -> Result<P::Reply, Error> {
        while let Some(mut client) = self.take_idle() {
            match client.call(request).await {
                Ok(reply) => {
                    self.keep(client);
                    return Ok(reply);
                }
                Err(error) if error.is_closed() => {}
                Err(error) => return Err(error),
            }
        }
        let mut client = self.connect().await?;
        let reply = client.call(request).await?;
        self.keep(client);
        Ok(reply)
    }

    /// Ask until there is an answer, for services without which nothing can go on. `complain` hears of each failure.
    pub async fn patient(&self, request: &P::Request, complain: impl Fn(&Error)) -> P::Reply {
        loop {
            match self.call(request).await {
                Ok(reply) => return reply,
                Err(error) => complain(&error),
            }
            pause().await;
        }
    }

    /// An idle connection, or a new one, for a conversation of several messages.
    pub async fn take(&self) -> Result<Client<P>, Error> {
        match self.take_idle() {
            Some(client) => Ok(client),
            None => self.connect().await,
        }
    }

    async fn connect(&self) -> Result<Client<P>, Error> {
        match &self.service {
            Service::Path(path) => Client::connect(path, self.timeout).await,
            Service::Connector(connector) => {
                let connection = Connection::adopt(connector()?, self.timeout)?;
                Ok(Client::over(connection))
            }
        }
    }

    /// Forget the idle connections, whose server is known to be gone.
    pub fn clear(&self) {
        self.idle.borrow_mut().clear();
    }

    /// An idle connection, if there is one. Its server may have left since.
    pub fn take_idle(&self) -> Option<Client<P>> {
        self.idle.borrow_mut().pop()
    }

    /// Give a connection back after a complete exchange.
    pub fn keep(&self, client: Client<P>) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < KEEP {
            idle.push(client);
        }
    }
}

async fn pause() {
    #[cfg(feature = "runtime")]
    if tokio::runtime::Handle::try_current().is_ok() {
        return tokio::time::sleep(PAUSE).await;
    }
    std::thread::sleep(PAUSE);
}
