//! memcache_table - the driver of `memcache:` tables, as memcache_table(5) describes them.
//!
//! Asks one server, and sets what it is told to set; beside what the manual has there are `idle_interval` and `max_connections`. The `backup` table and the `domain` list are the opener's business. A key that
//! memcache cannot hold, because of its length or of what is in it, is never there. Logs nothing by itself.

use std::cell::Cell;
use std::process::ExitCode;
use std::time::Duration;

use driver::{Fault, Notes, Parameters, Servers, Table, Template, Timing};
use memcache_table::{Limits, Session};
use openssl::hash::{MessageDigest, hash};

fn main() -> ExitCode {
    driver::main::<Memcache>()
}

struct Memcache {
    name: String,
    key_format: Template,
    /// What keys are replaced by, so that none is too long.
    key_digest: Option<MessageDigest>,
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
            key_digest: digest(parameters)?,
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

/// The digest that `key_digest` names, as OpenSSL names it.
fn digest(parameters: &Parameters) -> Result<Option<MessageDigest>, String> {
    let Some(name) = parameters.filled("key_digest") else {
        return Ok(None);
    };
    let digest = MessageDigest::from_name(name)
        .ok_or_else(|| parameters.bad(format_args!("key_digest = {name}: no such digest")))?;
    // Some have a name but are not provided any more.
    hash(digest, b"")
        .map_err(|error| parameters.bad(format_args!("key_digest = {name}: {error}")))?;
    Ok(Some(digest))
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    let digits = bytes
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes());
    digits.collect()
}

impl Memcache {
    /// What the server calls a key; `None` for one that it cannot have.
    fn key(&self, key: &[u8]) -> Option<Vec<u8>> {
        let key = self
            .key_format
            .query(key, |part, key| key.extend_from_slice(part))?;
        let key = match self.key_digest {
            Some(kind) => hexadecimal(&hash(kind, &key).ok()?),
            None => key,
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn open(pairs: &[(&str, &str)]) -> Result<Memcache, String> {
        let pairs = pairs.iter();
        let pairs = pairs.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Memcache::open(&Parameters::new("t", pairs), &mut Notes::default())
    }

    #[test]
    fn a_digest_stands_for_keys_of_any_length() {
        let table = open(&[("key_format", "a:%s"), ("key_digest", "sha256")]).unwrap();
        let key = |key: &str| String::from_utf8(table.key(key.as_bytes()).unwrap()).unwrap();
        assert_eq!(
            key("b"),
            "6783a31eabf68ccc0660f935c0826282bdd2241f3a80a9f2d10d59aea9ebb5d8"
        );
        assert_eq!(key(&"long ".repeat(100)).len(), 64);
        let plain = open(&[("key_format", "a:%s")]).unwrap();
        assert_eq!(plain.key(b"b"), Some(b"a:b".to_vec()));
        assert_eq!(plain.key(&[b'x'; 300]), None);
    }

    #[test]
    fn an_unknown_digest_is_a_mistake() {
        let failed = open(&[("key_digest", "sha257")]).err();
        assert_eq!(
            failed.as_deref(),
            Some("t: key_digest = sha257: no such digest")
        );
    }
}
