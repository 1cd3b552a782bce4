//! The daemon: its tables, its clients, one letter after another on each connection.

use std::cell::RefCell;
use std::rc::Rc;

use config::params;
use ipc::{Server, Signal};
use queue::{Folder, IdForm, Layout, NewFile};
use records::bounce::Bouncer;
use records::cleanup::{Cleanup as Protocol, Flags, Outcome, Reply, Request, Status};
use service::{Client, Conversations, Fatal, Start};

use crate::config::{Config, Tables};
use crate::flow::InFlow;
use crate::letter::Letter;

/// What all letters share.
pub(crate) struct Cleanup {
    pub(crate) config: Config,
    pub(crate) tables: Tables,
    pub(crate) layout: Layout,
    pub(crate) queue_manager: RefCell<Signal>,
    pub(crate) reporter: delivery::Reporter,
    pub(crate) bouncer: Bouncer,
    pub(crate) flow: Option<InFlow>,
}

impl Conversations for Cleanup {
    const NAME: &'static str = "cleanup";

    fn open(start: &Start) -> Result<Self, Fatal> {
        let settings = &start.settings;
        let folders: params::queue::Folders = settings.get()?;
        let times: params::qmgr::Times = settings.get()?;
        let sockets: params::services::Sockets = settings.get()?;
        let ipc: params::core::Ipc = settings.get()?;
        let names = folders.hash_queue_names.iter().map(String::as_str);
        Ok(Self {
            config: Config::load(settings)?,
            tables: Tables::open(settings)?,
            layout: Layout::new(names, folders.hash_queue_depth),
            queue_manager: RefCell::new(Signal::new(format!(
                "public/{}",
                sockets.queue_service_name
            ))),
            reporter: delivery::Reporter::new(delivery::Config::load(settings)?),
            bouncer: Bouncer::new(
                format!("private/{}", sockets.bounce_service_name),
                ipc.ipc_timeout,
            ),
            flow: InFlow::new(start.flow.as_ref(), times.in_flow_delay)
                .map_err(|error| Fatal::io("in-flow pipe", &error))?,
        })
    }

    async fn converse(self: Rc<Self>, client: &mut Client) {
        let Some(connection) = client.connection() else {
            return;
        };
        let mut server = Server::<Protocol>::over(connection);
        loop {
            match self.letters(&mut server).await {
                Ok(true) => {
                    client.process.renew_after(|| self.tables.changed());
                    if client.process.is_retiring() {
                        // Its connection would be kept, and served from old tables; its next letter goes elsewhere.
                        return;
                    }
                }
                Ok(false) => return,
                Err(error) => {
                    maillog::warning!("conversation with a client: {error}");
                    return;
                }
            }
        }
    }
}

impl Cleanup {
    /// One letter; false when the client has no more.
    async fn letters(&self, server: &mut Server<Protocol>) -> Result<bool, ipc::Error> {
        let Some(request) = server.receive().await? else {
            return Ok(false);
        };
        let Request::Open(flags) = request else {
            // The rest of a letter that was refused at once.
            if request == Request::End {
                server.reply(&Reply::Ended(refusal(Status::Write))).await?;
            }
            return Ok(true);
        };
        let mut letter = match self.open_letter(flags).await {
            Ok(letter) => letter,
            Err(outcome) => {
                server.reply(&Reply::Refused(outcome)).await?;
                return Ok(true);
            }
        };
        let id = letter.file.id().clone();
        if let Err(error) = server.reply(&Reply::Opened(id)).await {
            letter.abandon();
            return Err(error);
        }
        loop {
            match server.receive().await {
                Ok(Some(Request::Records(block))) => letter.block(&block).await,
                Ok(Some(Request::End)) => {
                    let outcome = letter.finish().await;
                    server.reply(&Reply::Ended(outcome)).await?;
                    return Ok(true);
                }
                Ok(Some(Request::Open(_))) => {
                    letter.abandon();
                    return Err(ipc::Error::Malformed("a letter within a letter"));
                }
                Ok(None) => {
                    letter.abandon();
                    return Ok(false);
                }
                Err(error) => {
                    letter.abandon();
                    return Err(error);
                }
            }
        }
    }

    async fn open_letter(&self, flags: Flags) -> Result<Letter<'_>, Outcome> {
        if let Some(flow) = &self.flow {
            flow.take().await;
        }
        let form = if self.config.enable_long_queue_ids {
            IdForm::Long
        } else {
            IdForm::Short
        };
        let made = NewFile::create(&self.layout, Folder::Incoming, form)
            .and_then(|mut file| file.put_size().map(|()| file));
        match made {
            Ok(file) => Ok(Letter::new(self, flags, file)),
            Err(error) => {
                maillog::warning!("create queue file in incoming: {}", sys::reason(&error));
                Err(refusal(Status::Write))
            }
        }
    }
}

const fn refusal(status: Status) -> Outcome {
    Outcome {
        status,
        reason: Vec::new(),
    }
}
