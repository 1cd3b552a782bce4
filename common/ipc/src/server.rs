//! The answering end of a conversation.

use std::marker::PhantomData;
use std::os::fd::{BorrowedFd, OwnedFd};

use sys::peer::Peer;

use crate::{CarriesDescriptor, Connection, Error, Protocol};

/// Answers of more than so many bytes do not wait.
const MOST_QUEUED: usize = 64 * 1024;

/// A connection from a client of one conversation.
pub struct Server<P> {
    connection: Connection,
    conversation: PhantomData<fn() -> P>,
}

impl<P: Protocol> Server<P> {
    /// Serve a connection.
    #[must_use]
    pub fn over(mut connection: Connection) -> Self {
        connection.greet::<P>();
        Self {
            connection,
            conversation: PhantomData,
        }
    }

    /// The next request; `None` when the client is done.
    pub async fn receive(&mut self) -> Result<Option<P::Request>, Error> {
        self.next(false).await
    }

    /// Answer a request.
    pub async fn reply(&mut self, reply: &P::Reply) -> Result<(), Error> {
        maillog::verbose!(1, "send {} reply: {}", P::NAME, P::shown_reply(reply));
        self.connection.queue(reply, P::MAX_FRAME)?;
        self.connection.flush().await
    }

    /// Answer a request; the answer may wait for those to the requests that have arrived too, to save system calls.
    pub async fn reply_in_turn(&mut self, reply: &P::Reply) -> Result<(), Error> {
        maillog::verbose!(1, "send {} reply: {}", P::NAME, P::shown_reply(reply));
        self.connection.queue(reply, P::MAX_FRAME)?;
        if self.connection.has_message(P::MAX_FRAME) && self.connection.queued() < MOST_QUEUED {
            return Ok(());
        }
        self.connection.flush().await
    }

    async fn next(&mut self, carries: bool) -> Result<Option<P::Request>, Error> {
        let request = self.connection.receive::<P, P::Request>(carries).await?;
        if let Some(request) = &request {
            let shown = || P::shown_request(request);
            maillog::verbose!(1, "receive {} request: {}", P::NAME, shown());
        }
        Ok(request)
    }

    /// The socket, to wait on.
    #[must_use]
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }

    /// The process that asks.
    pub fn peer(&self) -> Result<Peer, Error> {
        self.connection.peer()
    }
}

impl<P: CarriesDescriptor> Server<P> {
    /// The next request and its descriptor; a request without one is malformed.
    pub async fn receive_with(&mut self) -> Result<Option<(P::Request, OwnedFd)>, Error> {
        let Some(request) = self.next(true).await? else {
            return Ok(None);
        };
        match self.connection.take_descriptor() {
            Some(descriptor) => Ok(Some((request, descriptor))),
            None => Err(Error::Malformed("a request without its descriptor")),
        }
    }
}
