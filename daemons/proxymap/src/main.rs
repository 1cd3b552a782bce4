//! proxymap(8) - tables for programs that cannot or should not open them.
//!
//! As the service `proxymap`, answers lookups in the tables that `proxy_read_maps` lists with `proxy:` before their names; as the
//! service `proxywrite`, also changes those that `proxy_write_maps` lists so; and touches no other. A table is opened when it is first
//! asked for, or at the start when the daemon is put into a jail, and stays open for all clients.
//! Logs a warning for a table that is not approved and for each lookup or change that fails, and that it leaves because a
//! table's file was replaced.

mod approved;
mod tables;

use std::process::ExitCode;
use std::rc::Rc;

use config::params;
use ipc::Server;
use lookup::{Access, LookupError, OpenOptions, Table};
use records::proxymap::{Act, Answer, Entry, MAX_ENTRIES, Proxymap, Refusal, Reply, Request};
use service::{Client, Conversations, Fatal, Process, Start};
use sys::rights::{Borrowed, borrow_identity};

use approved::Approved;
use tables::Tables;

/// About how many bytes of entries are listed at once.
const LISTED_BYTES: usize = 64 * 1024;

fn main() -> ExitCode {
    service::conversations::<Daemon>()
}

struct Daemon {
    access: Access,
    approved: Approved,
    tables: Tables,
}

impl Conversations for Daemon {
    const NAME: &'static str = "proxymap";
    const SHARED: bool = true;

    fn open(start: &Start) -> Result<Self, Fatal> {
        let names: params::services::Sockets = start.settings.get()?;
        let parameters: params::tables::Proxymap = start.settings.get()?;
        let (access, list) = match start.service_name == names.proxywrite_service_name {
            true => (Access::Create, parameters.proxy_write_maps),
            false => (Access::Read, parameters.proxy_read_maps),
        };
        let approved = Approved::new(list.iter().map(String::as_str));
        let tables = Tables::new(OpenOptions {
            access,
            ..OpenOptions::from_settings(&start.settings)?
        });
        if start.jailed {
            let _owner = match access {
                Access::Read => None,
                // What is written by the mail system is made by it, too.
                Access::Change | Access::Create => Some(as_mail_owner(start)?),
            };
            approved.names().for_each(|name| tables.prepare(name));
        }
        Ok(Self {
            access,
            approved,
            tables,
        })
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
            if client.process.is_retiring() {
                // Its connection would be kept, and answered from the old table; it asks again elsewhere.
                return;
            }
        }
    }
}

impl Daemon {
    async fn answer(&self, request: &Request, process: &Process) -> Reply {
        if !self.approved.allows(&request.table) {
            self.tell_unapproved(&request.table);
            return Err(Refusal::Denied);
        }
        let table = self
            .tables
            .get(&request.table, request.fold, request.substitution);
        process.renew_after(|| table.changed().then(|| table.name()));
        let done = match &request.act {
            Act::Find { key } => table.find(key).await.map(found),
            Act::List { after } => match list(&table, after.as_deref()).await {
                Ok(None) => return Err(Refusal::Unable),
                Ok(Some(entries)) => Ok(entries),
                Err(error) => Err(error),
            },
            Act::Update { .. } | Act::Remove { .. } if self.access == Access::Read => {
                maillog::warning!("request to change table \"{}\" refused", request.table);
                return Err(Refusal::Bad);
            }
            Act::Update { key, value } => table.update(key, value).await.map(|()| Answer::Done),
            Act::Remove { key } => table.remove(key).await.map(|removed| match removed {
                true => Answer::Done,
                false => Answer::NotFound,
            }),
        };
        done.map_err(|error| self.failed(&request.act, &error))
    }

    fn tell_unapproved(&self, table: &str) {
        let (how, list) = match self.access {
            Access::Read => ("read-only", "proxy_read_maps"),
            Access::Change | Access::Create => ("read-write", "proxy_write_maps"),
        };
        maillog::warning!("request for unapproved table: \"{table}\"");
        maillog::warning!(
            "to approve this table for {how} access, list proxy:{table} in main.cf:{list}"
        );
    }

    /// What the client is told of a failure; lookups have logged theirs.
    fn failed(&self, act: &Act, error: &LookupError) -> Refusal {
        if !matches!(act, Act::Find { .. }) {
            maillog::warning!("{error}");
        }
        match error {
            LookupError::Unsupported { .. } => Refusal::Unable,
            LookupError::Unavailable { .. } | LookupError::Failed { .. } => Refusal::Retry,
        }
    }
}

fn as_mail_owner(start: &Start) -> Result<Borrowed, Fatal> {
    let owner = config::mail_owner(&start.settings)?;
    borrow_identity(owner.uid, owner.gid, &[owner.gid])
        .map_err(|error| Fatal::new(format!("become mail_owner: {}", sys::reason(&error))))
}

fn found(value: Option<Vec<u8>>) -> Answer {
    value.map_or(Answer::NotFound, Answer::Found)
}

/// Some of the entries; `None` of a table that cannot list them.
async fn list(table: &Table, after: Option<&[u8]>) -> Result<Option<Answer>, LookupError> {
    let entries = table.entries_after(after, LISTED_BYTES).await?;
    Ok(entries.map(|mut entries| {
        entries.truncate(MAX_ENTRIES);
        let entry = |(key, value)| Entry { key, value };
        let entries: Vec<Entry> = entries.into_iter().map(entry).collect();
        Answer::Entries(entries.try_into().unwrap_or_default())
    }))
}
