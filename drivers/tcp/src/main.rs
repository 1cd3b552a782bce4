//! tcp_table - the driver of `tcp:` tables, as tcp_table(5) describes them.
//!
//! The name of a table is the place of its server, and all that there is to configure. A server that cannot be reached, or hangs up, is
//! tried again for some seconds, as one that is being started anew; one that does not answer is not. Logs nothing by itself.

use std::cell::Cell;
use std::process::ExitCode;
use std::time::Duration;

use driver::{Exchange, Fault, Notes, Parameters, Servers, Table, Timing};
use tcp_table::Reply;

/// For connecting, a request and a reply, each.
const TIMEOUT: Duration = Duration::from_secs(100);
/// How often a server that is not there is tried.
const TRIES: u32 = 10;
/// How long to wait between.
const PAUSE: Duration = Duration::from_secs(1);
/// A connection that nobody uses is closed after a minute; so many lookups run at once.
const TIMING: Timing = Timing {
    idle: Duration::from_secs(60),
    lifetime: Duration::MAX,
    retry: Duration::from_secs(1),
    connections: 20,
};

fn main() -> ExitCode {
    driver::main::<Tcp>()
}

struct Tcp(Servers<Exchange>);

impl Table for Tcp {
    fn open(parameters: &Parameters, _: &mut Notes) -> Result<Self, String> {
        let server = format!("inet:{}", parameters.table());
        if !Exchange::is_server(&server) {
            return Err(parameters.bad("tcp:host:port is expected"));
        }
        Ok(Self(Servers::new("tcp", vec![server], TIMING)))
    }

    fn find(&self, key: &[u8], notes: &mut Notes) -> Result<Option<Vec<u8>>, String> {
        let request = tcp_table::request(key);
        let mut tries = 0;
        loop {
            tries += 1;
            // Whether the server was not there, which is the one reason to try again.
            let absent = Cell::new(false);
            let connect = |server: &str| {
                let exchange = Exchange::connect(server, TIMEOUT);
                absent.set(exchange.is_err());
                exchange
            };
            let ask = |exchange: &mut Exchange| {
                let reply = exchange.ask(&request, |reader| tcp_table::read_reply(reader));
                absent.set(matches!(reply, Err(Fault::Lost(_))));
                match reply? {
                    Reply::Found(value) => Ok(Some(value)),
                    Reply::NotFound => Ok(None),
                    Reply::Failed(reason) => Err(Fault::Refused(reason)),
                }
            };
            match self.0.run(notes, connect, ask) {
                Err(_) if absent.get() && tries < TRIES => std::thread::sleep(PAUSE),
                result => return result,
            }
        }
    }

    fn tidy(&self) {
        self.0.tidy();
    }
}
