//! Kept connections to one service, for programs that ask it again and again.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Client, Error, Protocol};

/// Connections beyond this many are closed when they fall idle.
const KEEP: usize = 32;
/// How long [`Pool::patient`] rests between tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Idle connections to one service. Each call takes one, or makes a new one, so calls may overlap.
pub struct Pool<P> {
    path: PathBuf,
    timeout: Duration,
    idle: RefCell<Vec<Client<P>>>,
}

impl<P: Protocol> Pool<P> {
    /// A pool for the service behind a socket; connects when it is first asked.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, timeout: Duration) -> Self {
        Self {
            path: path.into(),
            timeout,
            idle: RefCell::new(Vec::new()),
        }
    }

    /// The socket of the service.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
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
        let mut client = Client::connect(&self.path, self.timeout).await?;
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
            None => Client::connect(&self.path, self.timeout).await,
        }
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
