//! socketmap_table - the driver of `socketmap:` tables, as socketmap_table(5) describes them.
//!
//! The name of a table is the place of its server and the name of a map there; the maps of a server are asked for over the same
//! connections. Takes the limits of main.cf as parameters. Logs nothing by itself.

mod place;

use std::cell::Cell;
use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use driver::{Exchange, Fault, Notes, Parameters, Servers, Table, Timing};
use place::Place;
use socketmap_table::Reply;

/// For connecting, a request and a reply, each.
const TIMEOUT: Duration = Duration::from_secs(100);
/// A server that hangs up without a word may be starting anew.
const TRIES: u32 = 2;
/// A connection is closed when nobody used it for a while, and when it is old; so many lookups run at once.
const TIMING: Timing = Timing {
    idle: Duration::from_secs(10),
    lifetime: Duration::from_secs(100),
    retry: Duration::from_secs(1),
    connections: 20,
};

/// The servers of all tables that are open in this process.
static SERVERS: Mutex<Option<HashMap<String, Arc<Servers<Exchange>>>>> = Mutex::new(None);

fn main() -> ExitCode {
    driver::main::<Socketmap>()
}

struct Socketmap {
    name: String,
    place: Place,
    servers: Arc<Servers<Exchange>>,
    max_query_size: usize,
    max_reply_size: usize,
}

impl Table for Socketmap {
    fn open(parameters: &Parameters, _: &mut Notes) -> Result<Self, String> {
        let queue_directory = parameters.text("queue_directory", "");
        let place = Place::parse(parameters.table(), queue_directory)
            .ok_or_else(|| parameters.bad("inet:host:port:name or unix:path:name is expected"))?;
        let size = |name, default| {
            let size = parameters.number(name, default, 1..=u64::from(u32::MAX))?;
            Ok::<_, String>(usize::try_from(size).unwrap_or(usize::MAX))
        };
        Ok(Self {
            name: parameters.table().to_owned(),
            servers: servers(&place.server),
            place,
            max_query_size: size("max_query_size", 10_000)?,
            max_reply_size: size("max_reply_size", 100_000)?,
        })
    }

    fn find(&self, key: &[u8], notes: &mut Notes) -> Result<Option<Vec<u8>>, String> {
        if key.len() > self.max_query_size {
            notes.add(format!(
                "socketmap:{}: a key of {} bytes is not asked for: it is longer than socketmap_max_query_size",
                self.name,
                key.len()
            ));
            return Ok(None);
        }
        let request = socketmap_table::request(&self.place.map, key);
        let mut tries = 0;
        loop {
            tries += 1;
            let lost = Cell::new(false);
            let connect = |server: &str| {
                lost.set(false);
                self.place.connect(server, TIMEOUT)
            };
            let ask = |exchange: &mut Exchange| {
                let limit = self.max_reply_size;
                let reply = exchange.ask(&request, |reader| {
                    socketmap_table::read_reply(reader, limit)
                });
                lost.set(matches!(reply, Err(Fault::Lost(_))));
                match reply? {
                    Reply::Found(value) => Ok(Some(value)),
                    Reply::NotFound => Ok(None),
                    Reply::Failed(reason) => Err(Fault::Refused(reason)),
                }
            };
            match self.servers.run(notes, connect, ask) {
                Err(_) if lost.get() && tries < TRIES => {}
                result => return result,
            }
        }
    }

    fn tidy(&self) {
        self.servers.tidy();
    }
}

/// The connections to a server, which its maps share.
fn servers(server: &str) -> Arc<Servers<Exchange>> {
    let mut all = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = all.get_or_insert_default().entry(server.to_owned());
    let servers = known
        .or_insert_with(|| Arc::new(Servers::new("socketmap", vec![server.to_owned()], TIMING)));
    Arc::clone(servers)
}
