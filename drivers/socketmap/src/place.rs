//! Where a table is: `inet:host:port:name` or `unix:path:name`.
//!
//! A relative path is below the folder in which the opener was, which is the queue directory in daemons. An absolute path that is not
//! there is sought below the queue directory, too: a server for jailed daemons names its socket as these see it.

use std::path::Path;
use std::time::Duration;

use driver::Exchange;

/// A server, and a map in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// `inet:host:port` or `unix:path`.
    pub(crate) server: String,
    /// What the server calls the map.
    pub(crate) map: String,
    /// Where the server's socket is for those who are not in a jail, if it is nowhere else.
    jailed: Option<String>,
}

impl Place {
    /// Read the name of a table.
    pub(crate) fn parse(name: &str, queue_directory: &str) -> Option<Self> {
        let (server, map) = name.rsplit_once(':')?;
        if !Exchange::is_server(server) {
            return None;
        }
        let path = server.strip_prefix("unix:/");
        let jailed = path.filter(|_| queue_directory.starts_with('/'));
        Some(Self {
            server: server.to_owned(),
            map: map.to_owned(),
            jailed: jailed.map(|path| format!("{}/{path}", queue_directory.trim_end_matches('/'))),
        })
    }

    /// Connect to the server.
    pub(crate) fn connect(&self, server: &str, limit: Duration) -> Result<Exchange, String> {
        let path = server.strip_prefix("unix:").map(Path::new);
        match &self.jailed {
            Some(jailed)
                if path.is_some_and(|path| !path.exists()) && Path::new(jailed).exists() =>
            {
                Exchange::connect(&format!("unix:{jailed}"), limit)
            }
            _ => Exchange::connect(server, limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_maps() {
        for (name, server, map) in [
            ("inet:host:17:srs", "inet:host:17", "srs"),
            ("inet:[::1]:smtp:a b", "inet:[::1]:smtp", "a b"),
            ("inet:17:srs", "inet:17", "srs"),
            ("unix:rel/s:srs", "unix:rel/s", "srs"),
            ("unix:/a:b:srs", "unix:/a:b", "srs"),
        ] {
            let place = Place::parse(name, "").unwrap();
            assert_eq!((place.server.as_str(), place.map.as_str()), (server, map));
        }
        for name in [
            "x",
            "host:17:srs",
            "unix::srs",
            "unix:/a",
            "inet:host:17",
            "tcp:a:1:b",
        ] {
            assert_eq!(Place::parse(name, ""), None, "{name}");
        }
    }

    #[test]
    fn sockets_of_jailed_daemons() {
        let jailed = |name| Place::parse(name, "/queue/").unwrap().jailed;
        assert_eq!(jailed("unix:/srs/s:m").as_deref(), Some("/queue/srs/s"));
        assert_eq!(jailed("unix:srs:m"), None);
        assert_eq!(jailed("inet:17:m"), None);
    }
}
