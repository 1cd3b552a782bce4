//! Connections to delivery agents: kept for a few seconds, one request at a time on each.
//!
//! A kept connection that the agent has closed meanwhile is replaced by a new one. A service whose backlog is full is asked
//! again until it has room; a service that is not there is an error, and so is one that leaves without an answer.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use ipc::{Client, Connection, Error};
use records::delivery::{Delivery, Report, Request};
use tokio::net::UnixStream;
use tokio::time::sleep;

/// How long a connection is kept without use. Agents count it as a client, so not for long.
const KEEP: Duration = Duration::from_secs(5);
/// How long to wait before a busy service is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// Why there is no report.
#[derive(Debug)]
pub(crate) enum AgentError {
    /// Nobody listens.
    Absent(io::Error),
    /// The agent did not answer, or not in words of ours.
    Failed(Error),
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(error) => f.write_str(&sys::reason(error)),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

/// Idle connections by transport.
pub(crate) struct Agents {
    idle: RefCell<HashMap<String, Vec<Idle>>>,
    timeout: Duration,
}

struct Idle {
    client: Client<Delivery>,
    since: Instant,
}

impl Agents {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self {
            idle: RefCell::new(HashMap::new()),
            timeout,
        }
    }

    /// Have a request carried out.
    pub(crate) async fn deliver(
        &self,
        transport: &str,
        request: &Request,
        file: &File,
    ) -> Result<Report, AgentError> {
        while let Some(client) = self.take(transport) {
            match self.exchange(transport, client, request, file).await {
                Err(error) if error.is_closed() => {}
                outcome => return outcome.map_err(AgentError::Failed),
            }
        }
        let client = self.connect(transport).await?;
        self.exchange(transport, client, request, file)
            .await
            .map_err(AgentError::Failed)
    }

    /// Close connections that were not used for a while.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        for idle in self.idle.borrow_mut().values_mut() {
            idle.retain(|idle| now.duration_since(idle.since) < KEEP);
        }
    }

    /// The connection that was used last, so that those beyond the present need grow old.
    fn take(&self, transport: &str) -> Option<Client<Delivery>> {
        Some(self.idle.borrow_mut().get_mut(transport)?.pop()?.client)
    }

    async fn exchange(
        &self,
        transport: &str,
        mut client: Client<Delivery>,
        request: &Request,
        file: &File,
    ) -> Result<Report, Error> {
        client.send_with(request, file.as_fd()).await?;
        let report = client.receive().await?;
        let idle = Idle {
            client,
            since: Instant::now(),
        };
        let mut all = self.idle.borrow_mut();
        match all.get_mut(transport) {
            Some(kept) => kept.push(idle),
            None => {
                all.insert(transport.to_owned(), vec![idle]);
            }
        }
        Ok(report)
    }

    async fn connect(&self, transport: &str) -> Result<Client<Delivery>, AgentError> {
        let path = format!("private/{transport}");
        loop {
            match UnixStream::connect(&path).await {
                Ok(socket) => {
                    let mut connection = Connection::waiting(socket).map_err(AgentError::Absent)?;
                    connection
                        .set_timeout(self.timeout)
                        .map_err(AgentError::Failed)?;
                    return Ok(Client::over(connection));
                }
                Err(error) if is_busy(&error) => sleep(PAUSE).await,
                Err(error) => return Err(AgentError::Absent(error)),
            }
        }
    }
}

/// Whether there is a service, but no room at present, there or here.
fn is_busy(error: &io::Error) -> bool {
    use nix::errno::Errno::{EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM};
    let busy = [EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM];
    error
        .raw_os_error()
        .is_some_and(|number| busy.iter().any(|errno| *errno as i32 == number))
}
