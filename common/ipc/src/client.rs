//! The asking end of a conversation.

use std::marker::PhantomData;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

use crate::{CarriesDescriptor, Connection, Error, Protocol};

/// A connection to a server of one conversation.
pub struct Client<P> {
    connection: Connection,
    conversation: PhantomData<fn() -> P>,
}

impl<P: Protocol> Client<P> {
    /// Connect to a server's socket; `timeout` bounds each read and write.
    pub async fn connect(path: &Path, timeout: Duration) -> Result<Self, Error> {
        let connection = Connection::connect(path, timeout).await?;
        Ok(Self::over(connection))
    }

    /// Speak over a connection that is already there.
    #[must_use]
    pub fn over(mut connection: Connection) -> Self {
        connection.greet::<P>();
        Self {
            connection,
            conversation: PhantomData,
        }
    }

    /// Ask one thing and wait for its answer.
    pub async fn call(&mut self, request: &P::Request) -> Result<P::Reply, Error> {
        self.send(request).await?;
        self.receive().await
    }

    /// Ask without waiting; answers come in the order of the questions.
    pub async fn send(&mut self, request: &P::Request) -> Result<(), Error> {
        self.queue(request)?;
        self.connection.flush().await
    }

    /// Add a request to the next one that is sent, to save a system call.
    pub fn queue(&mut self, request: &P::Request) -> Result<(), Error> {
        maillog::verbose!(1, "send {} request: {}", P::NAME, P::shown_request(request));
        self.connection.queue(request, P::MAX_FRAME)
    }

    /// Wait for the next answer.
    pub async fn receive(&mut self) -> Result<P::Reply, Error> {
        let received = self.connection.receive::<P, P::Reply>(false).await?;
        let reply = received.ok_or(Error::Closed)?;
        maillog::verbose!(1, "receive {} reply: {}", P::NAME, P::shown_reply(&reply));
        Ok(reply)
    }
}

impl<P: CarriesDescriptor> Client<P> {
    /// Ask one thing about an open descriptor, without waiting for the answer.
    pub async fn send_with(
        &mut self,
        request: &P::Request,
        passed: BorrowedFd<'_>,
    ) -> Result<(), Error> {
        self.queue(request)?;
        self.connection.flush_with(passed).await
    }
}
