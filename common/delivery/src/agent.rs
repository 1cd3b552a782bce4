//! Agents: what a delivery daemon is, on the skeleton of `service`.

use std::future::Future;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::rc::Rc;

use ipc::{Connection, Error, Server};
use records::delivery::Delivery as Conversation;
use service::{Client, Conversations, Fatal, Start, Turn, Worker};

use crate::delivery::Delivery;
use crate::reporter::{Config, Reporter};

/// A delivery agent that serves many requests at once.
pub trait Agent: Sized + 'static {
    /// The program's name.
    const NAME: &'static str;

    /// Still with rights and outside the jail: read parameters, open what the jail will hide.
    fn open(start: &Start) -> Result<Self, Fatal>;

    /// Jailed and without rights: deliver, and report each recipient.
    fn deliver(self: Rc<Self>, delivery: &Delivery<'_>) -> impl Future<Output = ()>;

    /// Work beside the requests, for as long as the process lives.
    fn background(self: Rc<Self>) -> impl Future<Output = ()> {
        std::future::ready(())
    }

    /// The first table whose file was replaced since it was opened, as `type:name`: the process leaves then.
    fn changed(&self) -> Option<&str> {
        None
    }
}

/// A delivery agent that takes on users' identities, and so serves one request after another in blocking code.
///
/// Run async calls, such as those of [`Delivery`], by [`ipc::now`].
pub trait WorkerAgent: Sized {
    /// The program's name.
    const NAME: &'static str;

    /// Read parameters, open what is needed.
    fn open(start: &Start) -> Result<Self, Fatal>;

    /// Deliver, and report each recipient.
    fn deliver(&mut self, delivery: &Delivery<'_>);

    /// The first table whose file was replaced since it was opened, as `type:name`: the process leaves then.
    fn changed(&self) -> Option<&str> {
        None
    }
}

/// Be an agent; the whole of its `main`.
#[must_use]
pub fn run<A: Agent>() -> ExitCode {
    service::conversations::<Served<A>>()
}

/// Be an agent that takes on identities; the whole of its `main`.
#[must_use]
pub fn run_worker<A: WorkerAgent>() -> ExitCode {
    service::worker::<Employed<A>>()
}

struct Served<A> {
    agent: Rc<A>,
    reporter: Reporter,
}

impl<A: Agent> Conversations for Served<A> {
    const NAME: &'static str = A::NAME;

    fn open(start: &Start) -> Result<Self, Fatal> {
        Ok(Self {
            reporter: Reporter::new(Config::load(&start.settings)?),
            agent: Rc::new(A::open(start)?),
        })
    }

    async fn converse(self: Rc<Self>, client: &mut Client) {
        let Some(connection) = client.connection() else {
            return;
        };
        let mut server = Server::<Conversation>::over(connection);
        let ended = async {
            while let Some((request, file)) = server.receive_with().await? {
                client.place.resume().await;
                let delivery = Delivery::new(request, file.into(), &self.reporter);
                Rc::clone(&self.agent).deliver(&delivery).await;
                server.reply(&delivery.finish()).await?;
                client.place.rest();
                client.process.renew_after(|| self.agent.changed());
            }
            Ok(())
        };
        complain(ended.await);
    }

    fn background(self: Rc<Self>) -> impl Future<Output = ()> {
        Rc::clone(&self.agent).background()
    }
}

struct Employed<A> {
    agent: A,
    reporter: Reporter,
}

impl<A: WorkerAgent> Worker for Employed<A> {
    const NAME: &'static str = A::NAME;

    fn open(start: &Start) -> Result<Self, Fatal> {
        Ok(Self {
            reporter: Reporter::new(Config::load(&start.settings)?),
            agent: A::open(start)?,
        })
    }

    fn serve(&mut self, client: UnixStream, turn: Turn<'_>) {
        complain(self.work(client, turn));
    }

    fn changed(&self) -> Option<&str> {
        self.agent.changed()
    }
}

impl<A: WorkerAgent> Employed<A> {
    fn work(&mut self, client: UnixStream, turn: Turn<'_>) -> Result<(), Error> {
        let mut server = Server::<Conversation>::over(Connection::blocking(client)?);
        while let Some((request, file)) = ipc::now(server.receive_with())? {
            let delivery = Delivery::new(request, file.into(), &self.reporter);
            self.agent.deliver(&delivery);
            ipc::now(server.reply(&delivery.finish()))?;
            // Asked again after the wait: qmgr(8) repeats a request that was not read elsewhere.
            let out_of_date = || self.agent.changed().is_some();
            if out_of_date() || !turn.lasts(server.as_fd()) || out_of_date() {
                break;
            }
        }
        Ok(())
    }
}

fn complain(ended: Result<(), Error>) {
    match ended {
        Err(error) if !error.is_closed() => maillog::warning!("delivery request: {error}"),
        _ => {}
    }
}
