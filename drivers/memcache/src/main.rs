//! memcache_table - the driver of `memcache:` tables, as memcache_table(5) describes them.
//!
//! Asks one server, and sets what it is told to set. The `backup` table and the `domain` list are the opener's business. A key that
//! memcache cannot hold, because of its length or of what is in it, is never there. Logs nothing by itself.

use std::cell::Cell;
use std::process::ExitCode;
use std::time::Duration;

use driver::{Fault, Notes, Parameters, Servers, Table, Template, Timing};
use memcache_table::{Limits, Session};

fn main() -> ExitCode {
    driver::main::<Memcache>()
}

struct Memcache {
    name: String,
    key_format: Template,
    server: Servers<Session>,
    flags: u32,
    ttl: u64,
    limits: Limits,
    max_try: u64,
    retry_pause: Duration,
}

impl Table for Memcache {
    fn open(parameters: &Parameters, _: &mut Notes) -> Result<Self, String> {
        let format = parameters.text("key_format", "%s");
        let seconds = |name, default, least| {
            let number = parameters.number(name, default, least..=86400)?;
            Ok::<_, String>(Duration::from_secs(number))
        };
        let number = |name, default, least| parameters.number(name, default, least..=1 << 30);
        let limits = Limits {
            line: usize::try_from(number("line_size_limit", 1024, 1)?).unwrap_or(1024),
            data: usize::try_from(number("data_size_limit", 10240, 1)?).unwrap_or(10240),
            timeout: seconds("timeout", 2, 1)?,
        };
        let server = parameters.text("memcache", "inet:localhost:11211");
        Ok(Self {
            name: parameters.table().to_owned(),
            key_format: parameters.template("key_format", format)?,
            server: Servers::new(
                "memcache",
                vec![server.to_owned()],
                Timing::new(parameters)?,
            ),
            flags: u32::try_from(parameters.number("flags", 0, 0..=u64::from(u32::MAX))?)
                .unwrap_or(0),
            ttl: number("ttl", 3600, 0)?,
            limits,
            max_try: number("max_try", 2, 1)?,
            retry_pause: seconds("retry_pause", 1, 0)?,
        })
    }

    fn find(&self, key: &[u8], notes: &mut Notes) -> Result<Option<Vec<u8>>, String> {
        match self.key(key) {
            Some(key) => self.run(notes, |session| session.get(&key)),
            None => Ok(None),
        }
    }

    fn update(&self, key: &[u8], value: &[u8], notes: &mut Notes) -> Result<(), String> {
        match self.key(key) {
            Some(key) => self.run(notes, |session| {
                session.set(&key, value, self.flags, self.ttl)
            }),
            None => {
                let key = String::from_utf8_lossy(key);
                notes.add(format!("{}: key \"{key}\" cannot be kept there", self.name));
                Ok(())
            }
        }
    }

    fn remove(&self, key: &[u8], notes: &mut Notes) -> Result<bool, String> {
        match self.key(key) {
            Some(key) => self.run(notes, |session| session.delete(&key)),
            None => Ok(false),
        }
    }

    fn tidy(&self) {
        self.server.tidy();
    }
}

impl Memcache {
    /// What the server calls a key; `None` for one that it cannot have.
    fn key(&self, key: &[u8]) -> Option<Vec<u8>> {
        let key = self
            .key_format
            .query(key, |part, key| key.extend_from_slice(part))?;
        memcache_table::is_key(&key).then_some(key)
    }

    /// Do something at the server, as often as `max_try` says; but a server that is not there is not there.
    fn run<R>(
        &self,
        notes: &mut Notes,
        mut work: impl FnMut(&mut Session) -> Result<R, Fault>,
    ) -> Result<R, String> {
        let absent = Cell::new(false);
        let mut tries = 0;
        loop {
            tries += 1;
            let connect = |server: &str| {
                let session = Session::connect(server, self.limits);
                absent.set(session.is_err());
                session
            };
            match self.server.run(notes, connect, &mut work) {
                Ok(result) => return Ok(result),
                Err(reason) if absent.get() || tries >= self.max_try => {
                    return Err(format!("{}: {reason}", self.name));
                }
                Err(_) => std::thread::sleep(self.retry_pause),
            }
        }
    }
}
