//! proxymap(8) - look things up in tables for programs that cannot or should not open them.
//!
//! Answers lookups in the tables that `proxy_read_maps` lists with `proxy:` before their names, and in no other. A table
//! is opened when it is first asked for, or at the start when the daemon is put into a jail, and stays open for all
//! clients. Never changes a table. Logs a warning for a table that is not approved and for each lookup that fails, and
//! that it leaves because a table's file was replaced.

mod approved;
mod tables;

use std::process::ExitCode;
use std::rc::Rc;

use config::params;
use ipc::Server;
use lookup::OpenOptions;
use records::proxymap::{Proxymap, Reply, Request};
use service::{Client, Conversations, Fatal, Process, Start};

use approved::Approved;
use tables::Tables;

fn main() -> ExitCode {
    service::conversations::<Daemon>()
}

struct Daemon {
    approved: Approved,
    tables: Tables,
}

impl Conversations for Daemon {
    const NAME: &'static str = "proxymap";
    const SHARED: bool = true;

    fn open(start: &Start) -> Result<Self, Fatal> {
        let parameters: params::tables::Proxymap = start.settings.get()?;
        let approved = Approved::new(parameters.proxy_read_maps.iter().map(String::as_str));
        let tables = Tables::new(OpenOptions::from_settings(&start.settings)?);
        if start.jailed {
            approved.names().for_each(|name| tables.prepare(name));
        }
        Ok(Self { approved, tables })
    }

    async fn converse(self: Rc<Self>, client: &mut Client) {
        let Some(connection) = client.connection() else {
            return;
        };
        let mut server = Server::<Proxymap>::over(connection);
        loop {
            let request = match server.receive().await {
                Ok(Some(request)) => request,
                Ok(None) => return,
                Err(error) => return maillog::warning!("client: {error}"),
            };
            let reply = self.answer(&request, &client.process).await;
            if server.reply(&reply).await.is_err() {
                // The client is gone; it asks again if it still wants to know.
                return;
            }
        }
    }
}

impl Daemon {
    async fn answer(&self, request: &Request, process: &Process) -> Reply {
        if !self.approved.allows(&request.table) {
            let table = &request.table;
            maillog::warning!("request for unapproved table: \"{table}\"");
            maillog::warning!(
                "to approve this table for read-only access, list proxy:{table} in main.cf:proxy_read_maps"
            );
            return Reply::Denied;
        }
        let table = self.tables.get(&request.table, request.fold);
        if table.changed() && !process.is_retiring() {
            maillog::info!("table {} has changed -- restarting", table.name());
            process.retire();
        }
        match table.find(&request.key).await {
            Ok(Some(value)) => Reply::Found(value),
            Ok(None) => Reply::NotFound,
            Err(_) => Reply::Retry,
        }
    }
}
